"""The words of outcomes that depend on the time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playlists import outcomes
from playlists.spotify import errors

NOON = datetime(2031, 5, 4, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(seconds=2), "in a few seconds"),
        (timedelta(seconds=50), "in a minute"),
        (timedelta(minutes=5), "at 12:05"),
        (timedelta(hours=14), "at 5 May, 02:00"),
    ],
)
def test_a_time_to_come_is_said_from_the_sites_own_now(wait: timedelta, words: str) -> None:
    assert outcomes.when(NOON + wait, now=NOON) == words


def test_what_the_app_may_not_call_ends_a_run_at_once_with_the_reason() -> None:
    refusal = errors.NotInThisMode(0, "foreign_lists")

    outcome = outcomes.of(refusal, attempts=0, now=NOON, unknown=False)

    assert (outcome.code, outcome.until) == ("needs_extended", None)
    assert "extended quota" in outcome.sentence
