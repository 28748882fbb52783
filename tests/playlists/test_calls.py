"""The ledger of calls: whoever is killed between two steps, no count is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import Sum

from accounts.models import User
from playlists import budget, calls, limiter, tasks
from playlists.budget import Paused, Purpose
from playlists.connection import Connection
from playlists.models import CallBatch, CallRate, Calls
from playlists.spotify import errors
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member
from tests.processes import ROOT, environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user()


def make(count: int, *, group: str = "me", **who: int | None) -> None:
    for _ in range(count):
        budget.take(group, Purpose.PUSH, **who)


def total() -> int:
    return Calls.objects.aggregate(all=Sum("count"))["all"] or 0


def test_calls_are_kept_by_hour_group_person_and_recipe(person: User) -> None:
    make(3, person=person.pk, recipe=7)
    make(2, person=person.pk)
    make(1, group="search")

    calls.store()

    rows = Calls.objects.order_by("-count").values_list("group", "person", "recipe", "count")
    assert list(rows) == [
        ("me", person.pk, 7, 3),
        ("me", person.pk, None, 2),
        ("search", None, None, 1),
    ]
    hours = {hour for (hour,) in Calls.objects.values_list("hour")}
    assert {calls.hour_of(hour) for hour in hours} == {calls.hour_of(clock.now())}


def test_what_comes_later_is_added_to_the_same_row(person: User) -> None:
    for _ in range(3):
        make(2, person=person.pk)
        make(1)
        calls.store()

    assert sorted(Calls.objects.values_list("count", flat=True)) == [3, 6]
    assert limiter.batches() == []


def test_hours_are_those_of_the_clock_that_people_see() -> None:
    clock.move(timedelta(days=2))
    make(1)

    calls.store()

    assert calls.hour_of(Calls.objects.get().hour) == calls.hour_of(clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["batches", "batch", "drop"])
def test_a_worker_killed_before_any_step_loses_and_doubles_nothing(step: str) -> None:
    make(5)
    code = (
        "import django, os; django.setup()\n"
        "from playlists import calls, limiter\n"
        f"limiter.{step} = lambda *_: os.kill(os.getpid(), 9)\n"
        "calls.store()\n"
    )
    known = {**environment(), "DJANGO_SETTINGS_MODULE": "spotsite.settings"}
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=known, check=False)
    make(4)

    calls.store()
    calls.store()

    assert killed.returncode == -9
    assert total() == 9
    assert limiter.batches() == []


def test_rows_that_cannot_be_stored_stay_in_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    make(5)
    with monkeypatch.context() as patch:
        patch.setattr(calls, "_ADD", "SELECT 1 / 0")
        with pytest.raises(DatabaseError):
            calls.store()
    assert not CallBatch.objects.exists()

    calls.store()

    assert total() == 5


def test_a_batch_that_comes_back_from_the_dead_is_not_counted_again() -> None:
    make(5)
    limiter.set_aside("0" * 32)
    again = limiter.batch("0" * 32)
    calls.store()

    limiter._client().hset(limiter.key("made:" + "0" * 32), mapping=dict(again))
    limiter._client().sadd(limiter.key("batches"), "0" * 32)
    calls.store()

    assert total() == 5


def test_calls_for_somebody_who_has_left_belong_to_nobody(person: User) -> None:
    make(2, person=person.pk, recipe=1)
    make(3, recipe=1)
    person.delete()

    calls.store()

    row = Calls.objects.get()
    assert (row.person, row.recipe, row.count) == (None, 1, 5)


def test_a_person_who_leaves_takes_their_calls_along(person: User) -> None:
    make(2, person=person.pk)
    calls.store()

    person.delete()

    assert not Calls.objects.exists()


def test_old_counts_are_deleted() -> None:
    make(1)
    calls.store()
    clock.move(timedelta(days=91))
    make(2)
    calls.store()

    tasks.purge_calls()

    assert total() == 2
    assert CallBatch.objects.count() == 1


def test_each_minute_the_rate_is_kept_too() -> None:
    make(1)

    tasks.store_calls()

    assert total() == 1
    assert CallRate.objects.get().per_second == limiter.rate()


@pytest.mark.django_db(transaction=True)
class TestConnection:
    """What a real call does to the budget."""

    def connection(self, ada: Member, purpose: Purpose = Purpose.PUSH) -> Connection:
        return Connection(ada.credential, purpose=purpose, recipe=3)

    def test_each_call_is_counted_for_its_person_and_recipe(self, ada: Member) -> None:
        self.connection(ada).client.me()
        list(self.connection(ada).client.my_playlists())

        calls.store()

        row = Calls.objects.get()
        assert (row.group, row.person_id, row.recipe, row.count) == ("me", ada.user.pk, 3, 2)

    def test_a_call_that_is_made_again_with_a_fresh_token_counts_twice(
        self, ada: Member, spotify: Control
    ) -> None:
        spotify.expire_access_tokens("ada")

        self.connection(ada).client.me()

        assert budget.spent(ada.user.pk) == 2

    def test_a_rate_limit_pauses_every_call_of_everybody(
        self, ada: Member, spotify: Control
    ) -> None:
        spotify.fault(path="/me$", status=429, text="soon", headers={"Retry-After": "50"})
        with pytest.raises(errors.RateLimited):
            self.connection(ada).client.me()

        with pytest.raises(Paused) as caught:
            self.connection(ada, Purpose.INTERACTIVE).client.playlist("x")

        assert caught.value.reason == "rate_limit"
        assert len(spotify.log(path="playlists")) == 0

    def test_an_odd_retry_after_is_half_a_minute(self, ada: Member, spotify: Control) -> None:
        spotify.fault(path="/me$", status=429, text="soon", headers={"Retry-After": "tomorrow"})

        with pytest.raises(errors.RateLimited):
            self.connection(ada).client.me()

        until = budget.resumes_at()
        assert until is not None
        assert timedelta(seconds=25) < until - clock.now() <= timedelta(seconds=30)

    def test_a_quota_of_hours_closes_its_group_only(self, ada: Member, spotify: Control) -> None:
        quota = {"error": {"status": 429, "message": "No", "reason": "QUOTA_EXCEEDED"}}
        spotify.fault(path="/playlists/", status=429, json=quota, headers={"Retry-After": "52531"})
        playlist_id = ada.has([])
        with pytest.raises(errors.QuotaExceeded):
            self.connection(ada).client.playlist(playlist_id)

        self.connection(ada).client.me()
        with pytest.raises(Paused) as caught:
            self.connection(ada).client.playlist(playlist_id)

        assert caught.value.reason == "quota"
        assert caught.value.until - clock.now() > timedelta(hours=14)

    def test_the_first_call_after_a_pause_opens_the_way_for_all(self, ada: Member) -> None:
        budget.pause(budget.ALL, seconds=50, reason="rate_limit")
        clock.move(timedelta(seconds=51))

        self.connection(ada).client.me()

        self.connection(ada).client.me()
