"""What an error means for a run: wait until when, or end how, and the sentence for the person."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from accounts.errors import (
    AccountError,
    CredentialUnreadable,
    GrantDoubted,
    ProviderUnavailable,
    ReauthorizationRequired,
)
from playlists.budget import Paused
from playlists.spotify import errors
from playlists.spotify.errors import SpotifyError

MOST_ATTEMPTS = 8
PATIENCE = timedelta(hours=24)
_A_FEW = timedelta(seconds=20)
_FIRST_WAIT = 5.0
_LONGEST_WAIT = 900.0
_DOUBT_WAIT = timedelta(minutes=15)  # the first probe of a doubted consent

Trouble = SpotifyError | AccountError | Paused


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it goes on. Without ``until`` the run is over."""

    code: str
    sentence: str
    until: datetime | None = None
    counts: bool = False  # as an attempt in vain
    doubt: str = ""  # a refusal that is believed when it comes again


# Code and sentence of what ends a run at once.
_ENDS: dict[type[Exception], tuple[str, str]] = {
    errors.NotAllowListed: (
        "not_allow_listed",
        (
            "Spotify does not know you as a user of this site's app yet. Ask whoever runs the site "
            "to add you to the app's list of users at Spotify, then try again."
        ),
    ),
    errors.OwnerNeedsPremium: (
        "owner_needs_premium",
        (
            "Spotify answers this site only while the owner of its app has Premium. Whoever runs "
            "the site has to look into it."
        ),
    ),
    errors.NotInThisMode: (
        "needs_extended",
        "Spotify opens this only to apps with extended quota, which this site's app does not have.",
    ),
    errors.TooLarge: ("too_large", "Spotify found what was sent too large."),
    CredentialUnreadable: (
        "unreadable_token",
        "The stored access to Spotify cannot be opened. Whoever runs the site has to look into it.",
    ),
    errors.Forbidden: (
        "forbidden",
        (
            "Spotify does not let this account change the playlist: it belongs to somebody else, "
            "or it is full."
        ),
    ),
}
# These have been seen for a moment only, so they are believed the second time in a row.
_ENDS_AGAIN: dict[type[Exception], tuple[str, str]] = {
    errors.Refused: (
        "refused",
        "Spotify found the request wrong. This is a fault of this site; nothing more was written.",
    ),
    errors.NotFound: ("not_found", "Spotify does not find the playlist (any more)."),
    errors.InsufficientScope: (
        "missing_scope",
        "The connection lacks the right to change this playlist. Reconnect and allow it.",
    ),
    errors.Unauthorized: (
        "needs_reconnect",
        "Spotify does not take our access any more. Reconnect your account, then try again.",
    ),
}
NEEDS_RECONNECT = (
    "needs_reconnect",
    "Spotify needs your permission again. Reconnect your account, and this goes on by itself.",
)
# What the same errors mean where nothing was to be written.
_READING: dict[type[Exception], str] = {
    errors.InsufficientScope: (
        "The connection lacks the right to see this playlist. Reconnect and allow it."
    ),
    errors.Forbidden: "Spotify does not let this account see the playlist.",
    errors.Refused: "Spotify found the request wrong. This is a fault of this site.",
}
_LISTING: dict[type[Exception], str] = {
    **_READING,
    errors.InsufficientScope: (
        "The connection lacks the right to see your playlists. Reconnect and allow it."
    ),
    errors.Forbidden: "Spotify does not let this account see its playlists.",
    errors.NotFound: "Spotify does not show your playlists now. Please try again in a moment.",
}
NEEDS_RECONNECT_PAGE = (
    "Spotify needs your permission again. Reconnect your account on the connections page first."
)
TOO_MANY_COPIES = (
    "Every track of the new list is in it more than 100 times, and some copies would have to go. "
    "Spotify takes out all copies of a track or none, and that would nearly empty the playlist on "
    "the way. So nothing more was written."
)
# Why no call may be made now: the first two are Spotify's wish, the others are ours.
_PAUSES = {
    "quota": ("quota", "Spotify's quota for this site is used up; this resumes"),
    "rate_limit": ("rate_limited", "Spotify asks this site to slow down; this resumes"),
    "pace": ("pace", "This site makes as many calls as Spotify bears; this goes on"),
    "allowance": (
        "allowance",
        "Your share of this site's calls to Spotify for a day is used up; this resumes",
    ),
}
_MANY_CALLS = "This site makes as many calls to Spotify as it may just now."
KEEPS_CHANGING = (
    "keeps_changing",
    (
        "A list changed again and again while it was read. Nothing more was written; try again "
        "when nobody changes it for some minutes."
    ),
)
RECIPE_GONE = "The recipe of this run was deleted."
TARGET_TAKEN = "Another recipe keeps the playlist that was made for this one."
TARGET_BUSY = "Another run is at work on this playlist; this goes on when it has ended."
GAVE_UP = "Spotify failed again and again. What is done is kept; try again later."


def of(
    trouble: Trouble,
    *,
    attempts: int,
    now: datetime,
    unknown: bool,
    last: str = "",
    reading: bool = False,
) -> Outcome:
    """Say what becomes of a run that met ``trouble`` after ``attempts`` others in vain.

    ``last``: the doubt that it has waited with since the last call of this kind that went well.
    ``unknown``: a write may have happened, so nothing is done before the settle wait is over.
    ``reading``: nothing was to be written when it met the trouble.
    """
    # A write that Spotify finds wrong was perhaps made for a list that is another by now: by a call
    # that landed late, or by somebody. That shows when all of it has settled.
    unsettled = unknown or (isinstance(trouble, errors.Refused) and not reading)
    outcome = _of(trouble, attempts=attempts, now=now, unknown=unsettled, last=last)
    if reading and outcome.until is None:
        return replace(outcome, sentence=_said(trouble, _READING) or outcome.sentence)
    return outcome


