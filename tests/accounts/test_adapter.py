"""The seams with allauth: what is parked, who may be linked to whom, whose address counts."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.context import request_context
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import RequestFactory, override_settings

from accounts import parked
from accounts.models import Credential, User
from simulator.control_client import Control
from tests.people import forget_sign_in, give_email
from tests.processes import wait_for
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
STASH = "account_reauthentication_state"


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def sign_in_with_password(visitor: Visitor) -> User:
    user = User.objects.create_user(name="Ada")
    give_email(user, password=PASSWORD)
    answer = visitor.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    return user


# What is parked


def test_a_parked_instance_shows_nothing_and_comes_back_whole() -> None:
    token = SocialToken(token="MARKER-access", token_secret="MARKER-refresh")
    token.scope = "a b"

    data = json.loads(json.dumps(get_adapter().serialize_instance(token)))

    assert set(data) == {"sealed"}
    assert "MARKER" not in str(data)
    back: Any = get_adapter().deserialize_instance(SocialToken, data)
    assert (back.token, back.token_secret, back.scope) == ("MARKER-access", "MARKER-refresh", "a b")


def test_a_password_hash_is_never_parked() -> None:
    user = User(name="Ada")
    user.set_password(PASSWORD)

    back = parked.unpark(User, parked.park(user))

    assert (back.name, back.password) == ("Ada", "")


def test_a_row_that_exists_is_read_again() -> None:
    user = User.objects.create_user(name="before", password=PASSWORD)
    data = parked.park(user)
    User.objects.update(name="after")

    back = parked.unpark(User, data)

    assert back.name == "after"
    assert back.check_password(PASSWORD)


@pytest.mark.parametrize("data", [None, "x", {}, {"sealed": 7}, {"sealed": "x"}, {"id": 1}])
def test_what_was_not_parked_here_does_not_open(data: Any) -> None:
    with pytest.raises(parked.Unparked):
        get_adapter().deserialize_instance(User, data)


def test_what_was_parked_as_one_thing_does_not_open_as_another() -> None:
    with pytest.raises(parked.Unparked):
        parked.unpark(SocialAccount, parked.park(User(name="Ada")))


def test_what_was_parked_of_a_row_that_is_gone_does_not_open() -> None:
    user = User.objects.create_user(name="Ada")
    data = parked.park(user)
    User.objects.all().delete()

    with pytest.raises(parked.Unparked):
        parked.unpark(User, data)


def test_a_second_factors_secret_is_sealed_in_its_row(visitor: Visitor) -> None:
    user = User.objects.create_user(name="Ada")
    secret = generate_totp_secret()

    row = TOTP.activate(user, secret).instance

    row.refresh_from_db()
    assert secret not in json.dumps(row.data)
    assert get_mfa_adapter().decrypt(row.data["secret"]) == secret


# Linking


def test_linking_asks_for_a_password_first_and_goes_on_after_it(visitor: Visitor) -> None:
    user = sign_in_with_password(visitor)
    started = _start_connecting(visitor)
    forget_sign_in(visitor)  # the trip took longer than a sign-in is fresh

    answer = visitor.get(visitor.decide(started, "ada"))

    assert answer["Location"] == "/accounts/reauthenticate/"
    assert not SocialAccount.objects.exists()
    answer = visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer["Location"] == "/connections/"
    assert Credential.objects.get().account.user == user
    assert STASH not in visitor.session


def test_a_resumed_link_that_does_not_open_is_no_error_page(visitor: Visitor) -> None:
    sign_in_with_password(visitor)
    started = _start_connecting(visitor)
    forget_sign_in(visitor)
    visitor.get(visitor.decide(started, "ada"))
    session = visitor.session
    session[STASH]["state"]["token"]["sealed"] = "damaged"
    session.save()

    answer = visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})

    assert answer.status_code == 302
    assert not SocialAccount.objects.exists()


def test_an_account_of_somebody_else_is_not_taken_over(visitor: Visitor, sim: Control) -> None:
    Visitor(sim).sign_in("spotify", "grace")
    owner = User.objects.get()
    before = Credential.objects.values().get()
    visitor.sign_in("spotify", "ada")

    answer = visitor.get(visitor.decide(_start_connecting(visitor), "grace"))

    assert answer["Location"] == "/connections/conflict/"
    assert SocialAccount.objects.get(uid=before_uid(before)).user == owner
    assert Credential.objects.filter(pk=before["id"]).values().get() == before


def test_who_signed_out_in_the_meantime_links_nothing(visitor: Visitor, sim: Control) -> None:
    visitor.sign_in("spotify", "ada")
    before = Credential.objects.values().get()
    address = visitor.decide(_start_connecting(visitor), "ada")
    cookies = visitor.session["socialaccount_states"]
    visitor.logout()
    session = visitor.session
    session["socialaccount_states"] = cookies
    session.save()

    answer = visitor.get(address)

    assert answer.status_code == 302
    assert Credential.objects.values().get() == before
    assert "_auth_user_id" not in visitor.session


def test_connecting_again_renews_what_is_there(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    before = Credential.objects.get()

    visitor.get(visitor.decide(_start_connecting(visitor), "ada"))

    after = Credential.objects.get()
    assert after.generation > before.generation
    assert (after.authorized_at or 0) > (before.authorized_at or 1)  # type: ignore[operator]


def test_a_person_without_a_name_is_called_as_the_provider_calls_them(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    User.objects.update(name="")

    visitor.get(visitor.decide(_start_connecting(visitor, "facebook"), "grace"))

    assert User.objects.get().name == "Grace"


@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_the_same_moment_make_one_person(
    visitor: Visitor, sim: Control
) -> None:
    uid = sim.add_user("twin", name="Twin")["account_id"]
    sim.allow("twin")
    address = visitor.decide(visitor.start("spotify"), "twin")
    answers: list[Any] = []

    def come_back() -> None:
        answers.append(visitor.get(address))
        connection.close()

    with transaction.atomic():
        first = User.objects.create_user(name="first")
        SocialAccount.objects.create(user=first, provider="spotify", uid=uid)
        thread = threading.Thread(target=come_back)
        thread.start()
        wait_for(_somebody_waits_for_a_lock, what="the second sign-in to reach the row")
    thread.join()

    assert (answers[0].status_code, answers[0].context["cause"]) == (409, "collision")
    assert list(User.objects.all()) == [first]
    assert visitor.sign_in("spotify", "twin").status_code == 302
    assert list(User.objects.all()) == [first]


# Requests


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=2)
@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("192.0.2.1, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        ("198.51.100.7, 203.0.113.9", "198.51.100.7"),
        ("203.0.113.9", "192.0.2.77"),
        ("no address, 203.0.113.9", "192.0.2.77"),
    ],
)
def test_a_clients_address_is_read_from_the_trusted_end(forwarded: str, address: str) -> None:
    request = RequestFactory().get(
        "/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="192.0.2.77"
    )

    with request_context(request):
        assert get_account_adapter().get_client_ip(request) == address


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=2)
def test_a_request_past_the_proxies_is_served(visitor: Visitor) -> None:
    answer = visitor.post("/accounts/spotify/login/", headers={"x-forwarded-for": "192.0.2.1"})

    assert answer.status_code == 302


def test_a_request_through_a_unix_socket_has_an_address_too() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="")

    with request_context(request):
        assert get_account_adapter().get_client_ip(request) == "::"


def test_allauths_table_of_clients_is_not_asked(visitor: Visitor) -> None:
    app = get_adapter().get_app(RequestFactory().get("/"), "spotify")

    assert (app.pk, app.client_id) == (None, "spotsite-demo")


def test_sessions_hold_no_state_in_clear(visitor: Visitor) -> None:
    visitor.start("spotify")

    row = Session.objects.get()
    assert row.get_decoded()["socialaccount_states"]
    assert "pkce_code_verifier" not in row.session_data


def _start_connecting(visitor: Visitor, provider: str = "spotify") -> Any:
    started = visitor.post(f"/connections/connect/{provider}/")
    if started["Location"].startswith("/accounts/reauthenticate/"):
        visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
        started = visitor.post(f"/connections/connect/{provider}/")
    return started


def before_uid(credential: dict[str, Any]) -> str:
    return str(SocialAccount.objects.get(pk=credential["account_id"]).uid)


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        row = cursor.fetchone()
    return bool(row and row[0])
