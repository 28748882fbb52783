"""Who may call Spotify now and who waits: pauses, pace, rate, allowance, a wiped Valkey."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings

from playlists import budget, calls, limiter
from playlists.budget import ALL, Paused, Purpose
from playlists.models import CallRate, Pause
from runner import control
from spotsite import clock
from tests.processes import ROOT, environment

pytestmark = pytest.mark.django_db

INTERACTIVE, PUSH, REFRESH, MAINT = Purpose
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _cautious(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits that a real site has; those of the tests let nearly everything through."""
    allow(monkeypatch)
    monkeypatch.setattr(budget, "_alone", budget._Alone())


@pytest.fixture
def no_valkey(valkey: None) -> Iterator[None]:
    control.ask("stop", "valkey")
    yield
    control.ask("start", "valkey")


def allow(
    monkeypatch: pytest.MonkeyPatch, *, rate: int = 8, burst: int = 60, person: int = 3000
) -> None:
    monkeypatch.setattr(settings, "SPOTIFY_CALLS_PER_SECOND", rate)
    monkeypatch.setattr(settings, "SPOTIFY_BURST", burst)
    monkeypatch.setattr(settings, "SPOTIFY_CALLS_PER_PERSON", person)


def taken(purpose: Purpose, bucket: str = "me", *, most: int = 500, person: int = 0) -> int:
    """Take calls until one is refused; return how many there were."""
    for count in range(most):
        try:
            budget.take(bucket, purpose, person=person or None)
        except Paused:
            return count
    return most


def refusal(purpose: Purpose, bucket: str = "me", *, person: int | None = None) -> Paused:
    with pytest.raises(Paused) as caught:
        budget.take(bucket, purpose, person=person)
    return caught.value


def wipe() -> None:
    limiter._client().flushdb()


# Pauses -------------------------------------------------------------------------------------------


def test_a_rate_limit_stops_every_group_of_calls() -> None:
    until = budget.pause(ALL, seconds=50, reason="rate_limit")

    met = refusal(INTERACTIVE, "playlist-read")

    assert abs(met.until - until) < SECOND
    assert met.reason == "rate_limit"
    assert budget.resumes_at() == until


def test_a_quota_stops_its_own_group_only() -> None:
    budget.pause("playlist-read", seconds=52_531, reason="quota")

    assert not budget.take("playlist-write", PUSH)
    assert refusal(INTERACTIVE, "playlist-read").reason == "quota"


def test_a_quota_says_nothing_of_the_rate() -> None:
    budget.take("me", INTERACTIVE)
    budget.pause("me", seconds=50, reason="quota")

    assert limiter.rate() == pytest.approx(4)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    long = budget.pause(ALL, seconds=5000, reason="quota")

    assert budget.pause(ALL, seconds=2, reason="rate_limit") == long
    met = refusal(INTERACTIVE)
    assert abs(met.until - long) < SECOND
    assert met.reason == "quota"


def test_of_two_pauses_the_longer_counts() -> None:
    budget.pause(ALL, seconds=30, reason="rate_limit")
    long = budget.pause("search", seconds=5000, reason="quota")

    assert abs(refusal(INTERACTIVE, "search").until - long) < SECOND
    assert refusal(INTERACTIVE, "me").reason == "rate_limit"


def test_after_a_pause_one_call_asks_and_the_others_wait_for_its_answer() -> None:
    budget.pause(ALL, seconds=50, reason="rate_limit")
    clock.move(timedelta(seconds=51))

    assert budget.take("me", PUSH)
    assert budget.resumes_at() is None
    wait = refusal(INTERACTIVE, "search").until - clock.now()
    assert timedelta(0) < wait <= timedelta(seconds=limiter.PROBE_SECONDS)

    budget.reopen("me")
    assert not budget.take("search", INTERACTIVE)


def test_a_call_that_asks_and_is_refused_closes_again_and_slows_down() -> None:
    budget.take("me", INTERACTIVE)
    budget.pause(ALL, seconds=50, reason="rate_limit")
    clock.move(timedelta(seconds=51))
    budget.take("me", PUSH)

    until = budget.pause(ALL, seconds=40, reason="rate_limit")
    budget.reopen("me")  # of an older call, answered late

    assert abs(refusal(INTERACTIVE).until - until) < SECOND
    assert limiter.rate() == pytest.approx(1, rel=0.2)


def test_who_died_while_asking_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    budget.pause(ALL, seconds=50, reason="rate_limit")
    clock.move(timedelta(seconds=51))
    budget.take("me", PUSH)

    limiter._client().hset(limiter.key("pause:all"), "probe", 1)  # long ago

    assert budget.take("me", PUSH)


