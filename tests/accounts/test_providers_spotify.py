"""Signing in with Spotify, against the simulator."""

from __future__ import annotations

import pytest

from accounts import scopes
from accounts.models import Credential, User
from simulator.control_client import Control
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def test_first_sign_in_makes_a_person_without_a_form(visitor: Visitor) -> None:
    answer = visitor.sign_in("spotify", "ada")

    assert answer.status_code == 302
    person = User.objects.get()
    assert (person.name, person.email) == ("Ada", None)
    credential = Credential.objects.get()
    assert credential.account.user == person
    assert credential.status == "ok"
    assert credential.provider_user_id == "ada"
    assert set(credential.scopes) == set(scopes.BASE)
    assert visitor.session["_auth_user_id"] == str(person.pk)
