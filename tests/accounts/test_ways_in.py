"""Ways in: what counts as one, and that the last one stays on every page and in every race."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import connections as databases
from django.test import override_settings

from accounts import connections
from accounts.models import Credential, User
from accounts.ways_in import Kind, LastWayIn, ways_in, would_remain
from simulator.control_client import Control
from tests.people import give_email, give_passkey, prove_again
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user(name="Ada")


def link(user: User, provider: str = "spotify", uid: str = "u1") -> SocialAccount:
    return SocialAccount.objects.create(user=user, provider=provider, uid=uid)


def kinds(user: User) -> list[Kind]:
    return [way.kind for way in ways_in(user)]


def test_nobody_gets_in_without_anything(person: User) -> None:
    assert ways_in(person) == []


def test_verified_address_is_a_way_in(person: User) -> None:
    give_email(person)

    assert kinds(person) == [Kind.EMAIL]


def test_password_counts_beside_its_address(person: User) -> None:
    give_email(person, password="a long enough password")

    assert kinds(person) == [Kind.EMAIL, Kind.PASSWORD]


def test_password_without_a_verified_address_is_no_way_in(person: User) -> None:
    person.set_password("a long enough password")
    person.save()
    EmailAddress.objects.create(user=person, email="ada@example.org", verified=False)

    assert ways_in(person) == []


def test_passkey_counts_only_where_it_works_alone(person: User) -> None:
    give_passkey(person, passwordless=False)
    assert ways_in(person) == []

    give_passkey(person)
    assert kinds(person) == [Kind.PASSKEY]


def test_authenticator_app_is_no_way_in(person: User) -> None:
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": ""})

    assert ways_in(person) == []


def test_linked_account_counts_while_the_site_knows_its_provider(person: User) -> None:
    link(person, "facebook")
    assert kinds(person) == [Kind.ACCOUNT]

    with override_settings(SOCIALACCOUNT_PROVIDERS={"facebook": {"APPS": [{"client_id": ""}]}}):
        assert ways_in(person) == []


def test_password_does_not_remain_without_its_address(person: User) -> None:
    address = give_email(person, password="a long enough password")

    assert would_remain(person, without=address) == []


@pytest.mark.parametrize("make", [link, give_email, give_passkey])
def test_last_way_in_is_not_deleted_by_anybody(person: User, make: Any) -> None:
    row = make(person)

    with pytest.raises(LastWayIn):
        row.delete()
    with pytest.raises(LastWayIn):
        type(row).objects.filter(pk=row.pk).delete()

    assert len(ways_in(person)) == 1


@pytest.mark.parametrize("make", [link, give_email, give_passkey])
def test_way_in_goes_where_another_remains(person: User, make: Any) -> None:
    link(person, "facebook", "other")
    row = make(person)

    row.delete()

    assert kinds(person) == [Kind.ACCOUNT]


def test_person_goes_with_their_last_way_in(person: User) -> None:
    link(person)

    person.delete()

    assert not SocialAccount.objects.exists()


def test_disconnecting_the_last_way_in_is_refused_on_our_page(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()

    answer = visitor.post(f"/connections/{account.pk}/disconnect/", follow=True)

    assert "This is your last way in" in answer.content.decode()
    credential = Credential.objects.get()
    assert (credential.status, credential.refresh_ct is None) == ("ok", False)


def test_last_way_in_has_no_disconnect_button(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()

    page = visitor.get("/connections/").content.decode()

    assert f"/connections/{account.pk}/disconnect/" not in page
    assert "You have one way in only" in page


def test_last_address_stays_on_allauths_page(client: Any, person: User) -> None:
    give_email(person, password="a long enough password")
    client.force_login(person)
    prove_again(client)

    client.post("/accounts/email/", {"email": "ada@example.org", "action_remove": "1"})

    assert EmailAddress.objects.filter(user=person).exists()


def test_last_address_goes_on_allauths_page_where_another_way_remains(
    client: Any, person: User
) -> None:
    give_email(person, password="a long enough password")
    link(person)
    client.force_login(person)
    prove_again(client)

    client.post("/accounts/email/", {"email": "ada@example.org", "action_remove": "1"})

    assert not EmailAddress.objects.filter(user=person).exists()
    person.refresh_from_db()
    assert person.email is None


def test_last_passkey_stays_on_allauths_page_and_the_page_says_why(
    client: Any, person: User
) -> None:
    key = give_passkey(person)
    client.force_login(person)
    prove_again(client)

    answer = client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")

    assert answer.status_code == 403
    assert "This is your last way in" in answer.content.decode()
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_passkey_goes_on_allauths_page_where_another_way_remains(client: Any, person: User) -> None:
    key = give_passkey(person)
    link(person)
    client.force_login(person)
    prove_again(client)

    answer = client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")

    assert answer.status_code == 302
    assert not Authenticator.objects.exists()


def test_two_disconnects_at_once_leave_one_way_in(person: User) -> None:
    accounts = [link(person, uid="one"), link(person, "facebook", "two")]
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run(account: SocialAccount) -> None:
        start.wait()
        try:
            connections.disconnect(account)
            outcomes.append("gone")
        except LastWayIn:
            outcomes.append("stays")
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["gone", "stays"]
    assert len(ways_in(person)) == 1


def test_disconnect_beside_the_removal_of_the_address_leaves_one_way_in(person: User) -> None:
    account, address = link(person), give_email(person)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run(row: Any) -> None:
        start.wait()
        try:
            row.delete()
            outcomes.append("gone")
        except LastWayIn:
            outcomes.append("stays")
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=(row,)) for row in (account, address)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["gone", "stays"]
    assert len(ways_in(person)) == 1


def test_new_person_with_one_way_in_is_asked_for_a_second(visitor: Visitor) -> None:
    answer = visitor.sign_in("spotify", "ada")

    assert answer["Location"] == "/second-way-in/"
    page = visitor.get("/second-way-in/").content.decode()
    assert "five people only" in page
    assert "every six months" in page


def test_second_way_in_can_be_put_off(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    answer = visitor.post("/second-way-in/")

    assert answer["Location"] == "/"
    assert "You have one way in only" in visitor.get("/connections/").content.decode()


def test_address_is_added_as_a_second_way_in_by_a_mailed_code(
    visitor: Visitor, mailoutbox: list[Any]
) -> None:
    visitor.sign_in("spotify", "ada")

    started = visitor.post("/accounts/email/", {"email": "ada@example.org", "action_add": "1"})
    code = next(word for word in mailoutbox[0].body.split() if len(word) == 9 and word[4] == "-")
    visitor.post(started["Location"], {"code": code})

    assert kinds(User.objects.get()) == [Kind.EMAIL, Kind.ACCOUNT]
    assert "You have one way in only" not in visitor.get("/connections/").content.decode()
