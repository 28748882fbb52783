"""Beat's tick, real workers, and the query that beat's cost hangs on."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis
from allauth.socialaccount.models import SocialAccount
from django.db import connection

from accounts import leases, tasks, tokens
from accounts.models import Credential, ProviderState, User, Withdrawal
from spotsite import clock
from tests.accounts.conftest import Later, Link
from tests.processes import Worker, wait_for

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_tick_refreshes_all_that_is_due_and_nothing_else(
    sim: Control, link: Link, later: Later, worker: Worker
) -> None:
    link(*(f"due-{number}" for number in range(10)))
    later(timedelta(hours=1))
    (fresh, *_) = link("fresh", "fresher")

    tasks.refresh_due.delay()

    wait_for(lambda: not Credential.objects.due().exists(), what="the refreshes")
    assert len(sim.log(path="/api/token")) == 10
    fresh_now = Credential.objects.get(pk=fresh.pk)
    assert fresh_now.generation == fresh.generation


def test_doubled_and_lost_messages_change_nothing(
    sim: Control, link: Link, later: Later, worker: Worker
) -> None:
    link(*(f"due-{number}" for number in range(10)))
    later(timedelta(hours=1))

    for _ in range(5):
        tasks.refresh_due.delay()
        tasks.refresh_some.delay()

    wait_for(lambda: not Credential.objects.due().exists(), what="the refreshes")
    wait_for(nothing_is_queued, what="the doubled messages")
    assert len(sim.log(path="/api/token")) == 10


def nothing_is_queued() -> bool:
    valkey = redis.Redis.from_url(os.environ["REDIS_URL"])
    with valkey:
        return not valkey.llen("spotsite:refresh") and not valkey.hlen("spotsite:unacked")


def test_refreshes_that_hang_leave_room_for_people(
    sim: Control, link: Link, later: Later, worker: Worker
) -> None:
    link(*(f"due-{number}" for number in range(6)))
    later(timedelta(hours=1))
    sim.fault(path="/api/token", kind="hang", when="before", times=None, seconds=6)
    for _ in range(8):
        tasks.refresh_some.delay()
    wait_for(lambda: sum(one["hit"] for one in sim.faults()) == 2, what="both slots to hang")
    waiting = Withdrawal.objects.create(provider="facebook", uid="1")

    tasks.withdraw_permission.delay(waiting.pk)

    wait_for(lambda: Withdrawal.objects.get(pk=waiting.pk).tries, seconds=4, what="the person")
    assert sum(one["hit"] for one in sim.faults()) == 2
    sim.clear_faults()


def test_only_as_many_are_woken_as_have_something_to_do(link: Link) -> None:
    assert tokens.count_due(most=2) == 0
    link("a", "b", "c")

    Credential.objects.update(next_refresh_at=clock.now())

    assert tokens.count_due(most=2) == 2


def test_what_is_due_is_found_by_the_index_however_many_are_idle(sim: Control, link: Link) -> None:
    link("wizzler")
    idle(3_000)
    Credential.objects.filter(provider_user_id="wizzler").update(next_refresh_at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_credential")

    assert_reads_only_what_is_due(*Credential.objects.due().query.sql_with_params())
    values = {"lease": leases.LEASE, "probe": leases.PROBE_EVERY}
    assert_reads_only_what_is_due(leases._CLAIM_DUE, values)


def assert_reads_only_what_is_due(sql: str, values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        (plan,) = cursor.fetchone()
    nodes = list(nodes_of(plan[0]["Plan"]))
    assert any(node.get("Index Name") == "credential_due" for node in nodes)
    read = sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes
        if node.get("Relation Name") == "accounts_credential" and node["Node Type"] != "ModifyTable"
    )
    assert read <= 10


def idle(count: int) -> None:
    user = User.objects.create_user()
    accounts = SocialAccount.objects.bulk_create(
        SocialAccount(user=user, provider="spotify", uid=f"idle-{number}")
        for number in range(count)
    )
    tomorrow = clock.now() + timedelta(days=1)
    Credential.objects.bulk_create(
        Credential(
            account=one, provider="spotify", key_id=1, refresh_ct=b"x", next_refresh_at=tomorrow
        )
        for one in accounts
    )


def nodes_of(plan: dict[str, Any]) -> Any:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes_of(part)


def test_a_stopped_provider_makes_nobody_due(link: Link) -> None:
    link("wizzler")
    Credential.objects.update(next_refresh_at=clock.now())
    ProviderState.objects.create(
        provider="spotify", app_error_code="x", app_error_at=clock.now(), probed_at=clock.now()
    )

    assert leases.claim_due() is None
