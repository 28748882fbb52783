"""All that can go wrong with a refresh and is not the person's doing: it ends no connection."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.test import override_settings

from accounts import tokens
from accounts.errors import (
    CredentialUnreadable,
    ProviderRefusedUs,
    ProviderUnavailable,
    ReauthorizationRequired,
)
from accounts.models import Credential, CredentialEvent, ProviderState
from spotsite import clock
from tests.accounts.conftest import Later, Link
from tests.accounts.outage import Road, port_that_refuses
from tests.accounts.refresher import Start
from tests.processes import wait_for

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)

AN_HOUR = timedelta(hours=1)
A_MINUTE = timedelta(minutes=1)


def posts(sim: Control) -> int:
    return len(sim.log(path="/api/token"))


def test_a_missing_refresh_token_keeps_the_old_one(sim: Control, link: Link, later: Later) -> None:
    credential = link("wizzler")

    for _ in range(3):
        later(AN_HOUR)
        tokens.access_token_for(credential.pk)

    assert posts(sim) == 3


def test_a_rotated_refresh_token_is_the_next_one_spent(
    sim: Control, link: Link, later: Later
) -> None:
    sim.switch(rotate=True, rotate_grace_s=0)
    credential = link("wizzler")

    for _ in range(3):
        later(AN_HOUR)
        tokens.access_token_for(credential.pk)

    assert posts(sim) == 3


def test_a_token_that_is_valid_costs_no_call(sim: Control, link: Link) -> None:
    credential = link("wizzler")

    first, second = (tokens.access_token_for(credential.pk) for _ in range(2))

    assert first == second
    assert posts(sim) == 0


def test_a_token_that_does_not_last_for_the_slice_is_replaced(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(timedelta(minutes=45))

    tokens.access_token_for(credential.pk, spare=timedelta(minutes=14))
    assert posts(sim) == 0
    tokens.access_token_for(credential.pk, spare=timedelta(minutes=16))

    assert posts(sim) == 1


def test_a_rejected_token_is_replaced_once_for_all_who_hold_it(sim: Control, link: Link) -> None:
    credential = link("wizzler")
    rejected = tokens.access_token_for(credential.pk)

    first, second = (
        tokens.replace_rejected(credential.pk, generation=rejected.generation) for _ in range(2)
    )

    assert first == second
    assert first.secret != rejected.secret
    assert posts(sim) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 503}, "http_503"),
        (
            {"status": 502, "text": "upstream connect error or disconnect/reset before headers"},
            "http_502",
        ),
        ({"status": 500, "json": {"error": "invalid_grant"}}, "http_500"),
        ({"status": 400, "text": "error=invalid_grant"}, "http_400"),
        ({"status": 400, "json": {"error": "invalid_request"}}, "http_400"),
        (
            {"status": 400, "json": {"error": {"status": 400, "message": "invalid_grant"}}},
            "http_400",
        ),
        ({"status": 403, "json": ["invalid_grant"]}, "http_403"),
        ({"status": 200, "text": "<html>invalid_grant"}, "bad_answer"),
        ({"status": 200, "json": {"expires_in": 3600}}, "bad_answer"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "http_302"),
        ({"status": 429}, "rate_limited"),
        ({"kind": "drop"}, "connection_broken"),
    ],
)
def test_what_is_not_invalid_grant_is_tried_again_and_ends_nothing(
    sim: Control, link: Link, later: Later, fault: dict[str, Any], code: str
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.fault(path="/api/token", **fault)

    with pytest.raises(ProviderUnavailable) as raised:
        tokens.access_token_for(credential.pk)

    assert raised.value.code == code
    credential.refresh_from_db()
    assert (credential.status, credential.fail_count, credential.lease_until) == ("ok", 1, None)
    assert credential.last_error_code == code
    later(A_MINUTE)
    assert tokens.access_token_for(credential.pk).generation == credential.generation + 1
    credential.refresh_from_db()
    assert (credential.fail_count, credential.last_error_code) == (0, "")


def test_a_long_outage_is_asked_ever_less_often_and_is_survived(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    sim.fault(path="/api/token", status=503, times=None)
    later(AN_HOUR)

    for _ in range(12 * 60):
        later(A_MINUTE)
        while tokens.refresh_next_due() is not None:
            pass

    credential.refresh_from_db()
    assert credential.status == "ok"
    assert 10 <= posts(sim) <= 90  # full jitter below an hour: two an hour on average
    sim.clear_faults()
    later(AN_HOUR)
    assert tokens.access_token_for(credential.pk)


def test_nobody_calls_while_a_refresh_is_put_off(sim: Control, link: Link, later: Later) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.fault(path="/api/token", status=503, headers={"Retry-After": "600"})

    for _ in range(3):
        with pytest.raises(ProviderUnavailable) as raised:
            tokens.access_token_for(credential.pk)

    assert posts(sim) == 1
    assert raised.value.retry_after is not None
    assert 590 < raised.value.retry_after <= 610


def test_a_429_of_the_token_endpoint_makes_everybody_wait(
    sim: Control, link: Link, later: Later
) -> None:
    one, other = link("wizzler", "snoopy")
    later(AN_HOUR)
    sim.fault(path="/api/token", status=429, headers={"Retry-After": "300"})

    with pytest.raises(ProviderUnavailable):
        tokens.access_token_for(one.pk)
    with pytest.raises(ProviderUnavailable) as raised:
        tokens.access_token_for(other.pk)

    assert posts(sim) == 1
    assert tokens.refresh_next_due() is None
    assert raised.value.retry_after is not None
    assert 290 < raised.value.retry_after <= 310
    later(timedelta(seconds=320))
    assert tokens.access_token_for(other.pk)


def test_a_provider_that_cannot_be_reached_is_asked_later(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)

    nowhere = f"http://127.0.0.1:{port_that_refuses()}"
    for address in (nowhere, "http://no-such-host.invalid"):
        later(A_MINUTE)
        unreachable = pytest.raises(ProviderUnavailable, match="unreachable")
        with override_settings(SPOTIFY_ACCOUNTS_URL=address), unreachable:
            tokens.access_token_for(credential.pk)

    later(timedelta(minutes=2))
    assert tokens.access_token_for(credential.pk)


def test_a_stored_token_is_used_to_its_end_while_the_provider_is_down(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    sim.fault(path="/api/token", status=503, times=None)
    later(timedelta(minutes=51))

    while tokens.refresh_next_due() is not None:
        pass

    assert posts(sim) >= 1
    assert tokens.access_token_for(credential.pk).generation == credential.generation


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_provider_whose_clock_is_wrong_changes_nothing(
    sim: Control, link: Link, later: Later, minutes: int
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    sim.advance(seconds=minutes * 60)
    before = clock.now()

    token = tokens.access_token_for(credential.pk)

    assert before + AN_HOUR <= token.expires_at <= clock.now() + AN_HOUR


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_machine_whose_clock_is_wrong_changes_nothing(
    sim: Control, link: Link, later: Later, start: Start, minutes: int
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    before = clock.now()

    skewed = start("use", credential.pk, TEST_CLOCK_SKEW=str(minutes * 60)).go().results()

    credential.refresh_from_db()
    assert [one["generation"] for one in skewed] == [credential.generation]
    assert credential.access_expires_at is not None
    assert before + AN_HOUR <= credential.access_expires_at <= clock.now() + AN_HOUR
    assert posts(sim) == 1


def test_a_wrong_client_secret_stops_the_provider_and_touches_no_account(
    sim: Control, link: Link, later: Later
) -> None:
    one, other = link("wizzler", "snoopy")
    later(AN_HOUR)
    before = list(
        Credential.objects.order_by("pk").values("status", "next_refresh_at", "generation")
    )

    with override_settings(SPOTIFY_CLIENT_SECRET="wrong"):
        for credential in (one, other, one):
            with pytest.raises(ProviderRefusedUs, match="invalid_client"):
                tokens.access_token_for(credential.pk)
        assert tokens.refresh_next_due() is None
    assert posts(sim) == 1
    assert before == list(
        Credential.objects.order_by("pk").values("status", "next_refresh_at", "generation")
    )
    assert ProviderState.objects.get(provider="spotify").app_error_code == "invalid_client"


def test_a_stopped_provider_is_asked_once_each_15_minutes_and_goes_on_by_itself(
    sim: Control, link: Link, later: Later
) -> None:
    link("wizzler", "snoopy", "woodstock")
    later(AN_HOUR)
    with override_settings(SPOTIFY_CLIENT_SECRET="wrong"):
        for _ in range(60):
            while tokens.refresh_next_due() is not None:
                pass
            later(A_MINUTE)
    assert posts(sim) == 4

    while tokens.refresh_next_due() is not None:
        pass

    assert not Credential.objects.exclude(status="ok").exists()
    assert Credential.objects.due().count() == 0
    assert ProviderState.objects.get(provider="spotify").app_error_at is None


@pytest.fixture
def road() -> Iterator[Road]:
    road = Road()
    yield road
    road.end()


def test_a_database_that_is_down_at_the_commit_gets_the_answer_when_it_is_back(
    sim: Control, link: Link, later: Later, start: Start, road: Road
) -> None:
    credential = link("wizzler")
    sim.switch(rotate=True, rotate_grace_s=0)
    later(AN_HOUR)
    sim.fault(path="/api/token", kind="hang", when="after", seconds=1)
    holder = start("use", credential.pk, DATABASE_URL=road.url).go()
    wait_for(lambda: sum(one["hit"] for one in sim.faults()) == 1, what="the call")

    road.close()
    threading.Timer(3, road.open).start()

    assert [one["generation"] for one in holder.results()] == [credential.generation + 1]
    later(AN_HOUR)
    assert tokens.access_token_for(credential.pk).generation == credential.generation + 2


def test_a_commit_whose_answer_was_lost_costs_no_second_call(
    sim: Control, link: Link, later: Later, start: Start, road: Road
) -> None:
    credential = link("wizzler")
    later(AN_HOUR)
    road.swallow_answer_to(b'"last_refreshed_at" = ')

    results = start("use", credential.pk, DATABASE_URL=road.url).go().results()

    assert road.swallowed.is_set()
    token = tokens.access_token_for(credential.pk)
    digest = hashlib.sha256(token.secret.reveal().encode()).hexdigest()
    assert results == [{"generation": credential.generation + 1, "token": digest}]
    assert posts(sim) == 1


def test_a_ciphertext_of_another_row_is_refused_and_reported_once(
    sim: Control, link: Link, later: Later
) -> None:
    mine, theirs = link("wizzler", "snoopy")
    Credential.objects.filter(pk=mine.pk).update(
        access_ct=theirs.access_ct, refresh_ct=theirs.refresh_ct
    )

    for _ in range(2):
        with pytest.raises(CredentialUnreadable):
            tokens.access_token_for(mine.pk)
    later(AN_HOUR)
    with pytest.raises(CredentialUnreadable):
        tokens.access_token_for(mine.pk)

    assert posts(sim) == 0
    assert CredentialEvent.objects.filter(kind="unsealable").count() == 1
    mine.refresh_from_db()
    assert mine.refresh_ct == theirs.refresh_ct


def test_no_token_is_asked_for_inside_a_transaction(sim: Control, link: Link, later: Later) -> None:
    credential = link("wizzler")
    later(AN_HOUR)

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        tokens.access_token_for(credential.pk)

    assert posts(sim) == 0


def test_an_account_without_tokens_needs_its_person(sim: Control, link: Link) -> None:
    credential = link("wizzler")
    tokens.forget(credential, reason="disconnected")

    with pytest.raises(ReauthorizationRequired):
        tokens.access_token_for(credential.pk)
    with pytest.raises(ReauthorizationRequired):
        tokens.refresh(credential.pk)

    assert posts(sim) == 0
