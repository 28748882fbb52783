"""Facebook's callbacks: believed only with our signature, fulfilled once, silent about people."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Credential, DeletionRequest, User
from accounts.signed_request import BadSignedRequest, SignedRequest, verify
from simulator.control_client import Control
from tests.people import give_email
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "the app secret"
DELETION = "/facebook/deletion/"
DEAUTHORIZE = "/facebook/deauthorize/"


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def uid() -> str:
    """Return the id that Facebook gave us for the person who just signed in."""
    return str(SocialAccount.objects.get().uid)


def encoded(data: bytes, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def signed(payload: Any, *, secret: str = SECRET, padded: bool = False) -> str:
    body = encoded(json.dumps(payload).encode(), padded=padded)
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return f"{encoded(signature, padded=padded)}.{body}"


def payload(**changes: Any) -> dict[str, Any]:
    return {"algorithm": "HMAC-SHA256", "issued_at": 1, "user_id": "7"} | changes


def ours(user_id: str, issued_at: int = 1) -> str:
    said = payload(user_id=user_id, issued_at=issued_at)
    return signed(said, secret=settings.FACEBOOK_CLIENT_SECRET)


@pytest.mark.parametrize("padded", [True, False])
def test_signed_request_is_read_padded_or_not(padded: bool) -> None:
    said = verify(signed(payload(), padded=padded), secret=SECRET)

    assert said == SignedRequest(user_id="7", issued_at=1)


def tampered() -> str:
    signature, _, _ = signed(payload()).partition(".")
    return f"{signature}.{encoded(json.dumps(payload(user_id='8')).encode())}"


BAD = {
    "empty": "",
    "another app's secret": signed(payload(), secret="another app's"),
    "payload exchanged": tampered(),
    "no dot": signed(payload()).replace(".", ""),
    "no signature": "." + signed(payload()).partition(".")[2],
    "not base64url": "!!!.???",
    "not ascii": "é.é",
    "no algorithm": signed({"issued_at": 1, "user_id": "7"}),
    "another algorithm": signed(payload(algorithm="none")),
    "algorithm in lower case": signed(payload(algorithm="hmac-sha256")),
    "no user": signed(payload(user_id=None)),
    "user is a number": signed(payload(user_id=7)),
    "user is empty": signed(payload(user_id="")),
    "no time": signed(payload(issued_at=None)),
    "time is true": signed(payload(issued_at=True)),
    "not an object": signed(["HMAC-SHA256"]),
    "too long": signed(payload(extra="x" * 5000)),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_bad_signed_request_is_refused(text: str) -> None:
    with pytest.raises(BadSignedRequest):
        verify(text, secret=SECRET)


def test_nothing_is_believed_without_an_app_secret() -> None:
    with pytest.raises(BadSignedRequest):
        verify(signed(payload(), secret=""), secret="")


@pytest.mark.parametrize("address", [DELETION, DEAUTHORIZE])
def test_bad_callback_answers_400_and_deletes_nothing(visitor: Visitor, address: str) -> None:
    visitor.sign_in("facebook", "ada")
    forged = signed(payload(user_id=uid()), secret="another app's")

    answers = [
        Client().post(address, {"signed_request": forged}),
        Client().post(address),
        Client().post(address, {"signed_request": ours(uid()) + "x" * 20_000}),
        Client().post(address, b"\xff" * 3_000_000, content_type="application/octet-stream"),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400]
    assert SocialAccount.objects.count() == 1
    assert not DeletionRequest.objects.exists()


@pytest.mark.parametrize("address", [DELETION, DEAUTHORIZE])
def test_callback_is_not_answered_to_get(client: Client, address: str) -> None:
    assert client.get(address).status_code == 405


def test_callback_needs_no_csrf_token(sim: Control) -> None:
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(DELETION, {"signed_request": ours("nobody we know")})

    assert answer.status_code == 200


def test_deletion_takes_the_link_and_leaves_who_has_another_way_in(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    user = User.objects.get()
    give_email(user)

    answer = Client().post(DELETION, {"signed_request": ours(uid())})

    assert set(answer.json()) == {"url", "confirmation_code"}
    assert not SocialAccount.objects.exists()
    assert not Credential.objects.exists()
    assert User.objects.get() == user


def test_deletion_takes_the_person_who_has_no_other_way_in(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    assert UserSession.objects.exists()

    Client().post(DELETION, {"signed_request": ours(uid())})

    assert not User.objects.exists()
    assert not Session.objects.exists()
    assert visitor.get("/connections/").status_code == 302


def test_deletion_leaves_staff_without_the_link(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    User.objects.update(is_staff=True)

    answer = Client().post(DELETION, {"signed_request": ours(uid())})

    assert answer.status_code == 200
    assert not SocialAccount.objects.exists()
    assert User.objects.get().is_staff


def test_deauthorizing_ends_the_access_and_keeps_the_way_in(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")

    Client().post(DEAUTHORIZE, {"signed_request": ours(uid())})

    assert Credential.objects.get().status == "disconnected"
    assert SocialAccount.objects.exists()
    assert "disconnected" in visitor.get("/connections/").content.decode()


def test_simulators_callbacks_are_understood(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    made = visitor.sim.signed_request(uid(), "deauthorize")

    answer = Client().post(DEAUTHORIZE, {"signed_request": made["signed_request"]})

    assert answer.status_code == 200
    assert Credential.objects.get().status == "disconnected"


def test_status_page_shows_the_state_and_nobody(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    hers = uid()
    answer = Client().post(DELETION, {"signed_request": ours(hers)}).json()

    page = Client().get(answer["url"].removeprefix(settings.PUBLIC_URL))

    text = page.content.decode()
    assert answer["url"] == f"{settings.PUBLIC_URL}{DELETION}{answer['confirmation_code']}/"
    assert ">done</span>" in text
    assert "backups" in text
    assert "Ada" not in text
    assert hers not in text


def test_status_page_wants_the_code(client: Client, db: None) -> None:
    assert client.get(f"{DELETION}{'a' * 32}/").status_code == 404


def test_stranger_to_us_gets_an_answer_too(client: Client, db: None) -> None:
    answer = client.post(DELETION, {"signed_request": ours("nobody we know")})

    assert answer.status_code == 200
    assert DeletionRequest.objects.get().done_at is not None


def test_same_request_again_does_nothing_more(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    text = ours(uid())
    first = Client().post(DELETION, {"signed_request": text}).json()
    Visitor(visitor.sim).sign_in("facebook", "ada")  # the person came back

    again = Client().post(DELETION, {"signed_request": text}).json()

    assert again == first
    assert DeletionRequest.objects.count() == 1
    assert SocialAccount.objects.count() == 1


def test_later_request_of_the_same_person_is_fulfilled(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    first = Client().post(DELETION, {"signed_request": ours(uid(), 1)}).json()
    Visitor(visitor.sim).sign_in("facebook", "ada")

    later = Client().post(DELETION, {"signed_request": ours(uid(), 2)}).json()

    assert later["confirmation_code"] != first["confirmation_code"]
    assert not SocialAccount.objects.exists()


def test_spotify_account_with_the_same_id_is_not_touched(visitor: Visitor) -> None:
    user = User.objects.create_user(name="Somebody")
    SocialAccount.objects.create(user=user, provider="spotify", uid="10150000000001")

    Client().post(DELETION, {"signed_request": ours("10150000000001")})

    assert SocialAccount.objects.get().user == user


def test_requests_hold_no_id_in_clear(client: Client, db: None) -> None:
    client.post(DELETION, {"signed_request": ours("10150000000001")})

    assert "10150000000001" not in str(DeletionRequest.objects.values().get())


def test_callbacks_are_limited(client: Client, db: None) -> None:
    statuses = {client.post(DELETION).status_code for _ in range(61)}

    assert statuses == {400, 429}
