"""Deleting an account: everything goes, Facebook is told, and nobody goes by a slip."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts.models import Credential, CredentialEvent, User, Withdrawal
from accounts.signals import person_leaving
from playlists.models import Run, Version
from simulator.control_client import Control
from tests.people import forget_sign_in, give_email
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = {"words": "delete my account"}


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    visitor = Visitor(sim)
    visitor.sign_in("spotify", "ada")
    return visitor


def link_facebook(visitor: Visitor) -> None:
    started = visitor.post("/connections/connect/facebook/")
    visitor.get(visitor.decide(started, "ada"))


def test_leaving_takes_everything(visitor: Visitor) -> None:
    give_email(User.objects.get())
    link_facebook(visitor)
    spotify = SocialAccount.objects.get(provider="spotify")
    Version.objects.create(account=spotify, playlist_id="p")
    Run.objects.create(user=spotify.user, account=spotify, mode=Run.Mode.APPEND)
    elsewhere = Visitor(visitor.sim)
    elsewhere.sign_in("spotify", "ada")

    answer = visitor.post("/account/delete/", WORDS)

    assert "Your account is deleted" in answer.content.decode()
    assert "backups" in answer.content.decode()
    for rows in (User, SocialAccount, Credential, CredentialEvent, UserSession, Run, Version):
        assert not rows.objects.exists(), rows
    assert not Session.objects.exists()
    assert elsewhere.get("/connections/").status_code == 302


def test_others_hear_of_it_before_the_rows_go(visitor: Visitor) -> None:
    heard: list[tuple[int, bool]] = []

    def on_leaving(user_id: int, **kwargs: object) -> None:
        heard.append((user_id, SocialAccount.objects.filter(user=user_id).exists()))

    user = User.objects.get()
    person_leaving.connect(on_leaving)
    visitor.post("/account/delete/", WORDS)
    person_leaving.disconnect(on_leaving)

    assert heard == [(user.pk, True)]


def test_facebooks_permission_is_noted_for_withdrawal(visitor: Visitor) -> None:
    link_facebook(visitor)
    facebook = SocialAccount.objects.get(provider="facebook")

    visitor.post("/account/delete/", WORDS)

    row = Withdrawal.objects.get()
    assert (row.provider, row.uid, row.user) == ("facebook", facebook.uid, None)


@pytest.mark.parametrize("words", ["", "yes", "delete my acount"])
def test_nobody_leaves_without_the_words(visitor: Visitor, words: str) -> None:
    answer = visitor.post("/account/delete/", {"words": words})

    assert answer.status_code == 200
    assert User.objects.exists()


def test_words_may_be_typed_loosely(visitor: Visitor) -> None:
    visitor.post("/account/delete/", {"words": "  Delete  my account "})

    assert not User.objects.exists()


def test_page_says_what_goes_and_what_about_backups(visitor: Visitor) -> None:
    page = visitor.get("/account/delete/").content.decode()

    assert "Copies in backups of this site stay" in page
    assert "Your playlists at Spotify stay" in page
    assert User.objects.exists()


def test_leaving_asks_for_a_fresh_sign_in(visitor: Visitor) -> None:
    forget_sign_in(visitor)

    answer = visitor.post("/account/delete/", WORDS)

    assert answer["Location"].startswith("/sign-in-again/")
    assert User.objects.exists()


def test_staff_do_not_delete_themselves(visitor: Visitor) -> None:
    User.objects.update(is_staff=True)

    answer = visitor.post("/account/delete/", WORDS)

    assert answer.status_code == 403
    assert "Ask another superuser" in answer.content.decode()
    assert User.objects.exists()
