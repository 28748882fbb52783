"""The words of outcomes that depend on the time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playlists import outcomes
from playlists.budget import Paused
from playlists.spotify import errors

NOON = datetime(2031, 5, 4, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(seconds=2), "in a few seconds"),
        (timedelta(seconds=50), "in a minute"),
        (timedelta(minutes=5), "at 12:05 UTC"),
        (timedelta(hours=14), "at 5 May, 02:00 UTC"),
    ],
)
def test_a_time_to_come_is_said_from_the_sites_own_now(wait: timedelta, words: str) -> None:
    assert outcomes.when(NOON + wait, now=NOON) == words


def test_what_the_app_may_not_call_ends_a_run_at_once_with_the_reason() -> None:
    refusal = errors.NotInThisMode(0, "foreign_lists")

    outcome = outcomes.of(refusal, attempts=0, now=NOON, unknown=False)

    assert (outcome.code, outcome.until) == ("needs_extended", None)
    assert "extended quota" in outcome.sentence


@pytest.mark.parametrize(
    ("reason", "code", "words"),
    [
        ("quota", "quota", "Spotify's quota for this site is used up; this resumes at 1"),
        ("rate_limit", "rate_limited", "Spotify asks this site to slow down; this resumes at 1"),
        ("pace", "pace", "This site makes as many calls as Spotify bears; this goes on at 1"),
        ("allowance", "allowance", "Your share of this site's calls"),
    ],
)
def test_each_pause_has_its_own_words(reason: str, code: str, words: str) -> None:
    trouble = Paused(NOON + timedelta(hours=1), reason)
    outcome = outcomes.of(trouble, attempts=0, now=NOON, unknown=False)
    assert (outcome.code, outcome.counts) == (code, False)
    assert outcome.sentence.startswith(words)
    assert outcome.until is not None
    assert outcome.until > NOON + timedelta(hours=1)
