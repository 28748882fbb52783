from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from accounts import oauth
from accounts.errors import ProviderRefusedUs, ProviderUnavailable, ReauthorizationRequired


def answer(body: Any, status: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


def test_a_grant_is_read_with_what_is_there() -> None:
    full = {"access_token": "BQ", "refresh_token": "AQ", "expires_in": 1800, "scope": "a b"}

    grant = oauth.read_grant(answer(full))
    bare = oauth.read_grant(answer({"access_token": "BQ"}))

    assert grant.access_token is not None
    assert grant.refresh_token is not None
    assert (grant.access_token.reveal(), grant.refresh_token.reveal()) == ("BQ", "AQ")
    assert (grant.expires_in, grant.scopes) == (timedelta(minutes=30), ("a", "b"))
    assert (bare.refresh_token, bare.expires_in, bare.scopes) == (None, timedelta(hours=1), ())
    assert "BQ" not in repr(grant)


@pytest.mark.parametrize(
    "life", [None, True, 0, -1, "soon", "NaN", float("inf"), 10**12, [3600], {}]
)
def test_a_senseless_life_is_an_hour(life: object) -> None:
    body = json.dumps({"access_token": "BQ", "expires_in": life}).encode()

    assert oauth.read_grant(answer(body)).expires_in == timedelta(hours=1)


@pytest.mark.parametrize("life", [1800, "1800", 1800.0])
def test_a_life_is_read_as_a_number_or_as_text(life: object) -> None:
    assert oauth.read_grant(answer({"access_token": "B", "expires_in": life})).expires_in == (
        timedelta(minutes=30)
    )


@pytest.mark.parametrize(
    ("body", "status", "error", "code"),
    [
        ({"error": "invalid_grant"}, 400, ReauthorizationRequired, "invalid_grant"),
        ({"error": "invalid_grant"}, 401, ReauthorizationRequired, "invalid_grant"),
        ({"error": "invalid_grant"}, 503, ProviderUnavailable, "http_503"),
        ({"error": "invalid_client"}, 400, ProviderRefusedUs, "invalid_client"),
        ({"error": "invalid_client"}, 401, ProviderRefusedUs, "invalid_client"),
        ({"error": "unauthorized_client"}, 400, ProviderRefusedUs, "unauthorized_client"),
        ({"error": "invalid_request"}, 400, ProviderUnavailable, "http_400"),
        ({"error": ["invalid_grant"]}, 400, ProviderUnavailable, "http_400"),
        ({"error_description": "invalid_grant"}, 400, ProviderUnavailable, "http_400"),
        (b"invalid_grant", 400, ProviderUnavailable, "http_400"),
        (b"\xff\xfe", 400, ProviderUnavailable, "http_400"),
        (b"[" * 100_000, 400, ProviderUnavailable, "http_400"),
        (b"", 429, ProviderUnavailable, "rate_limited"),
        (b"", 204, ProviderUnavailable, "http_204"),
        (b"null", 200, oauth.OutcomeUnknown, "bad_answer"),
        ({"access_token": ""}, 200, oauth.OutcomeUnknown, "bad_answer"),
        ({"access_token": 7}, 200, oauth.OutcomeUnknown, "bad_answer"),
    ],
)
def test_only_the_error_field_decides(
    body: Any, status: int, error: type[Exception], code: str
) -> None:
    with pytest.raises(error) as raised:
        oauth.read_grant(answer(body, status))

    assert type(raised.value) is error
    assert str(raised.value) == code


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("2", 2.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1.5", 1.5),
        ("50400", 50_400.0),
        ("999999999", 86_400.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300.0),
        ("never GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value: str, seconds: float | None) -> None:
    response = answer(b"", 429, Retry_After=value, Date="Sun, 22 Nov 2026 12:00:00 GMT")

    assert oauth.retry_after(response) == seconds
