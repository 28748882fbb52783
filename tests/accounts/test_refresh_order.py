"""Every order in which two refreshers and a new consent can meet, statement by statement.

Each actor is a generator that stops after each statement that commits, and a scheduler tries all
orders. The provider is a model in memory that rotates without grace: the least forgiving one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import leases, tokens, vault
from accounts.leases import Lease
from accounts.models import Credential, User
from accounts.oauth import Grant
from accounts.vault import Secret
from spotsite import clock

pytestmark = pytest.mark.django_db

Steps = Iterator[None]


class Provider:
    """Knows which refresh token is good; a new consent is a new line of tokens."""

    def __init__(self) -> None:
        self.count = 0
        self.good = {"consent": "", "line": ""}
        self.in_flight: list[tuple[str, bool]] = []

    def consent(self) -> Grant:
        return self._grant("consent")

    def refresh(self, spent: str) -> Grant | None:
        for kind, good in self.good.items():
            if spent == good:
                return self._grant(kind)
        return None

    def _grant(self, kind: str) -> Grant:
        self.count += 1
        refresh_token = f"refresh-{self.count}"
        self.good[kind] = refresh_token
        access, refresh = Secret(f"access-{self.count}"), Secret(refresh_token)
        return Grant(access, refresh, timedelta(hours=1), ("a",))


class Meeting:
    """One credential that has run out, and those who come to it."""

    def __init__(self, number: str) -> None:
        self.provider = Provider()
        user = User.objects.create_user()
        self.account = SocialAccount.objects.create(user=user, provider="spotify", uid=number)
        self.pk = tokens.absorb(self.account, self.provider._grant("line"), consent=True).pk
        self.spending: set[str] = set()
        self.passed = False
        self.consented: Grant | None = None
        self.log: list[str] = []

    def row(self) -> Credential:
        return Credential.objects.select_related("account__user").get(pk=self.pk)

    def stored(self) -> str:
        row = self.row()
        return vault.unseal(
            bytes(row.refresh_ct or b""), context=row.context("refresh_ct")
        ).reveal()

    def refresher(self) -> Steps:
        seen = self.row()
        yield
        lease = leases.claim(seen)
        yield
        if lease is None:
            self.log.append("waits")
            return
        row = lease.credential
        assert row.generation == seen.generation, "a token that nobody asked to replace is spent"
        spent = vault.unseal(bytes(row.refresh_ct or b""), context=row.context("refresh_ct"))
        # Only after a lease has ended may a second call with the same token follow.
        assert self.passed or spent.reveal() not in self.spending, "two spend one token at a time"
        self.spending.add(spent.reveal())
        grant = self.provider.refresh(spent.reveal())
        yield
        if self._is_ours(lease):
            self.spending.discard(spent.reveal())
        if grant is None:
            return
        stored = tokens._keep(lease, grant, spent)
        self.log.append("stored" if stored else "late")

    def consent(self) -> Steps:
        self.consented = self.provider.consent()
        tokens.absorb(self.account, self.consented, consent=True)
        self.log.append("consent")
        yield

    def a_lease_passes(self) -> Steps:
        clock.move(leases.LEASE + timedelta(seconds=1))
        self.passed = True
        yield

    def _is_ours(self, lease: Lease) -> bool:
        return lease.row().filter(lease_until__gt=clock.now()).exists()


def orders(lengths: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield every order of steps of actors that take so many steps each."""
    places = sum(lengths)

    def fill(order: list[int | None], actor: int) -> Iterator[tuple[int, ...]]:
        if actor == len(lengths):
            yield tuple(step for step in order if step is not None)
            return
        free = [place for place in range(places) if order[place] is None]
        for chosen in itertools.combinations(free, lengths[actor]):
            filled = list(order)
            for place in chosen:
                filled[place] = actor
            yield from fill(filled, actor + 1)

    yield from fill([None] * places, 0)


def play(order: tuple[int, ...], actors: list[Callable[[], Steps]]) -> None:
    running = [actor() for actor in actors]
    for actor in order:
        next(running[actor], None)


def test_in_every_order_one_token_is_spent_once_and_a_new_consent_wins() -> None:
    outcomes = set()
    for number, order in enumerate(orders([4, 4, 1])):
        if order.index(0) > order.index(1):
            continue  # the two refreshers are alike
        meeting = Meeting(str(number))
        play(order, [meeting.refresher, meeting.refresher, meeting.consent])

        assert "consent" in meeting.log
        assert meeting.stored() in meeting.provider.good.values(), (order, meeting.log)
        after = meeting.log[meeting.log.index("consent") + 1 :]
        if "stored" not in after:
            assert meeting.consented is not None
            assert meeting.consented.refresh_token is not None
            assert meeting.stored() == meeting.consented.refresh_token.reveal()
        assert meeting.stored() == meeting.provider.good["consent"], (order, meeting.log)
        assert meeting.row().lease_until is None
        outcomes.add(tuple(meeting.log))
    assert ("waits", "stored", "consent") in outcomes
    assert ("waits", "consent", "late") in outcomes
    assert ("consent", "waits", "stored") in outcomes


def test_in_every_order_with_a_lease_that_ends_no_older_answer_replaces_a_newer_one() -> None:
    late = 0
    for number, order in enumerate(orders([4, 4, 1])):
        if order.index(0) > order.index(1):
            continue
        meeting = Meeting(str(number))
        generation = meeting.row().generation
        play(order, [meeting.refresher, meeting.refresher, meeting.a_lease_passes])

        late += "late" in meeting.log
        assert meeting.log.count("stored") <= 2
        assert meeting.row().generation == generation + meeting.log.count("stored")
        if "stored" in meeting.log and "late" not in meeting.log:
            assert meeting.stored() == meeting.provider.good["line"], (order, meeting.log)
    assert late
