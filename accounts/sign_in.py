"""Why a sign-in with a provider did not work, and the page that says so."""

from __future__ import annotations

from allauth.socialaccount.providers.base import ProviderException
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.errors import AccountError


class Cause(models.TextChoices):
    """What went wrong, sorted by who can put it right: the person, time, or an operator."""

    CANCELLED = "cancelled", "You stopped the sign-in"
    STATE_LOST = "state_lost", "This sign-in was not started here, or is over"
    CODE_REFUSED = "code_refused", "This sign-in was used before, or took too long"
    NOT_ALLOWED = "not_allowed", "Spotify does not let you in yet"
    COLLISION = "collision", "You signed in twice at the same moment"
    UNAVAILABLE = "unavailable", "The other side does not answer"
    BUSY = "busy", "The other side asks us to wait"
    OWNER_WITHOUT_PREMIUM = "owner_without_premium", "Spotify has switched this site off"
    OUR_APP = "our_app", "This site is not set up right"
    WRONG_TOKEN = "wrong_token", "The answer was not meant for this site"
    UNKNOWN = "unknown", "The sign-in did not work"

    @property
    def status(self) -> int:
        return _STATUS[self]

    @property
    def is_for_operator(self) -> bool:
        return self in {Cause.OWNER_WITHOUT_PREMIUM, Cause.OUR_APP, Cause.WRONG_TOKEN}


_STATUS = {
    Cause.CANCELLED: 200,
    Cause.STATE_LOST: 400,
    Cause.CODE_REFUSED: 400,
    Cause.NOT_ALLOWED: 403,
    Cause.COLLISION: 409,
    Cause.UNAVAILABLE: 503,
    Cause.BUSY: 503,
    Cause.OWNER_WITHOUT_PREMIUM: 503,
    Cause.OUR_APP: 502,
    Cause.WRONG_TOKEN: 403,
    Cause.UNKNOWN: 502,
}


class SignInFailed(ProviderException, AccountError):
    """A provider's answer ends this sign-in; nobody was signed in and nothing was stored."""

    def __init__(
        self, cause: Cause, code: str = "", *, status: int | None = None, wait: int | None = None
    ) -> None:
        AccountError.__init__(self, code or str(cause), status=status)
        self.cause = cause
        self.wait = wait  # seconds, where the provider said how long


def failure_page(
    request: HttpRequest, *, provider_name: str, cause: Cause, connecting: bool, wait: int | None
) -> HttpResponse:
    """Say the cause, and what can be done about it."""
    response = render(
        request,
        "socialaccount/authentication_error.html",
        {
            "cause": cause,
            "provider_name": provider_name,
            "connecting": connecting,
            "wait": "" if wait is None else _in_words(wait),
        },
        status=cause.status,
    )
    if wait is not None and cause.status == 503:
        response["Retry-After"] = str(wait)
    return response


def _in_words(seconds: int) -> str:
    """Say a wait as a person would."""
    if seconds < 45:
        return "a few seconds"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if minutes < 60:
        return "about a minute" if minutes <= 1 else f"about {minutes} minutes"
    return "about an hour" if hours <= 1 else f"about {hours} hours"
