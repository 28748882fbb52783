"""A recipe through a change of clocks, and through the six months after which consent ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts import tokens
from accounts.models import Credential
from playlists import dispatch, recipe_rows
from playlists.models import Recipe, Run
from playlists.recipes import definition
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member, edit, tracks, worked

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPREAD = timedelta(minutes=10)


@pytest.fixture
def ada(sim: Control, transactional_db: None) -> Member:
    sim.reset("empty")
    return Member.joins(sim, "ada")


def kept_daily(ada: Member, source: str) -> Recipe:
    known = definition.check(
        {
            "version": 1,
            "sources": [{"kind": "playlist", "playlist": source}],
            "target": {
                "account": ada.account.uid,
                "playlist": {"kind": "new", "name": "Copy"},
                "mode": {"kind": "mirror"},
            },
            "schedule": {
                "entries": [{"kind": "daily", "at": "05:00"}],
                "time_zone": "Europe/Berlin",
            },
        }
    )
    return recipe_rows.save(Recipe(user=ada.user, name="Copy"), known)


def pass_time(ada: Member, span: timedelta) -> None:
    clock.move(span)
    ada.spotify.advance(seconds=span.total_seconds())


def hours(ada: Member, *, until: datetime) -> Iterator[Run]:
    """Let the hours pass as beat and a worker see them; yield each run that was started."""
    while clock.now() < until:
        pass_time(ada, HOUR / 2)
        for run in dispatch.start_due().started:
            yield worked(run)


def next_change(moment: datetime) -> datetime:
    """Return the first hour after which Berlin's clocks show another offset from UTC."""
    at = moment.replace(minute=0, second=0, microsecond=0)
    while at.astimezone(BERLIN).utcoffset() == (at + HOUR).astimezone(BERLIN).utcoffset():
        at += HOUR
    return at + HOUR


def test_a_recipe_runs_once_a_day_by_its_clock_through_both_changes(ada: Member) -> None:
    recipe = kept_daily(ada, ada.has(tracks(3)))
    for _ in range(2):
        change = next_change(clock.now())
        ada.consents_again()
        pass_time(ada, change - 2 * DAY - clock.now())
        ada.consents_again()
        Recipe.objects.update(next_run_at=clock.now())
        dispatch.start_due()
        Run.objects.all().delete()

        runs = list(hours(ada, until=change + 2 * DAY))

        shown = [run.created_at.astimezone(BERLIN) for run in runs]
        days = [moment.date() for moment in shown]
        assert days == sorted(set(days))
        assert len(days) in {3, 4}
        for moment in shown:
            said = moment.replace(hour=5, minute=0, second=0, microsecond=0)
            assert said <= moment < said + SPREAD + HOUR / 2 + timedelta(minutes=1)
        assert {run.state for run in runs} == {Run.State.DONE}
    recipe.refresh_from_db()
    assert recipe.next_run_at is not None
    assert recipe.next_run_at > datetime.now(UTC)


def test_consent_ends_after_six_months_and_a_reconnect_catches_up_once(ada: Member) -> None:
    source = ada.has(tracks(3))
    recipe = kept_daily(ada, source)
    (first,) = hours(ada, until=clock.now() + DAY)
    target = first.playlist_id
    pass_time(ada, timedelta(days=184))
    edit(ada, "POST", source, {"uris": tracks(2, start=50)})

    for run in hours(ada, until=clock.now() + 2 * DAY):
        assert run.state != Run.State.DONE
    credential = Credential.objects.get()
    assert credential.status == Credential.Status.NEEDS_RECONNECT
    assert ada.spotify.uris(target) == tracks(3)
    recipe.refresh_from_db()
    assert recipe.missed
    before = set(Run.objects.values_list("pk", flat=True))

    ada.consents_again()

    for run in Run.objects.active():
        worked(run)
    assert ada.spotify.uris(target) == tracks(3) + tracks(2, start=50)
    caught_up = Run.objects.exclude(pk__in=before)
    assert caught_up.count() <= 1
    assert dispatch.catch_up(ada.account.pk) == []
    assert tokens.count_due(most=5) == 0
    (tomorrow,) = hours(ada, until=clock.now() + DAY)
    assert tomorrow.state == Run.State.DONE
