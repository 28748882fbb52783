"""Postgres or Valkey is away: a calm page that says so, and the request may be sent again."""

from __future__ import annotations

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.views.defaults import server_error as broken
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from spotsite.headers import GetResponse

RETRY_SECONDS = 10
DATABASE = (OperationalError, InterfaceError)
BROKER = (RedisError, BrokerError)
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


def answer(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """Return the answer to an outage, or None where the exception is none."""
    missing = _missing(exception)
    if not missing or exception is None:
        return None
    if not request.META.get(_LOGGED):  # the session may fail after the view has failed
        request.META[_LOGGED] = True
        log.error("the %s is away: %s", missing, type(exception).__name__)
    response: HttpResponse
    if request.path.endswith(_JSON) or not request.accepts("text/html"):
        response = JsonResponse({"ok": False, "missing": missing}, status=503)
    else:
        # Without the request: nothing in it may ask the database who this is.
        response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log: once is enough
    return response


def _missing(exception: BaseException | None) -> str:
    if isinstance(exception, DATABASE):
        return "database"
    return "broker" if isinstance(exception, BROKER) else ""
