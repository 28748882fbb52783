"""What a request meets that is nobody's fault, as a calm page that says what to do.

Postgres or Valkey is away: the request may be sent again. The session was ended on another device
while the request was under way: sign in again. Django answers both with a bare 400 where it finds
out when it saves the session.
"""

from __future__ import annotations

import logging
import sys

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.views.defaults import bad_request as unreadable
from django.views.defaults import server_error as broken
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from spotsite import bodies
from spotsite.headers import GetResponse

RETRY_SECONDS = 10
DATABASE = (OperationalError, InterfaceError)
BROKER = (RedisError, BrokerError)
_UNSAVED = (UpdateError, SessionInterrupted)
_LOGGED = "spotsite.outage_logged"
_JSON = (".json", "/healthz")

log = logging.getLogger(__name__)


class OutageMiddleware:
    """Answers what a view could not do without Postgres or Valkey."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what no view caught; sessions and other middleware fail here, not in a view.

    Django turns what a middleware raises into a call of this, before another middleware sees it.
    """
    return answer(request, sys.exc_info()[1]) or broken(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django calls a bad request; some of it is none, or has words of its own."""
    if isinstance(exception, RequestDataTooBig):
        bodies.drain(request)
        return _calm(request, {"error": "too_big"}, page="413.html", status=413)
    return answer(request, exception) or unreadable(request, exception)


def answer(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """Return the answer to an outage or to the end of a session, None where it is neither."""
    if exception is None:
        return None
    if isinstance(exception, _UNSAVED):
        fault = _fault_of_the_store(exception)
        return _away(request, fault, "database") if fault else _signed_out(request)
    missing = _missing(exception)
    return _away(request, exception, missing) if missing else None


def _away(request: HttpRequest, exception: BaseException, missing: str) -> HttpResponse:
    if not request.META.get(_LOGGED):  # the session may fail after the view has failed
        request.META[_LOGGED] = True
        log.error("the %s is away: %s", missing, type(exception).__name__)
    response = _calm(request, {"missing": missing}, page="503.html", status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _signed_out(request: HttpRequest) -> HttpResponse:
    log.info("a session was ended while a request was under way")
    response = _calm(request, {"error": "signed_out"}, page="session_ended.html", status=409)
    response.delete_cookie(
        settings.SESSION_COOKIE_NAME,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        samesite="Lax",
    )
    return response


def _calm(request: HttpRequest, facts: dict[str, str], *, page: str, status: int) -> HttpResponse:
    response: HttpResponse
    if request.path.endswith(_JSON) or not request.accepts("text/html"):
        response = JsonResponse({"ok": False, **facts}, status=status)
    else:
        # Without the request: nothing in it may ask the database who this is.
        response = HttpResponse(render_to_string(page), status=status)
    add_never_cache_headers(response)
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log: once is enough
    return response


def _missing(exception: BaseException) -> str:
    if isinstance(exception, DATABASE):
        return "database"
    return "broker" if isinstance(exception, BROKER) else ""


def _fault_of_the_store(exception: BaseException) -> Error | None:
    """Return why a session could not be saved, None where its row was gone.

    Django raises ``UpdateError`` for both; that the row was gone is a bare DatabaseError.
    """
    causes = [exception.__context__, getattr(exception.__context__, "__context__", None)]
    faults = (one for one in causes if isinstance(one, Error) and type(one) is not DatabaseError)
    return next(faults, None)
