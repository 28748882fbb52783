"""Checks of the settings that belong to the whole site: one id a setting, each with a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import DatabaseError
from django.http.request import validate_host

from spotsite import clock, env

# Django wants as many in check --deploy (security.W009).
SECRET_KEY_CHARACTERS = 50
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

IDS = {
    "PUBLIC_URL": "spotsite.E001",
    "SECRET_KEY": "spotsite.E002",
    "DEBUG": "spotsite.E003",
    "ALLOWED_HOSTS": "spotsite.E004",
    "TRUSTED_PROXIES": "spotsite.E005",
    "DATABASE_URL": "spotsite.E006",
    "REDIS_URL": "spotsite.E007",
    "EMAIL_URL": "spotsite.E008",
    "SPOTIFY_CLIENT_ID": "spotsite.E009",
    "SPOTIFY_CLIENT_SECRET": "spotsite.E010",
    "SPOTIFY_AUTHORIZE_URL": "spotsite.E011",
    "SPOTIFY_ACCOUNTS_URL": "spotsite.E012",
    "SPOTIFY_API_URL": "spotsite.E013",
    "FACEBOOK_CLIENT_ID": "spotsite.E014",
    "FACEBOOK_CLIENT_SECRET": "spotsite.E015",
    "FACEBOOK_DIALOG_URL": "spotsite.E016",
    "FACEBOOK_GRAPH_URL": "spotsite.E017",
    "DEMO": "spotsite.E018",
    "BACKGROUND_SLOTS": "spotsite.E019",
    "SETTLE_SECONDS": "spotsite.E020",
    "TOKEN_KEYS": "spotsite.E021",
    "MAIL_FROM": "spotsite.E022",
    "LOG_LEVEL": "spotsite.E023",
    "SPOTIFY_CALLS_PER_SECOND": "spotsite.E033",
    "SPOTIFY_BURST": "spotsite.E034",
    "SPOTIFY_CALLS_PER_PERSON": "spotsite.E035",
    "SPOTIFY_MODE": "spotsite.E036",
    "GUARD_SHARE": "spotsite.E024",
    "GUARD_CALLS": "spotsite.E025",
    "VERSION_DAYS": "spotsite.E031",
    "VERSION_COUNT": "spotsite.E032",
    "LIST_DAYS": "spotsite.E041",
    "LIST_COUNT": "spotsite.E042",
}
HINTS = {
    "PUBLIC_URL": "Give scheme and host without a path: PUBLIC_URL=https://lists.example",
    "SECRET_KEY": "Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "DEBUG": "Leave it out, or set DEBUG=False.",
    "ALLOWED_HOSTS": "List the host of PUBLIC_URL: ALLOWED_HOSTS=lists.example",
    "TRUSTED_PROXIES": "Count the proxies in front of the site: TRUSTED_PROXIES=1",
    "DATABASE_URL": "DATABASE_URL=postgres://user:password@host:5432/name",
    "REDIS_URL": "REDIS_URL=redis://:password@host:6379/0 (Valkey or Redis, without eviction)",
    "EMAIL_URL": "EMAIL_URL=smtp://user:password@host:587, smtps://..., file:///folder or console:",
    "MAIL_FROM": "MAIL_FROM=Lists <lists@lists.example>",
    "SPOTIFY_CLIENT_ID": "Copy it from the app's settings (docs/real-apps.md).",
    "SPOTIFY_CLIENT_SECRET": "Copy it from the app's settings (docs/real-apps.md).",
    "SPOTIFY_AUTHORIZE_URL": "Leave it out: https://accounts.spotify.com/authorize is Spotify's.",
    "SPOTIFY_ACCOUNTS_URL": "Leave it out: https://accounts.spotify.com is Spotify's.",
    "SPOTIFY_API_URL": "Leave it out: https://api.spotify.com/v1 is Spotify's.",
    "FACEBOOK_CLIENT_ID": "Copy it from the app's settings (docs/real-apps.md).",
    "FACEBOOK_CLIENT_SECRET": "Copy it from the app's settings (docs/real-apps.md).",
    "FACEBOOK_DIALOG_URL": "Leave it out, or end it in /v24.0/dialog/oauth.",
    "FACEBOOK_GRAPH_URL": "Leave it out: https://graph.facebook.com/v24.0 is Facebook's.",
    "DEMO": "Leave it out, or set DEMO=True on a machine where nobody keeps real playlists.",
    "BACKGROUND_SLOTS": "BACKGROUND_SLOTS=2 leaves one of three slots to people who wait.",
    "SETTLE_SECONDS": "SETTLE_SECONDS=50 is the deadline of a call and 30 seconds.",
    "SPOTIFY_CALLS_PER_SECOND": "SPOTIFY_CALLS_PER_SECOND=8 starts at 4 and finds out the rest.",
    "SPOTIFY_BURST": "SPOTIFY_BURST=60 lets an everyday run of 40 calls through at once.",
    "SPOTIFY_CALLS_PER_PERSON": "SPOTIFY_CALLS_PER_PERSON=3000 a day; 0 is no limit.",
    "SPOTIFY_MODE": "SPOTIFY_MODE=development, or extended once Spotify has granted that quota.",
    "TOKEN_KEYS": "Make a key ring with: python manage.py tokens_newkey",
    "LOG_LEVEL": "LOG_LEVEL=INFO",
    "GUARD_SHARE": "GUARD_SHARE=50 asks a person before more than half of a list is taken out.",
    "GUARD_CALLS": "GUARD_CALLS=400 asks a person before more changes are made in one run.",
    "VERSION_DAYS": "VERSION_DAYS=90 keeps every stored version for three months at least.",
    "VERSION_COUNT": "VERSION_COUNT=50 keeps the last 50 of each list whatever their age.",
    "LIST_DAYS": "LIST_DAYS=90 keeps a stored list for three months after it was used last.",
    "LIST_COUNT": "LIST_COUNT=200 lets each person store up to 200 lists.",
}


@register
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Report every value of the environment that could not be used."""
    return [_error(name, text) for name, text in env.problems.items()]


