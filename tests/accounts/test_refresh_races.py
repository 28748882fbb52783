"""Races of real processes that refresh one credential, with a provider that is told to be slow."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from accounts import leases, tokens
from accounts.models import Credential, CredentialEvent
from tests.accounts.conftest import SCOPES, Later, Link, grant_of
from tests.accounts.refresher import Start
from tests.processes import wait_for

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)

AN_HOUR = timedelta(hours=1)
A_LEASE = leases.LEASE + timedelta(seconds=1)


def posts(sim: Control) -> int:
    return len(sim.log(path="/api/token"))


def stored_token(credential: Credential) -> tokens.AccessToken:
    return tokens.access_token_for(credential.pk, spare=timedelta(0))


def digest(token: tokens.AccessToken) -> str:
    return hashlib.sha256(token.secret.reveal().encode()).hexdigest()


def test_64_threads_of_two_processes_at_expiry_make_one_call(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(latency_ms=300)
    both = [start("use", credential.pk, threads=32) for _ in range(2)]

    results = [one for process in [each.go() for each in both] for one in process.results()]

    assert posts(sim) == 1
    assert len(results) == 64
    assert {one["generation"] for one in results} == {credential.generation + 1}
    assert {one["token"] for one in results} == {digest(stored_token(credential))}


def test_threads_that_wait_for_a_refresh_that_fails_do_not_each_try_it(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(latency_ms=300)
    sim.fault(path="/api/token", status=503, times=None)

    results = start("use", credential.pk, threads=16).go().results()

    assert {one["error"] for one in results} == {"ProviderUnavailable"}
    assert posts(sim) == 1


def test_a_holder_killed_before_the_provider_acted_is_replaced_when_its_lease_ends(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(rotate=True)
    sim.fault(path="/api/token", kind="hang", when="before")
    holder = start("use", credential.pk).go()
    wait_for(lambda: posts(sim) == 1 or leased(credential), what="the holder to claim")
    wait_for(lambda: hits(sim) == 1, what="the call to hang")
    holder.kill()

    waiting = start("use", credential.pk).go()
    later(A_LEASE)

    assert [one["generation"] for one in waiting.results()] == [credential.generation + 1]
    assert hits(sim) == 1


def test_a_holder_killed_after_the_provider_acted_costs_nothing_where_tokens_do_not_rotate(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    kill_after_the_answer(sim, start, credential)
    later(A_LEASE)

    token = tokens.access_token_for(credential.pk)

    assert token.generation == credential.generation + 1


def test_a_rotation_lost_with_its_holder_is_rescued_by_the_providers_grace(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(rotate=True, rotate_grace_s=300)
    kill_after_the_answer(sim, start, credential)
    later(A_LEASE)

    token = tokens.access_token_for(credential.pk)

    assert token.generation == credential.generation + 1
    later(AN_HOUR)
    assert tokens.access_token_for(credential.pk).generation == token.generation + 1


def test_a_rotation_lost_for_good_is_called_by_its_name(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(rotate=True, rotate_grace_s=0)
    kill_after_the_answer(sim, start, credential)
    later(A_LEASE)

    tokens.refresh_next_due()

    credential.refresh_from_db()
    assert (credential.status, credential.last_error_code) == ("suspect", "lost_rotation")
    doubt = CredentialEvent.objects.get(account=credential.account, kind="doubted")
    assert doubt.code == "lost_rotation"


def test_a_holder_killed_after_it_stored_the_answer_is_not_missed(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(rotate=True, rotate_grace_s=0)
    holder = start("linger", credential.pk).go()
    got = holder.first_result()
    holder.kill()

    assert digest(stored_token(credential)) == got["token"]
    assert posts(sim) == 1


def test_an_answer_slower_than_the_lease_does_not_replace_a_newer_one(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    fault = sim.fault(path="/api/token", kind="hang", when="after", seconds=3)
    slow = start("use", credential.pk).go()
    wait_for(lambda: hits(sim) == 1, what="the slow call")
    later(A_LEASE)

    quick = tokens.access_token_for(credential.pk)

    assert fault
    assert [one["token"] for one in slow.results()] == [digest(quick)]
    assert digest(stored_token(credential)) == digest(quick)
    assert posts(sim) == 2


def test_a_consent_given_during_a_refresh_wins(
    sim: Control, link: Link, later: Later, start: Start
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.switch(rotate=True, rotate_grace_s=0)
    sim.fault(path="/api/token", kind="hang", when="after", seconds=2)
    slow = start("use", credential.pk).go()
    wait_for(lambda: hits(sim) == 1, what="the slow call")

    grant = grant_of(sim.tokens("wizzler", SCOPES))
    tokens.absorb(credential.account, grant, consent=True)

    assert grant.access_token is not None
    asked = [one["token"] for one in slow.results()]
    assert asked == [hashlib.sha256(grant.access_token.reveal().encode()).hexdigest()]
    assert stored_token(credential).secret == grant.access_token
    later(AN_HOUR)
    assert tokens.access_token_for(credential.pk)


def test_a_refresh_needs_no_valkey(sim: Control, link: Link, later: Later, start: Start) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    nowhere = "redis://127.0.0.1:1/0"

    results = start("use", credential.pk, REDIS_URL=nowhere).go().results()

    assert [one["generation"] for one in results] == [credential.generation + 1]


def leased(credential: Credential) -> bool:
    return Credential.objects.filter(pk=credential.pk).exclude(lease_until=None).exists()


def hits(sim: Control) -> int:
    return sum(one["hit"] for one in sim.faults())


def kill_after_the_answer(sim: Control, start: Start, credential: Credential) -> None:
    """Kill a holder when the provider has acted and its answer is on the way."""
    sim.fault(path="/api/token", kind="hang", when="after")
    holder = start("use", credential.pk).go()
    wait_for(lambda: hits(sim) == 1, what="the holder's call")
    holder.kill()
    sim.clear_faults()
