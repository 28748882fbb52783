"""The pause that all workers honour, and what happens to it when Valkey forgets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache

from playlists import budget
from playlists.budget import Paused
from playlists.models import Pause
from spotsite import clock

pytestmark = pytest.mark.django_db


def test_a_rate_limit_stops_every_group_of_calls() -> None:
    until = budget.pause(budget.ALL, seconds=5, reason="rate_limit")

    with pytest.raises(Paused) as caught:
        budget.check("playlist-read")

    assert abs(caught.value.until - until) < timedelta(milliseconds=1)
    assert budget.resumes_at() == until


def test_a_quota_stops_its_own_group_only() -> None:
    budget.pause("playlist-read", seconds=5000, reason="quota")

    budget.check("playlist-write")
    with pytest.raises(Paused):
        budget.check("playlist-read")


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    long = budget.pause(budget.ALL, seconds=5000, reason="rate_limit")

    assert budget.pause(budget.ALL, seconds=2, reason="rate_limit") == long
    with pytest.raises(Paused) as caught:
        budget.check("me")
    assert abs(caught.value.until - long) < timedelta(milliseconds=1)


def test_a_pause_ends_by_the_clock() -> None:
    budget.pause(budget.ALL, seconds=50, reason="rate_limit")

    clock.move(timedelta(seconds=51))

    budget.check("me")
    assert budget.resumes_at() is None


def test_a_pause_outlives_a_wiped_valkey() -> None:
    budget.pause(budget.ALL, seconds=5000, reason="quota")
    cache.clear()
    budget.check("me")  # nobody knows, until the sweep

    budget.recall()

    with pytest.raises(Paused):
        budget.check("me")
    assert Pause.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("GET", "/me", "me"),
        ("GET", "/me/playlists", "me"),
        ("POST", "/me/playlists", "me"),
        ("GET", "/playlists/x/items", "playlist-read"),
        ("POST", "/playlists/x/items", "playlist-write"),
        ("DELETE", "/playlists/x/items", "playlist-write"),
    ],
)
def test_calls_are_grouped_by_what_they_do(method: str, path: str, bucket: str) -> None:
    assert budget.bucket_of(method, path) == bucket
