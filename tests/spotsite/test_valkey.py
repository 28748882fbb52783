"""A Valkey that hangs costs a process one wait, and is asked again a little later."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.tasks import withdraw_permission
from runner import control
from spotsite import nudges, valkey
from spotsite.valkey import NotAsked
from tests.processes import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Hang = Callable[[], None]


@pytest.fixture
def hang(valkey: None) -> Iterator[Hang]:
    """Stop Valkey so that it takes connections and answers nothing; it goes on afterwards."""
    pid = control.running()["valkey"]["pid"]
    cache.get("warm")
    yield lambda: os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)


@pytest.fixture
def long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "QUIET_SECONDS", 600.0)


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "QUIET_SECONDS", 0.1)


def test_a_valkey_that_was_silent_is_left_alone(hang: Hang, long_memory: None) -> None:
    hang()
    with pytest.raises(redis.TimeoutError) as waited:
        cache.get("a")

    with pytest.raises(NotAsked):
        cache.get("a")

    assert not isinstance(waited.value, NotAsked)
    assert not nudges.send(withdraw_permission, 0)
    assert Client().get("/healthz").json() == {"ok": False, "database": True, "broker": False}


def test_a_silent_broker_is_silent_for_the_cache_too(hang: Hang, long_memory: None) -> None:
    hang()

    assert not nudges.send(withdraw_permission, 0)

    with pytest.raises(NotAsked):
        cache.get("a")


def test_it_is_asked_again_a_little_later(hang: Hang, short_memory: None) -> None:
    hang()
    with pytest.raises(redis.TimeoutError):
        cache.get("a")
    os.kill(control.running()["valkey"]["pid"], signal.SIGCONT)

    def answers() -> bool:
        try:
            return cache.get("a", "nothing") == "nothing"
        except NotAsked:
            return False

    wait_for(answers, what="Valkey to be asked")
    assert nudges.send(withdraw_permission, 0)


def test_one_caller_asks_whether_it_is_back(hang: Hang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "QUIET_SECONDS", 0.0)
    hang()
    with pytest.raises(redis.TimeoutError):
        cache.get("a")
    monkeypatch.setattr(valkey, "QUIET_SECONDS", 600.0)
    raised: list[type[Exception]] = []

    def ask() -> None:
        try:
            cache.get("a")
        except redis.RedisError as exc:
            raised.append(type(exc))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(raised) == 5
    assert raised.count(NotAsked) == 4


def test_one_that_refuses_is_simply_asked_again(valkey: None) -> None:
    control.ask("stop", "valkey")
    try:
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                cache.get("a")
    finally:
        control.ask("start", "valkey")

    assert cache.get("a", "nothing") == "nothing"


def test_one_wait_is_at_most_a_second() -> None:
    cached = settings.CACHES["default"]["OPTIONS"]
    sent = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    for options in (cached, sent, settings.VALKEY_TIMEOUTS):
        assert options["socket_connect_timeout"] + options["socket_timeout"] <= 1