def test_a_group_that_was_closed_is_asked_for_itself() -> None:
    budget.pause("search", seconds=50, reason="quota")
    clock.move(timedelta(seconds=51))

    assert budget.take("search", PUSH)
    assert not budget.take("me", PUSH)
    assert refusal(PUSH, "search").reason == "quota"


def test_staff_lift_a_pause_and_the_first_call_asks() -> None:
    budget.pause(ALL, seconds=52_531, reason="rate_limit")

    budget.lift(ALL)

    assert budget.resumes_at() is None
    budget.recall()
    assert budget.take("me", PUSH)


# The pace -----------------------------------------------------------------------------------------


def test_an_everyday_run_is_not_slowed_and_people_have_a_reserve() -> None:
    assert taken(REFRESH) in range(24, 27)
    assert taken(PUSH) in range(17, 20)  # 42 of 60 with those
    assert taken(INTERACTIVE) in range(17, 20)


def test_a_run_alone_has_its_forty_calls_at_once() -> None:
    assert taken(PUSH) >= 40


def test_no_more_than_burst_and_rate_are_let_through_in_thirty_seconds() -> None:
    most = settings.SPOTIFY_BURST + 30 * settings.SPOTIFY_CALLS_PER_SECOND

    assert most <= 300
    assert taken(INTERACTIVE) <= settings.SPOTIFY_BURST + 3


def test_who_is_put_off_comes_back_to_a_useful_slice() -> None:
    taken(PUSH)

    wait = refusal(PUSH).until - clock.now()

    assert timedelta(seconds=1.5) < wait <= timedelta(seconds=2.1)  # 8 calls at 4 a second


def test_a_person_waits_for_one_call_only() -> None:
    taken(INTERACTIVE)

    met = refusal(INTERACTIVE)

    assert met.until - clock.now() < timedelta(seconds=0.3)
    assert met.reason == "pace"


def test_the_slice_is_never_more_than_the_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, rate=2, burst=4)
    taken(MAINT)

    assert refusal(MAINT).until - clock.now() <= timedelta(seconds=1.1)


def test_the_spacing_of_calls_does_not_follow_a_moved_clock() -> None:
    taken(PUSH)
    clock.move(timedelta(days=3))

    met = refusal(PUSH)

    assert met.until - clock.now() < timedelta(seconds=3)


def test_several_processes_share_one_burst(transactional_db: None) -> None:
    wipe()
    code = (
        "import django; django.setup()\n"
        "from playlists import budget\n"
        "count = 0\n"
        "try:\n"
        "    while True:\n"
        "        budget.take('me', budget.Purpose.INTERACTIVE); count += 1\n"
        "except budget.Paused: print(count)\n"
    )
    limits = {"SPOTIFY_CALLS_PER_SECOND": "2", "SPOTIFY_BURST": "60"}
    known = {**environment(), **limits, "DJANGO_SETTINGS_MODULE": "spotsite.settings"}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=known, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    counts = [int(one.communicate()[0]) for one in running]

    # They start within seconds of each other, and a call a second comes free.
    assert 60 <= sum(counts) < 120
    assert [one.returncode for one in running] == [0, 0, 0]


# The rate that Spotify bears ----------------------------------------------------------------------


def test_a_rate_limit_halves_the_rate_once_however_many_calls_meet_it() -> None:
    budget.take("me", INTERACTIVE)
    for _ in range(5):
        budget.pause(ALL, seconds=30, reason="rate_limit")

    assert limiter.rate() == pytest.approx(2)
    assert CallRate.objects.get().per_second == pytest.approx(2)


def test_a_slower_rate_has_a_smaller_burst() -> None:
    budget.take("me", INTERACTIVE)
    limiter.slow_down()
    limiter.slow_down()

    assert taken(INTERACTIVE) in range(14, 18)  # a quarter of 60


def test_the_rate_has_a_floor_at_which_background_work_still_moves() -> None:
    budget.take("me", INTERACTIVE)
    for _ in range(20):
        limiter.slow_down()

    assert limiter.rate() == pytest.approx(0.25)
    assert taken(MAINT) >= 1


def test_each_minute_without_a_refusal_adds_a_twentieth_of_the_most() -> None:
    budget.take("me", INTERACTIVE)
    go_back(minutes=1)

    budget.take("me", INTERACTIVE)

    assert limiter.rate() == pytest.approx(4.4, rel=0.01)


