"""The token endpoint of RFC 6749: spend a refresh token, and say what a refusal means.

Codes are exchanged by allauth's client; here live the refresh and the reading of the answer.
Branches are taken on the JSON field ``error`` alone: texts change, and proxies answer in plain
text.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings

from accounts.errors import ProviderRefusedUs, ProviderUnavailable, ReauthorizationRequired
from accounts.vault import Secret
from spotsite import http

DEADLINE_SECONDS = 15.0
LONGEST_WAIT = timedelta(days=1)  # a Retry-After beyond it is asked again after a day
_DEFAULT_LIFE = timedelta(hours=1)  # expires_in is only recommended (RFC 6749, 5.1)
_LONGEST_LIFE = timedelta(days=90)
_REFUSES_US = frozenset({"invalid_client", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What the provider gave: by a person's consent, or for a refresh token.

    ``access_token`` is None where the site stores no token (Facebook).
    """

    access_token: Secret | None
    refresh_token: Secret | None
    expires_in: timedelta
    scopes: tuple[str, ...]


class OutcomeUnknown(ProviderUnavailable):
    """No answer came, and the request may have been carried out."""


def refresh(provider: str, refresh_token: Secret) -> Grant:
    """Spend ``refresh_token`` and return the new grant; nothing is tried twice."""
    endpoint = _endpoint(provider)
    try:
        response = http.send(
            "POST",
            endpoint.url,
            deadline=DEADLINE_SECONDS,
            headers={"Authorization": endpoint.authorization, "Accept": "application/json"},
            data={"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()},
        )
    except http.NotSent:
        raise ProviderUnavailable("unreachable") from None
    except http.TimedOut:
        raise OutcomeUnknown("timed_out") from None
    except http.Unreachable:
        raise OutcomeUnknown("connection_broken") from None
    return read_grant(response)


def read_grant(response: requests.Response) -> Grant:
    """Return the grant in a token answer; raise what its error means."""
    body = _json(response)
    if response.status_code != 200:
        raise _refusal(response, body)
    access_token = body.get("access_token")
    if not isinstance(access_token, str) or not access_token:
        raise OutcomeUnknown("bad_answer", status=200)
    refresh_token = body.get("refresh_token")
    scope = body.get("scope")
    return Grant(
        access_token=Secret(access_token),
        refresh_token=Secret(refresh_token)
        if isinstance(refresh_token, str) and refresh_token
        else None,
        expires_in=_life(body.get("expires_in")),
        scopes=tuple(scope.split()) if isinstance(scope, str) else (),
    )


def retry_after(response: requests.Response) -> float | None:
    """Return the seconds that the provider asks us to wait; None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        # A date is measured against the provider's own clock, not ours.
        date = response.headers.get("Date", "")
        seconds = _between(date, value) if value.endswith("GMT") else float(value)
    except (TypeError, ValueError):
        return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT.total_seconds())


@dataclass(frozen=True, slots=True)
class _Endpoint:
    url: str
    authorization: str


def _endpoint(provider: str) -> _Endpoint:
    if provider != "spotify":
        raise ValueError(f"{provider} has no refresh tokens")
    pair = f"{settings.SPOTIFY_CLIENT_ID}:{settings.SPOTIFY_CLIENT_SECRET}".encode()
    return _Endpoint(
        url=f"{settings.SPOTIFY_ACCOUNTS_URL}/api/token",
        authorization="Basic " + base64.b64encode(pair).decode(),
    )


def _refusal(response: requests.Response, body: Mapping[str, Any]) -> Exception:
    status = response.status_code
    if status == 429:
        return ProviderUnavailable("rate_limited", status=status, retry_after=retry_after(response))
    if status >= 500:
        return ProviderUnavailable(
            f"http_{status}", status=status, retry_after=retry_after(response)
        )
    error = body.get("error")
    if error == "invalid_grant":
        return ReauthorizationRequired("invalid_grant", status=status)
    if isinstance(error, str) and error in _REFUSES_US:
        return ProviderRefusedUs(error, status=status)
    return ProviderUnavailable(f"http_{status}", status=status, retry_after=retry_after(response))


def _json(response: requests.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _life(value: object) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return _DEFAULT_LIFE
    try:
        seconds = float(value)
    except ValueError:
        return _DEFAULT_LIFE
    if not 0 < seconds <= _LONGEST_LIFE.total_seconds():  # NaN fails both
        return _DEFAULT_LIFE
    return timedelta(seconds=seconds)


def _between(start: str, end: str) -> float:
    return (parsedate_to_datetime(end) - parsedate_to_datetime(start)).total_seconds()
