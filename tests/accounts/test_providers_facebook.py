"""Signing in with Facebook, against the simulator."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import override_settings

from accounts.models import Credential, User
from simulator.control_client import Control
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def test_first_sign_in_keeps_no_token_and_no_address(visitor: Visitor) -> None:
    answer = visitor.sign_in("facebook", "ada")

    assert answer.status_code == 302
    person = User.objects.get()
    assert (person.name, person.email) == ("Ada", None)
    account = SocialAccount.objects.get()
    assert account.extra_data == {"id": account.uid, "name": "Ada"}
    credential = Credential.objects.get()
    assert (credential.access_ct, credential.refresh_ct) == (None, None)
    assert credential.scopes == ["public_profile"]
