from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import override_settings

from spotsite import slots
from tests.processes import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def another_task() -> Iterator[int]:
    """Hold one slot from a connection of its own; yield the number of slots that it got."""
    mine = connection.copy()
    try:
        with mine.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [slots._worker()])
            yield int(cursor.fetchone()[0])
            # The server notices a closed connection a moment later; this is at once.
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        mine.close()


@override_settings(BACKGROUND_SLOTS=1)
def test_a_slot_that_another_task_holds_is_not_free() -> None:
    with another_task() as got:
        assert got
        with slots.background() as free:
            assert not free

    with slots.background() as free:
        assert free


@override_settings(BACKGROUND_SLOTS=2)
def test_as_many_may_run_at_once_as_there_are_slots() -> None:
    with another_task(), slots.background() as free:
        assert free
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert cursor.fetchone()[0] == 2


@override_settings(BACKGROUND_SLOTS=1)
def test_a_slot_is_given_back_when_the_task_fails() -> None:
    with pytest.raises(ValueError, match="the task"), slots.background():
        raise ValueError("the task")

    with another_task() as got:
        assert got


@override_settings(BACKGROUND_SLOTS=1)
def test_a_connection_that_broke_in_the_task_is_no_error() -> None:
    with slots.background() as free:
        assert free
        with another_connection_ends_this_one():
            pass

    with slots.background() as free:
        assert free


@contextmanager
def another_connection_ends_this_one() -> Iterator[None]:
    mine = connection.copy()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with mine.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        yield
    finally:
        mine.close()


@override_settings(BACKGROUND_SLOTS=1)
def test_the_slot_of_a_killed_process_is_free_again() -> None:
    hold = (
        "import django, sys; django.setup(); from spotsite import slots; "
        f"slots._worker = lambda: {slots._worker()}\n"
        "with slots.background() as free: print(free, flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold],
        cwd=ROOT,
        env={**environment(), "BACKGROUND_SLOTS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with slots.background() as free:
        assert not free
    holder.kill()
    holder.communicate()

    assert any(taken() for _ in range(200))


def taken() -> bool:
    with slots.background() as free:
        return free


def test_slots_belong_to_one_worker() -> None:
    assert slots._worker() == slots._worker()
    assert -(2**31) <= slots._worker() < 2**31
    assert os.getppid() > 0