def _said(trouble: Trouble, words: dict[type[Exception], str]) -> str:
    return next((words[kind] for kind in words if isinstance(trouble, kind)), "")


def _of(trouble: Trouble, *, attempts: int, now: datetime, unknown: bool, last: str) -> Outcome:
    if isinstance(trouble, Paused):
        return _paused(trouble.until, trouble.reason, now)
    if isinstance(trouble, errors.RateLimited | errors.QuotaExceeded):
        reason = "quota" if isinstance(trouble, errors.QuotaExceeded) else "rate_limit"
        return _paused(now + timedelta(seconds=trouble.retry_after or 0), reason, now)
    if isinstance(trouble, GrantDoubted):
        return _later(
            "reconnect_doubted", "Spotify refuses our access; we ask again", now + _DOUBT_WAIT, now
        )
    if isinstance(trouble, ReauthorizationRequired):
        return Outcome(*NEEDS_RECONNECT)
    for kind, words in _ENDS.items():
        if isinstance(trouble, kind):
            return Outcome(*words)
    doubt = _doubt(trouble)
    if doubt and doubt == last:
        return Outcome(*_words(trouble))
    settle = settings.SETTLE_SECONDS if unknown else 0
    return _again(trouble, attempts, now, settle=settle, doubt=doubt)


def _doubt(trouble: Trouble) -> str:
    """Return the code under which a run waits for the same refusal to come a second time."""
    return f"{_words(trouble)[0]}_doubted" if isinstance(trouble, tuple(_ENDS_AGAIN)) else ""


def _words(trouble: Trouble) -> tuple[str, str]:
    return next(words for kind, words in _ENDS_AGAIN.items() if isinstance(trouble, kind))


def not_taken(dead: Sequence[str]) -> str:
    """Return the sentence about what Spotify does not take into a playlist, empty where it is none.

    Such a track is gone from Spotify's catalogue, though links to it are still about.
    """
    if not dead:
        return ""
    what = "1 track was" if len(dead) == 1 else f"{len(dead)} tracks were"
    return f"{what} left out: Spotify fails whenever it is given {', '.join(dead[:5])}."


def for_listing(trouble: Trouble, *, now: datetime) -> str:
    """Return the sentence for a page that cannot list the person's playlists."""
    return _said(trouble, _LISTING) or for_page(trouble, now=now)


def for_page(trouble: Trouble, *, now: datetime) -> str:
    """Return the sentence for a page that reads: there the person waits, nothing else does."""
    if isinstance(trouble, ReauthorizationRequired):
        return NEEDS_RECONNECT_PAGE
    outcome = of(trouble, attempts=0, now=now, unknown=False, last=_doubt(trouble), reading=True)
    if outcome.code in {"quota", "rate_limited"} and outcome.until is not None:
        return f"Spotify asks this site to wait. Please try again {when(outcome.until, now=now)}."
    if outcome.code == "pace" and outcome.until is not None:
        return f"{_MANY_CALLS} Please try again {when(outcome.until, now=now)}."
    if outcome.until is not None:
        return "Spotify does not answer as it should. Please try again in a moment."
    return outcome.sentence


def _again(trouble: Trouble, attempts: int, now: datetime, *, settle: float, doubt: str) -> Outcome:
    if attempts >= MOST_ATTEMPTS:
        return Outcome("gave_up", GAVE_UP)
    wait = max(_backoff(attempts), settle)
    if isinstance(trouble, ProviderUnavailable) and trouble.retry_after:
        wait = max(wait, trouble.retry_after)
    until = now + timedelta(seconds=wait)
    code, sentence = doubt or "spotify_down", "Spotify does not answer as it should; this goes on"
    if isinstance(trouble, errors.ChangedWhileRead):
        code, sentence = "changing", "A list changed while it was read; it is read again"
    outcome = _later(code, sentence, until, now)
    return replace(outcome, counts=True, doubt=doubt)


def _paused(until: datetime, reason: str, now: datetime) -> Outcome:
    """Put off to the end of the pause and a little more: not all in the same second."""
    waits = max(timedelta(0), until - now)
    until += timedelta(seconds=_uniform(min(60.0, 0.5 + waits.total_seconds() / 10)))
    code, sentence = _PAUSES[reason]
    return _later(code, sentence, until, now)


def _later(code: str, sentence: str, until: datetime, now: datetime) -> Outcome:
    return Outcome(code, f"{sentence} {when(until, now=now)}.", until)


def when(moment: datetime, *, now: datetime) -> str:
    """Write a time to come for people: "at 14:05 UTC", with the date where it is not today's."""
    if moment - now < timedelta(minutes=1):
        return "in a few seconds" if moment - now < _A_FEW else "in a minute"
    local = timezone.localtime(moment)
    is_today = local.date() == timezone.localdate(now)
    return f"at {date_format(local, 'H:i e' if is_today else 'j F, H:i e')}"


def _backoff(attempts: int) -> float:
    ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempts)
    return ceiling / 2 + _uniform(ceiling / 2)


def _uniform(most: float) -> float:
    return secrets.randbelow(1_000) / 1_000 * most
