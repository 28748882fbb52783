"""A watch over every place where a token could come to rest, or pass by.

Tables (sessions decoded, without our key and with it), every parameter of every statement, Valkey,
log records at DEBUG as they were made and as they are written, mails, pages with their headers and
cookies, staff's pages, error reports, and the addresses that the provider was asked for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import mail
from django.core.signals import got_request_exception
from django.db import connection
from django.db.models import Model
from django.http import HttpResponse
from django.views.debug import get_exception_reporter_class

from simulator.control_client import Control
from spotsite import staff
from spotsite.logs import RedactingFormatter
from tests.canary.unfolding import unfold
from tests.visitor import Visitor

MARKER = "Canary7Marker"


class Browser(Visitor):
    """A visitor whose every page is kept."""

    def __init__(self, sim: Control, pages: list[HttpResponse], **kwargs: Any) -> None:
        super().__init__(sim, **kwargs)
        self.pages = pages

    def request(self, **request: Any) -> HttpResponse:
        answer = super().request(**request)
        self.pages.append(answer)
        return answer


class Ear(logging.Handler):
    """Keeps every record as it was made, and the line that our own handler writes of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[Any] = []
        own = [one.formatter for one in logging.getLogger().handlers]
        self.line = next(one for one in own if isinstance(one, RedactingFormatter))

    def emit(self, record: logging.LogRecord) -> None:
        # A record of Django carries the request: by its protocol the address holds the code.
        shown = {"request", "exc_info", "args"}
        kept = {name: str(value) for name, value in vars(record).items() if name not in shown}
        self.said += [record.getMessage(), kept]
        self.said.append(self.line.format(record))
        if record.exc_info:
            self.said.append(logging.Formatter().formatException(record.exc_info))


class Watch:
    """Records while it is open; ``findings`` then says where the marker was."""

    def __init__(self, sim: Control) -> None:
        self.sim = sim
        self.pages: list[HttpResponse] = []
        self.parameters: list[Any] = []
        self.reports: list[str] = []
        self.ear = Ear()

    def browser(self, **kwargs: Any) -> Browser:
        return Browser(self.sim, self.pages, **kwargs)

    @contextmanager
    def open(self) -> Iterator[None]:
        loggers = [logging.getLogger(), *_named_loggers()]
        levels = [one.level for one in loggers]
        for one in loggers:
            one.setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self.ear)
        got_request_exception.connect(self._report, weak=False)
        self.sim.switch(token_marker=MARKER)
        self.sim.clear_log()
        try:
            with connection.execute_wrapper(self._execute):
                yield
        finally:
            got_request_exception.disconnect(self._report)
            logging.getLogger().removeHandler(self.ear)
            for one, level in zip(loggers, levels, strict=True):
                one.setLevel(level)

    def findings(self) -> set[str]:
        """Return the places that showed the marker, by name."""
        return {place for place, value in self._places() if _shows(value)}

    def _places(self) -> Iterator[tuple[str, Any]]:
        for model in apps.get_models(include_auto_created=True):
            yield f"table {model._meta.db_table}", list(model._base_manager.values_list())
        yield "sessions opened", [opened(key) for key in _session_keys()]
        yield "statements", self.parameters
        yield "statements opened", [decoded(one) for one in self.parameters]
        yield "valkey", valkey_dump()
        yield "logs", self.ear.said
        yield "mails", [[one.subject, one.body, str(one.message())] for one in mail.outbox]
        yield "reports", self.reports
        for page in self.pages:
            place = "staff pages" if page.request["PATH_INFO"].startswith("/admin/") else "pages"
            yield place, [page.content.decode()]
            yield f"headers of {place}", list(page.items())
            yield f"cookies of {place}", [cookie.value for cookie in page.cookies.values()]
            if settings.SESSION_ENGINE.endswith("signed_cookies"):
                cookies = [opened(cookie.value) for cookie in page.cookies.values()]
                yield f"cookies of {place}, opened", cookies
        for call in self.sim.log():
            if not call["path"].startswith("/_sim/"):
                yield "addresses", [call["path"], call["query"]]

    def _execute(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.parameters.append(list(params) if params else sql)
        return execute(sql, params, many, context)

    def _report(self, sender: Any, request: Any = None, **kwargs: Any) -> None:
        reporter = get_exception_reporter_class(request)(request, *sys.exc_info())
        self.reports += [reporter.get_traceback_text(), reporter.get_traceback_html()]

    def visit_staff_pages(self) -> None:
        boss = self.browser()
        people = apps.get_model("accounts", "User").objects
        name = "staff@example.org"
        who = people.filter(email=name).first() or people.create_superuser(name)
        boss.force_login(who)
        for model in staff.site._registry:
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            assert boss.get(base).status_code == 200
            for row in model._base_manager.all()[:20]:
                boss.get(f"{base}{row.pk}/change/")


def valkey_dump() -> list[Any]:
    """Return every key of Valkey with its value, whatever its kind."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    with client:
        return [[key, read[client.type(key)](key)] for key in client.scan_iter()]


def opened(session_key: str) -> dict[str, Any]:
    """Open a session (or the cookie that is one) with our own key, as the site does."""
    store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return dict(store.load())


def decoded(parameters: Any) -> list[Any]:
    """Open what in the parameters of a statement is a whole session."""
    store = import_module("django.contrib.sessions.backends.db").SessionStore()
    texts = [one for one in parameters if isinstance(one, str) and one.count(":") >= 2]
    return [store.decode(one) for one in texts] if isinstance(parameters, list) else []


def _session_keys() -> list[str]:
    session: type[Model] = apps.get_model("sessions", "Session")
    keys = session._base_manager.values_list("session_key", flat=True)
    prefix = "django.contrib.sessions.cache"
    cached = [
        key.decode().partition(prefix)[2]
        for key, _ in valkey_dump()
        if prefix in key.decode(errors="replace")
    ]
    return [*keys, *cached]


def _named_loggers() -> list[logging.Logger]:
    """Return the loggers with a level of their own, but for the one that quotes contexts."""
    known = logging.Logger.manager.loggerDict.values()
    named = [one for one in known if isinstance(one, logging.Logger) and one.level]
    return [one for one in named if one.name != "django.template"]


def _shows(value: Any) -> bool:
    return any(MARKER in text for text in unfold(value))
