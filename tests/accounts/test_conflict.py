"""An identity of another local account: an explained choice, and a move after two sign-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db import connections as databases

from accounts import conflicts, tokens
from accounts.models import Credential, CredentialEvent, User
from accounts.signals import account_moved
from simulator.control_client import Control
from tests.people import forget_sign_in, give_email, give_passkey
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough password"


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


@pytest.fixture
def owner(visitor: Visitor) -> User:
    """Grace, whose Spotify account hangs on another local account."""
    Visitor(visitor.sim).sign_in("spotify", "grace")
    user = User.objects.get()
    user.name = "A name nobody may see"
    user.save()
    return user


@pytest.fixture
def here(visitor: Visitor, owner: User) -> User:
    """Ada, who is signed in and comes back from Spotify as Grace."""
    visitor.sign_in("spotify", "ada")
    return User.objects.exclude(pk=owner.pk).get()


def come_back(visitor: Visitor) -> Any:
    started = visitor.post("/connections/connect/spotify/")
    return visitor.get(visitor.decide(started, "grace"))


def graces() -> SocialAccount:
    return SocialAccount.objects.get(extra_data__display_name__startswith="Grace")


def test_choice_is_explained_and_tells_nothing_about_the_other_person(
    visitor: Visitor, owner: User, here: User
) -> None:
    give_email(owner, "secret@example.org")

    answer = come_back(visitor)
    page = visitor.get(answer["Location"]).content.decode()

    assert answer["Location"] == "/connections/conflict/"
    assert "belongs to another account here" in page
    for word in ("secret@example.org", owner.name, str(owner.uuid)):
        assert word not in page
    assert graces().user == owner


def test_nothing_is_stored_of_the_token_that_came_with_it(
    visitor: Visitor, owner: User, here: User
) -> None:
    before = Credential.objects.filter(account__user=owner).values().get()

    come_back(visitor)

    assert Credential.objects.filter(account__user=owner).values().get() == before
    assert set(visitor.session[conflicts.SESSION_KEY]) == {
        *("account_pk", "user_pk", "provider", "name", "at", "owner_pk")
    }


def test_cancelling_changes_nothing(visitor: Visitor, owner: User, here: User) -> None:
    come_back(visitor)

    answer = visitor.post("/connections/conflict/cancel/")

    assert answer["Location"] == "/connections/"
    assert graces().user == owner
    assert visitor.get("/connections/conflict/")["Location"] == "/connections/"


def test_signing_in_there_leaves_this_account(visitor: Visitor, owner: User, here: User) -> None:
    come_back(visitor)

    started = visitor.post("/connections/conflict/sign-in/")
    visitor.get(visitor.decide(started, "grace"))

    assert visitor.session["_auth_user_id"] == str(owner.pk)


def test_move_takes_the_link_with_resealed_tokens_and_closes_an_empty_account(
    visitor: Visitor, owner: User, here: User
) -> None:
    come_back(visitor)
    heard: list[tuple[int, int, int]] = []

    def on_moved(account_id: int, from_user_id: int, to_user_id: int, **kwargs: Any) -> None:
        heard.append((account_id, from_user_id, to_user_id))

    account_moved.connect(on_moved)
    account = graces()

    page = visitor.get("/connections/conflict/move/").content.decode()
    answer = visitor.post("/connections/conflict/move/")

    account_moved.disconnect(on_moved)
    assert "closed and deleted by this move" in page
    assert answer["Location"] == "/connections/"
    account.refresh_from_db()
    assert account.user == here
    assert heard == [(account.pk, owner.pk, here.pk)]
    assert not User.objects.filter(pk=owner.pk).exists()
    assert tokens.access_token_for(account.credential.pk).secret.reveal()
    assert CredentialEvent.objects.filter(account=account, kind="moved", user=here).exists()
    assert not CredentialEvent.objects.filter(account=account).exclude(user=here).exists()


def test_move_ends_the_sessions_of_an_account_that_it_closes(
    visitor: Visitor, owner: User, here: User
) -> None:
    come_back(visitor)
    assert Session.objects.count() >= 2

    visitor.post("/connections/conflict/move/")

    assert list(Session.objects.values_list("session_key", flat=True)) == [
        visitor.session.session_key
    ]


def test_move_leaves_an_account_that_has_another_way_in(
    visitor: Visitor, owner: User, here: User
) -> None:
    give_email(owner, "ben@example.org")
    come_back(visitor)

    page = visitor.get("/connections/conflict/move/").content.decode()
    visitor.post("/connections/conflict/move/")

    assert "The other account stays" in page
    assert graces().user == here
    assert User.objects.filter(pk=owner.pk).exists()


def test_move_asks_for_the_other_accounts_password(
    visitor: Visitor, owner: User, here: User
) -> None:
    give_email(owner, "ben@example.org", password=PASSWORD)
    come_back(visitor)

    wrong = visitor.post("/connections/conflict/move/", {"password": "not it at all"})
    assert wrong.status_code == 200
    assert graces().user == owner

    right = visitor.post("/connections/conflict/move/", {"password": PASSWORD})
    assert right["Location"] == "/connections/"
    assert graces().user == here


def test_move_asks_for_the_other_accounts_second_factor(
    visitor: Visitor, owner: User, here: User
) -> None:
    give_email(owner, "ben@example.org", password=PASSWORD)
    give_passkey(owner, passwordless=False)
    codes = RecoveryCodes.activate(owner)
    come_back(visitor)

    wrong = visitor.post("/connections/conflict/move/", {"password": PASSWORD, "code": "00000000"})
    assert wrong.status_code == 200
    assert graces().user == owner

    code = codes.get_unused_codes()[0]
    visitor.post("/connections/conflict/move/", {"code": code})
    assert graces().user == here


def test_tries_at_the_other_accounts_password_are_limited(
    visitor: Visitor, owner: User, here: User
) -> None:
    give_email(owner, "ben@example.org", password=PASSWORD)
    come_back(visitor)

    for _ in range(5):
        visitor.post("/connections/conflict/move/", {"password": "not it at all"})
    answer = visitor.post("/connections/conflict/move/", {"password": PASSWORD})

    assert answer.status_code == 200
    assert graces().user == owner


def test_move_asks_for_a_fresh_sign_in_here(visitor: Visitor, owner: User, here: User) -> None:
    come_back(visitor)
    forget_sign_in(visitor)

    answer = visitor.post("/connections/conflict/move/")

    assert answer["Location"].startswith("/sign-in-again/")
    assert graces().user == owner


def test_proof_from_the_provider_is_good_for_ten_minutes(
    visitor: Visitor, owner: User, here: User
) -> None:
    come_back(visitor)
    session = visitor.session
    session[conflicts.SESSION_KEY] |= {"at": session[conflicts.SESSION_KEY]["at"] - 601}
    session.save()

    answer = visitor.post("/connections/conflict/move/")

    assert answer["Location"] == "/connections/"
    assert graces().user == owner


def test_proof_belongs_to_the_person_who_brought_it(
    visitor: Visitor, owner: User, here: User
) -> None:
    come_back(visitor)
    session = visitor.session
    session[conflicts.SESSION_KEY] |= {"user_pk": here.pk + 1000}
    session.save()

    visitor.post("/connections/conflict/move/")

    assert graces().user == owner


def test_account_that_staff_switched_off_gives_nothing_away(
    visitor: Visitor, owner: User, here: User
) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    come_back(visitor)

    answer = visitor.post("/connections/conflict/move/", follow=True)

    assert "switched off" in answer.content.decode()
    assert graces().user == owner


def test_only_way_into_a_staff_account_stays_there(
    visitor: Visitor, owner: User, here: User
) -> None:
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    come_back(visitor)

    answer = visitor.post("/connections/conflict/move/", follow=True)

    assert "only way into an account of this site" in answer.content.decode()
    assert graces().user == owner


def test_moving_twice_moves_once(visitor: Visitor, owner: User, here: User) -> None:
    come_back(visitor)

    visitor.post("/connections/conflict/move/")
    again = visitor.post("/connections/conflict/move/")

    assert again["Location"] == "/connections/"
    assert graces().user == here


def test_page_without_a_conflict_leads_back(visitor: Visitor, here: User) -> None:
    for address in ("conflict/", "conflict/move/"):
        assert visitor.get(f"/connections/{address}")["Location"] == "/connections/"


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """Run steps in threads that start together, and return what came of them."""
    start, outcomes = threading.Barrier(len(steps)), []

    def run(step: Callable[[], Any]) -> None:
        start.wait()
        try:
            outcomes.append(step())
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_people_linking_one_identity_at_once_link_it_once(visitor: Visitor) -> None:
    other = Visitor(visitor.sim)
    visitor.sign_in("spotify", "ada")
    other.sign_in("spotify", "grace")
    places = []
    for one in (visitor, other):
        started = one.post("/connections/connect/facebook/")
        places.append((one, one.decide(started, "ada")))

    answers = at_once(*(partial(one.get, place) for one, place in places))

    assert SocialAccount.objects.filter(provider="facebook").count() == 1
    assert max(answer.status_code for answer in answers) < 500


def test_two_moves_at_once_move_it_once(visitor: Visitor, owner: User, here: User) -> None:
    third = Visitor(visitor.sim)
    third.sign_in("facebook", "ada")
    give_email(owner, "ben@example.org")
    come_back(visitor)
    come_back(third)

    answers = at_once(
        *(partial(one.post, "/connections/conflict/move/") for one in (visitor, third))
    )

    assert [answer.status_code for answer in answers] == [302, 302]
    assert CredentialEvent.objects.filter(kind="moved").count() == 1
    assert graces().user != owner
    assert tokens.access_token_for(graces().credential.pk).secret.reveal()


def test_what_another_person_has_moved_meanwhile_is_not_taken_from_them(
    visitor: Visitor, owner: User, here: User
) -> None:
    third = Visitor(visitor.sim)
    third.sign_in("facebook", "ada")
    give_email(owner, "ben@example.org")
    come_back(visitor)
    come_back(third)
    visitor.post("/connections/conflict/move/")

    third.post("/connections/conflict/move/")

    assert graces().user == here


def test_the_other_person_is_told_by_mail_of_a_move(
    visitor: Visitor, owner: User, here: User, mailoutbox: list[Any]
) -> None:
    give_email(owner, "owner@example.org")
    come_back(visitor)

    visitor.post("/connections/conflict/move/")

    assert graces().user == here
    (mail,) = mailoutbox
    assert mail.to == ["owner@example.org"]
    assert mail.subject == "Your Spotify account was moved to another account here"
    assert here.name not in mail.body
    assert str(here.uuid) not in mail.body


def test_an_address_that_nobody_verified_is_told_nothing(
    visitor: Visitor, owner: User, here: User, mailoutbox: list[Any]
) -> None:
    address = give_email(owner, "owner@example.org")
    address.verified = False
    address.save()
    come_back(visitor)

    visitor.post("/connections/conflict/move/")

    assert graces().user == here
    assert mailoutbox == []