@register
def check_site(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        *(*_public_url(), *_secret_key(), *_hosts(), *_open_to_the_net(), *_mail_from()),
        *(*_versions(), *_lists(), *_work()),
    ]


@register
def check_clients(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ask for both halves of each provider's client, or none."""
    return [message for name in ("SPOTIFY", "FACEBOOK") for message in _client(name)]


@register(Tags.database)
def check_clock(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse a moved clock anywhere but in a demo."""
    if settings.DEMO or not databases:
        return []
    try:
        ahead = clock.offset()
    except DatabaseError:
        return []  # not migrated yet, or no database: others say that better
    if not ahead:
        return []
    return [
        Error(
            f"The site's clock is {ahead} ahead, which only a demo may be.",
            hint="UPDATE spotsite_clock SET ahead = '0'; and look at what became due meanwhile.",
            id="spotsite.E030",
        )
    ]


def _public_url() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.path:
        yield _error("PUBLIC_URL", "PUBLIC_URL has a path; the site lives at the root of its host.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield Warning(
            "PUBLIC_URL is not https, so cookies and tokens travel in clear.",
            hint="Put a proxy with a certificate in front; Spotify wants https or 127.0.0.1.",
            id="spotsite.W001",
        )


def what_secret_is_missing() -> str:
    """Say that this process could sign nothing."""
    return "" if env.text("SECRET_KEY") else f"SECRET_KEY is not set. {HINTS['SECRET_KEY']}"


def _secret_key() -> Iterator[CheckMessage]:
    if "SECRET_KEY" in env.problems:
        return
    length = len(env.text("SECRET_KEY"))  # settings.SECRET_KEY raises where it is empty
    if not length:
        # A warning: migrate, beat and collectstatic run without keys.
        yield Warning(
            "SECRET_KEY is not set: web and worker will not start.",
            hint=HINTS["SECRET_KEY"],
            id="spotsite.W002",
        )
    elif length < SECRET_KEY_CHARACTERS:
        yield _error(
            "SECRET_KEY", f"SECRET_KEY is shorter than {SECRET_KEY_CHARACTERS} characters."
        )


def _hosts() -> Iterator[CheckMessage]:
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if "*" in settings.ALLOWED_HOSTS:
        yield _error("ALLOWED_HOSTS", "ALLOWED_HOSTS lets every host name in.")
    elif not validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS):
        yield _error("ALLOWED_HOSTS", "ALLOWED_HOSTS does not hold the host of PUBLIC_URL.")


def _open_to_the_net() -> Iterator[CheckMessage]:
    if urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK:
        return
    if settings.DEMO:
        yield _error("DEMO", "DEMO shows everyone's mail, and PUBLIC_URL is open to the net.")
    if settings.DEBUG:
        yield _error("DEBUG", "DEBUG shows code and values, and PUBLIC_URL is open to the net.")


def _mail_from() -> Iterator[CheckMessage]:
    sender = settings.DEFAULT_FROM_EMAIL
    _name, address = parseaddr(sender)
    if not sender.isprintable() or not ADDRESS.fullmatch(address):
        yield _error("MAIL_FROM", "MAIL_FROM is not one address that mail can be sent from.")


def _versions() -> Iterator[CheckMessage]:
    for name in ("VERSION_DAYS", "VERSION_COUNT"):
        if getattr(settings, name) < 1:
            yield _error(name, f"{name} is 0, so a run could not be undone.")


def _lists() -> Iterator[CheckMessage]:
    for name in ("LIST_DAYS", "LIST_COUNT"):
        if getattr(settings, name) < 1:
            yield _error(name, f"{name} is 0, so that nobody could store a list.")


def _work() -> Iterator[CheckMessage]:
    for name, effect in (
        ("SPOTIFY_CALLS_PER_SECOND", "no call would ever be made"),
        ("SPOTIFY_BURST", "no call would ever be made"),
        ("BACKGROUND_SLOTS", "nothing would ever be done in the background"),
    ):
        if not getattr(settings, name):
            yield _error(name, f"{name} is 0, so that {effect}.")


def _client(provider: str) -> Iterator[CheckMessage]:
    given = {half: getattr(settings, f"{provider}_CLIENT_{half}") for half in ("ID", "SECRET")}
    if all(given.values()):
        return
    name = provider.capitalize()
    if not any(given.values()):
        yield Warning(
            f"There is no {name} client, so nobody can sign in with {name}.",
            hint=f"Set {provider}_CLIENT_ID and {provider}_CLIENT_SECRET (README, real apps).",
            id=IDS[f"{provider}_CLIENT_ID"].replace("E", "W"),
        )
        return
    missing = next(half for half, value in given.items() if not value)
    yield _error(
        f"{provider}_CLIENT_{missing}",
        f"{provider}_CLIENT_{missing} is not set though its other half is.",
    )


def _error(name: str, text: str) -> CheckMessage:
    hint = HINTS.get(name, f"See {name} in docs/settings.md.")
    return Error(text, hint=hint, id=IDS.get(name, "spotsite.E000"))
