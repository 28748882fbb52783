"""Logs at DEBUG: what libraries say about calls shows no token, code, key or password."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response

from simulator.control_client import Control
from spotsite import http
from spotsite.logs import redact

SECRET = "MARKER-0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"GET /me?access_token={SECRET}&x=1",
        f"GET /cb?code={SECRET}",
        f"next=%2Fcb%3Fcode%3D{SECRET}%26x",
        f"{{'refresh_token': '{SECRET}'}}",
        f"{{'code': b'{SECRET}'}}",
        f'{{"id_token":"{SECRET}"}}',
        f'"{{\\"access_token\\": \\"{SECRET}\\"}}"',
        f"[('client_id', 'x'), ('client_secret', '{SECRET}')]",
        f"signed_request={SECRET}.abc",
        f"input_token: {SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Basic {SECRET}==",
        f"postgres://spotsite:{SECRET}@db/spotsite",
        f"Cookie: sessionid={SECRET}; csrftoken={SECRET}",
        f"password={SECRET}",
        "KeyError: '" + "BQ" + "x" * 100 + "'",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    said = redact(text)

    assert SECRET not in said
    assert "x" * 50 not in said
    assert "***" in said


@pytest.mark.parametrize(
    "text",
    [
        "POST /api/token HTTP/1.1 400",
        "status_code=503 code: 404",
        "the token expired, so it is refreshed",
        "run 0f8fad5b-d9cb-469f-a165-70867728950e done=250 total=250",
        "postgres://spotsite@db/spotsite",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the site's own handler writes when everybody speaks at DEBUG."""
    stream = io.StringIO()
    own = next(h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(own.formatter)
    root = logging.getLogger()
    loud = [root, logging.getLogger("urllib3"), logging.getLogger("django.request")]
    levels = [one.level for one in loud]
    for one in loud:
        one.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    for one, level in zip(loud, levels, strict=True):
        one.setLevel(level)


def test_urllib3_at_debug_shows_no_token(sim: Control, lines: io.StringIO) -> None:
    http.send("GET", f"{sim.base_url}/v1/me?access_token={SECRET}", params={"code": SECRET})

    said = lines.getvalue()
    assert "/v1/me?access_token=***" in said  # it does speak of the call
    assert SECRET not in said


def test_django_request_at_debug_shows_no_query(lines: io.StringIO) -> None:
    request = RequestFactory().get(f"/accounts/spotify/login/callback/?code={SECRET}")

    response = HttpResponse(status=400)
    log_response("%s: %s", "Bad", request.get_full_path(), response=response, request=request)

    assert "callback/?code=***" in lines.getvalue()
    assert SECRET not in lines.getvalue()


def test_a_traceback_in_the_log_is_redacted(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"bad answer {{'access_token': '{SECRET}'}}")  # noqa: TRY301
    except ValueError:
        logging.getLogger("oauthlib").exception("refused, code=%s", SECRET)
        structlog.get_logger("spotsite").exception("refused", refresh_token=SECRET)

    said = lines.getvalue()
    assert said.count("Traceback") == 2
    assert SECRET not in said
