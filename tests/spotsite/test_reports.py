"""Error reports: where it broke, and nothing of what people sent or what we held."""

from __future__ import annotations

import sys

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter, get_exception_reporter_class

MARKER = "-".join(("MARKER", "0123456789"))  # a report quotes this file


def failing(request: HttpRequest) -> None:
    token = {"access_token": MARKER}
    code = request.GET["code"]
    try:
        raise KeyError(f"code={code}")  # noqa: TRY301
    except KeyError as exc:
        raise ValueError(f"no id in {token!r}") from exc


def report(kind: type[ExceptionReporter]) -> str:
    request = RequestFactory().post(
        f"/accounts/spotify/login/callback/?code={MARKER}",
        {"password": MARKER, "token": MARKER},
        headers={"authorization": f"Bearer {MARKER}", "referer": f"http://x/?code={MARKER}"},
    )
    request.COOKIES["sessionid"] = MARKER
    try:
        failing(request)
    except ValueError:
        made = kind(request, *sys.exc_info())
    return made.get_traceback_text() + made.get_traceback_html()


@pytest.mark.parametrize("debug", [True, False])
def test_a_report_shows_no_value(debug: bool) -> None:
    with override_settings(DEBUG=debug):
        text = report(get_exception_reporter_class(None))

    assert MARKER not in text
    assert settings.SECRET_KEY not in text
    assert settings.SPOTIFY_CLIENT_SECRET not in text
    assert "/accounts/spotify/login/callback/" in text
    assert "in failing" in text


@override_settings(
    DEFAULT_EXCEPTION_REPORTER_FILTER="django.views.debug.SafeExceptionReporterFilter"
)
def test_djangos_own_report_would_show_it() -> None:
    assert MARKER in report(ExceptionReporter)
