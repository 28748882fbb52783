"""The run's row: one holder at a time, one run per playlist, due only when its time has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from playlists import versions
from playlists.models import LEASE, LeaseLost, Run, Track, Version
from playlists.spotify import Item
from spotsite import clock
from tests.playlists.cast import Member, tracks


def test_a_run_is_held_by_one_worker_at_a_time(ada: Member) -> None:
    run = ada.wants(tracks(3), "p" * 22)

    first = Run.objects.claim(run.pk)

    assert first is not None
    assert Run.objects.claim(run.pk) is None


def test_a_dead_holders_run_is_taken_over_and_the_dead_can_write_no_more(ada: Member) -> None:
    run = ada.wants(tracks(3), "p" * 22)
    dead = Run.objects.claim(run.pk)
    assert dead is not None

    clock.move(LEASE + timedelta(seconds=1))
    next_one = Run.objects.claim(run.pk)

    assert next_one is not None
    assert next_one.attempts == 1
    with pytest.raises(LeaseLost):
        dead.keep(done=2)
    next_one.keep(done=1)
    run.refresh_from_db()
    assert run.done == 1


def test_a_run_that_was_cancelled_meanwhile_is_not_put_off(ada: Member) -> None:
    run = ada.wants(tracks(3), "p" * 22)
    held = Run.objects.claim(run.pk)
    assert held is not None

    run.ask_to_cancel()
    held.wait(until=clock.now() + timedelta(hours=14), code="quota", sentence="Later.")

    assert Run.objects.due().filter(pk=run.pk).exists()


def test_a_run_that_was_ended_by_others_can_be_kept_no_more(ada: Member) -> None:
    run = ada.wants(tracks(3), "p" * 22)
    held = Run.objects.claim(run.pk)
    assert held is not None

    Run.objects.filter(pk=run.pk).update(state=Run.State.CANCELLED)

    with pytest.raises(LeaseLost):
        held.end(Run.State.DONE)


def test_a_waiting_run_is_due_when_its_time_has_come(ada: Member) -> None:
    run = ada.wants(tracks(3), "p" * 22)
    held = Run.objects.claim(run.pk)
    assert held is not None
    held.wait(until=clock.now() + timedelta(hours=1), code="quota", sentence="Later.")

    assert not Run.objects.due().exists()
    clock.move(timedelta(hours=1, seconds=1))

    assert Run.objects.due().get() == run
    assert Run.objects.claim(run.pk) is not None


def test_only_one_run_is_active_per_playlist(ada: Member) -> None:
    ada.wants(tracks(3), "p" * 22)
    done = Run.objects.create(
        user=ada.user, account=ada.account, playlist_id="p" * 22, state=Run.State.DONE
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        ada.wants(tracks(3), "p" * 22)
    ada.wants(tracks(3), "q" * 22)
    for _ in range(2):
        ada.wants(tracks(3))  # to be made: nobody else's list

    assert done.pk
    assert Run.objects.active().count() == 4


def test_one_persons_many_runs_take_turns_and_do_not_hold_up_others(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    first, second = ada.wants(tracks(3), "p" * 22), ada.wants(tracks(3), "q" * 22)
    of_bob = bob.wants(tracks(3), "r" * 22)

    held = Run.objects.claim(first.pk, in_turn=True)

    assert held is not None
    assert Run.objects.claim(second.pk, in_turn=True) is None
    assert Run.objects.claim(of_bob.pk, in_turn=True) is not None
    held.release()
    assert Run.objects.claim(second.pk, in_turn=True) is not None
    assert Run.objects.claim(first.pk) is not None  # somebody watches that one


def test_an_equal_list_makes_no_new_version_and_a_return_to_an_old_one_does(ada: Member) -> None:
    def frozen(*uris: str) -> Version:
        items = [Item(uri, added_at="2026-01-01T00:00:00Z", title="T") for uri in uris]
        return versions.freeze(ada.account, "p" * 22, items, cause=Version.Cause.BEFORE)

    first, again, second, back = frozen("a"), frozen("a"), frozen("a", "b"), frozen("a")

    assert first == again
    assert len({first.pk, second.pk, back.pk}) == 3
    assert set(Track.objects.values_list("uri", flat=True)) == {"a", "b"}


def test_a_list_of_ten_thousand_is_frozen_in_few_queries(ada: Member) -> None:
    items = [Item(uri, added_at="2026-01-01T00:00:00Z", title="T") for uri in tracks(10_000)]

    with CaptureQueriesContext(connection) as queries:
        versions.freeze(ada.account, "p" * 22, items, cause=Version.Cause.BEFORE)

    assert len(queries) < 25
    assert Track.objects.count() == 10_000
