from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts import schedule

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def next_one(pk: int = 1, *, life: timedelta = HOUR, used: datetime | None = NOON) -> timedelta:
    at = schedule.after_success(pk, claimed_at=NOON, life=life, last_used_at=used)
    return at - NOON


def test_what_is_used_is_refreshed_10_to_20_minutes_before_its_end_at_random() -> None:
    times = [next_one() for _ in range(200)]

    assert all(40 * MINUTE <= time <= 50 * MINUTE for time in times)
    assert max(times) - min(times) > 5 * MINUTE


def test_a_short_life_is_not_due_at_once() -> None:
    assert next_one(life=10 * MINUTE) == 5 * MINUTE


@pytest.mark.parametrize("used", [None, NOON - timedelta(days=8)])
def test_what_is_idle_is_tried_once_a_day_at_a_second_of_its_own(used: datetime | None) -> None:
    times = [next_one(pk, used=used) for pk in range(500)]

    assert times == [next_one(pk, used=used) for pk in range(500)]
    assert all(timedelta(0) < time <= timedelta(days=1) for time in times)
    by_hour = [sum(time // HOUR == hour for time in times) for hour in range(24)]
    assert max(by_hour) < 3 * 500 / 24


def test_failures_wait_ever_longer_with_full_jitter_up_to_an_hour() -> None:
    for failures, ceiling in ((1, 30), (2, 60), (5, 480), (8, 3600), (1000, 3600)):
        waits = [schedule.backoff(failures).total_seconds() for _ in range(300)]
        assert max(waits) <= ceiling
        assert max(waits) > ceiling * 0.9
        assert min(waits) < ceiling * 0.1


def test_what_the_provider_asked_for_is_a_floor() -> None:
    waits = [schedule.backoff(1, asked=600).total_seconds() for _ in range(100)]

    assert all(600 <= wait <= 610 for wait in waits)