def test_hours_in_which_nobody_called_prove_no_more_than_a_minute() -> None:
    budget.take("me", INTERACTIVE)
    go_back(minutes=300)

    budget.take("me", INTERACTIVE)

    assert limiter.rate() == pytest.approx(4.4, rel=0.01)


def test_the_rate_grows_up_to_what_is_set() -> None:
    for _ in range(30):
        budget.take("me", INTERACTIVE)
        go_back(minutes=1)

    assert limiter.rate() == pytest.approx(8)


def go_back(*, minutes: int) -> None:
    """Make the last call one of so many minutes ago, by Valkey's clock."""
    key = limiter.key("pace")
    seen = float(limiter._client().hget(key, "seen") or 0)
    limiter._client().hset(key, "seen", repr(seen - minutes * 60_000))


# One person's share of a day ----------------------------------------------------------------------


def test_background_work_of_one_person_ends_at_their_allowance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(monkeypatch, person=10)

    assert taken(PUSH, person=1) == 10
    met = refusal(PUSH, person=1)
    assert met.reason == "allowance"
    assert timedelta(hours=23) <= met.until - clock.now() <= timedelta(hours=24)
    budget.take("me", PUSH, person=2)
    budget.take("me", INTERACTIVE, person=1)
    assert budget.spent(1) == 11


def test_an_allowance_comes_back_by_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, person=10)
    taken(PUSH, person=1, most=4)
    clock.move(timedelta(hours=2))
    taken(PUSH, person=1)
    met = refusal(PUSH, person=1)

    clock.move(met.until - clock.now() + SECOND)

    assert met.until - clock.now() < timedelta(0)
    assert taken(PUSH, person=1) == 4


def test_nobody_is_limited_where_the_allowance_is_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, person=0)

    assert taken(PUSH, person=1) >= 40


# Valkey that forgets ------------------------------------------------------------------------------


def test_a_pause_and_the_rate_outlive_a_wiped_valkey() -> None:
    budget.take("me", INTERACTIVE)
    budget.pause(ALL, seconds=5000, reason="rate_limit")
    wipe()

    assert refusal(INTERACTIVE).reason == "rate_limit"
    assert limiter.rate() == pytest.approx(2)
    assert Pause.objects.count() == 1


def test_an_allowance_outlives_a_wiped_valkey(
    monkeypatch: pytest.MonkeyPatch, django_user_model: type
) -> None:
    person = django_user_model.objects.create_user().pk
    allow(monkeypatch, person=10)
    taken(PUSH, person=person)
    calls.store()
    wipe()

    assert refusal(PUSH, person=person).reason == "allowance"


def test_the_sweep_puts_a_pause_back_before_anybody_calls() -> None:
    budget.pause("search", seconds=5000, reason="quota")
    wipe()

    budget.recall()

    assert limiter._client().hexists(limiter.key("pause:search"), "until")


def test_a_rate_above_what_is_set_now_is_not_believed() -> None:
    CallRate.objects.create(per_second=500)

    budget.take("me", INTERACTIVE)

    assert limiter.rate() == pytest.approx(8)


# Valkey that is away ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_without_valkey_people_are_served_slowly_and_other_work_waits(no_valkey: None) -> None:
    met = refusal(PUSH)

    assert met.reason == "pace"
    assert met.until - clock.now() <= budget.AWAY
    assert taken(INTERACTIVE) in range(5, 10)  # a stopped server takes a moment to refuse
    assert refusal(INTERACTIVE).until - clock.now() <= SECOND


@pytest.mark.django_db(transaction=True)
def test_without_valkey_a_pause_still_holds(no_valkey: None) -> None:
    until = budget.pause("me", seconds=5000, reason="quota")

    assert refusal(INTERACTIVE).until == until
    budget.take("search", INTERACTIVE)


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("GET", "/me", "me"),
        ("GET", "/me/playlists", "me"),
        ("POST", "/me/playlists", "me"),
        ("GET", "/playlists/x/items", "playlist-read"),
        ("POST", "/playlists/x/items", "playlist-write"),
        ("DELETE", "/playlists/x/items", "playlist-write"),
        ("PUT", "/playlists/x", "playlist-write"),
        ("GET", "/me/tracks", "library-read"),
        ("GET", "/me/library/contains", "library-read"),
        ("PUT", "/me/library", "library-write"),
        ("GET", "/me/top/tracks", "listening"),
        ("GET", "/me/player/recently-played", "listening"),
        ("GET", "/search", "search"),
        ("GET", "/tracks/x", "catalogue"),
    ],
)
def test_calls_are_grouped_by_what_they_do(method: str, path: str, bucket: str) -> None:
    assert budget.bucket_of(method, path) == bucket
