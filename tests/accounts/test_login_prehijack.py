"""Somebody who takes an address before its owner comes gains nothing and blocks nothing."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.addresses import release
from accounts.models import User
from simulator.control_client import Control
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

VICTIM = "ada@example.org"
PASSWORD = "the attackers password"


@pytest.fixture
def squatter(sim: Control) -> Visitor:
    """Somebody who signed up with an address that is not theirs, and cannot confirm it."""
    visitor = Visitor(sim)
    fields = {"email": VICTIM, "password1": PASSWORD, "password2": PASSWORD}
    assert visitor.post("/accounts/signup/", fields).status_code == 302
    assert not EmailAddress.objects.filter(verified=True).exists()
    mail.outbox.clear()
    cache.clear()  # one mail in ten seconds for one address: the owner comes later
    return visitor


def code_in_mail() -> str:
    found = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", mail.outbox[-1].body)
    assert found is not None
    return found[0]


def test_the_owner_can_confirm_the_address_on_their_own_account(
    squatter: Visitor, sim: Control
) -> None:
    owner = Visitor(sim)
    owner.sign_in("spotify", "ada")
    person = User.objects.get(name="Ada")

    owner.post("/accounts/email/", {"action_add": "", "email": VICTIM})
    answer = owner.post("/accounts/confirm-email/", {"code": code_in_mail()})

    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.email == VICTIM
    assert EmailAddress.objects.get(verified=True).user == person


def test_the_squatter_is_no_further_afterwards(squatter: Visitor, sim: Control) -> None:
    owner = Visitor(sim)
    owner.sign_in("spotify", "ada")
    owner.post("/accounts/email/", {"action_add": "", "email": VICTIM})
    owner.post("/accounts/confirm-email/", {"code": code_in_mail()})
    mail.outbox.clear()

    for client in (squatter, Client()):
        client.post("/accounts/login/", {"login": VICTIM, "password": PASSWORD})
        assert "_auth_user_id" not in client.session


def test_a_verified_address_is_not_taken_from_its_person(sim: Control) -> None:
    person = User.objects.create_user(VICTIM, PASSWORD)
    EmailAddress.objects.create(user=person, email=VICTIM, verified=True, primary=True)
    other = User.objects.create_user(name="Other")

    release(VICTIM, to=other)

    assert EmailAddress.objects.get().user == person
    person.refresh_from_db()
    assert person.email == VICTIM


def test_somebody_who_came_in_otherwise_loses_the_address_only(sim: Control) -> None:
    visitor = Visitor(sim)
    visitor.sign_in("spotify", "grace")
    holder = User.objects.get()
    EmailAddress.objects.create(user=holder, email=VICTIM, primary=True)
    User.objects.update(email=VICTIM)

    release(VICTIM, to=User.objects.create_user(name="Ada"))

    holder.refresh_from_db()
    assert holder.email is None
    assert not EmailAddress.objects.exists()


def test_a_wrong_code_takes_nothing(squatter: Visitor, sim: Control) -> None:
    owner = Visitor(sim)
    owner.sign_in("spotify", "ada")
    owner.post("/accounts/email/", {"action_add": "", "email": VICTIM})

    owner.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"})

    assert EmailAddress.objects.get().user.name == ""
