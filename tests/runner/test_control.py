"""A test may stop, kill and start the servers that `./dev test` runs."""

from __future__ import annotations

import os

import psycopg
import pytest
import redis

from runner import control


def test_valkey_can_be_killed_and_started_again_empty() -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.set("runner:control", "there")
    before = control.running()["valkey"]

    control.ask("kill", "valkey")
    with pytest.raises(redis.ConnectionError):
        client.get("runner:control")
    control.ask("start", "valkey")

    after = control.running()["valkey"]
    assert client.get("runner:control") is None
    assert after["port"] == before["port"]
    assert after["pid"] != before["pid"]
    client.close()


def test_postgres_can_be_killed_and_keeps_what_was_committed() -> None:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE runner_control AS SELECT 1 AS kept")

    control.ask("kill", "postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    control.ask("start", "postgres")

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT kept FROM runner_control").fetchall() == [(1,)]
        connection.execute("DROP TABLE runner_control")


def test_unknown_server_is_refused() -> None:
    with pytest.raises(RuntimeError, match="unknown request"):
        control.ask("start", "mainframe")
