"""What people bring: signing in, connecting, disconnecting, moving; rows only, nobody is called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import leases, tokens
from accounts.errors import BeingRefreshed, CredentialUnreadable, ReauthorizationRequired
from accounts.models import Credential, CredentialEvent, User
from accounts.signals import credential_lost, credential_stored
from accounts.tokens import Grant
from accounts.vault import Secret
from spotsite import clock

pytestmark = pytest.mark.django_db


def grant(number: int = 1, scopes: str = "read write", *, refresh: bool = True) -> Grant:
    return Grant(
        Secret(f"access-{number}"),
        Secret(f"refresh-{number}") if refresh else None,
        timedelta(hours=1),
        tuple(scopes.split()),
    )


@pytest.fixture
def account() -> SocialAccount:
    user = User.objects.create_user()
    return SocialAccount.objects.create(user=user, provider="spotify", uid="wizzler")


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What the signals said."""
    heard: list[dict[str, Any]] = []

    def hear(sender: Any, signal: Any, **what: Any) -> None:
        heard.append(what)

    credential_stored.connect(hear)
    credential_lost.connect(hear)
    yield heard
    credential_stored.disconnect(hear)
    credential_lost.disconnect(hear)


def test_a_first_sign_in_starts_the_consent_clock(
    account: SocialAccount,
    told: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        credential = tokens.absorb(account, grant(), consent=False, provider_user_id="wiz")

    assert credential.status == "ok"
    assert credential.provider_user_id == "wiz"
    assert credential.scopes == ["read", "write"]
    assert credential.authorized_at is not None
    assert credential.reauth_due_at == credential.authorized_at + timedelta(days=180)
    assert told == [{"credential_id": credential.pk, "reconnected": False}]
    assert tokens.access_token_for(credential.pk).secret == Secret("access-1")
    assert Credential.objects.count() == 1


def test_tokens_are_never_stored_in_clear(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=False)

    credential.refresh_from_db()
    for sealed in (credential.access_ct, credential.refresh_ct):
        assert b"access" not in bytes(sealed or b"access")
        assert b"refresh" not in bytes(sealed or b"refresh")


def test_a_sign_in_with_the_same_rights_stores_newer_tokens_and_leaves_the_consent_clock(
    account: SocialAccount,
    told: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = tokens.absorb(account, grant(1), consent=True)
    clock.move(timedelta(days=30))

    with django_capture_on_commit_callbacks(execute=True):
        second = tokens.absorb(account, grant(2, "read write more"), consent=False)

    assert (second.pk, second.generation) == (first.pk, first.generation + 1)
    assert second.authorized_at == first.authorized_at
    assert second.reauth_due_at == first.reauth_due_at
    assert second.scopes == ["more", "read", "write"]
    assert told == []
    assert tokens.access_token_for(second.pk).secret == Secret("access-2")


def test_a_sign_in_with_fewer_rights_changes_nothing(account: SocialAccount) -> None:
    before = tokens.absorb(account, grant(1), consent=True)

    after = tokens.absorb(account, grant(2, "read"), consent=False)

    assert (after.generation, after.scopes) == (before.generation, ["read", "write"])
    assert tokens.access_token_for(after.pk).secret == Secret("access-1")


def test_a_connect_may_give_fewer_rights_and_restarts_everything(
    account: SocialAccount,
    told: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    first = tokens.absorb(account, grant(1), consent=True)
    Credential.objects.update(status="suspect", probes=2, fail_count=3, reminded_days=7)
    clock.move(timedelta(days=30))

    with django_capture_on_commit_callbacks(execute=True):
        second = tokens.absorb(account, grant(2, "read"), consent=True)

    assert (second.scopes, second.status) == (["read"], "ok")
    assert (second.probes, second.fail_count, second.suspect_since) == (0, 0, None)
    assert second.reminded_days is None
    assert second.authorized_at is not None
    assert first.authorized_at is not None
    assert second.authorized_at - first.authorized_at >= timedelta(days=30)
    assert told == [{"credential_id": second.pk, "reconnected": True}]


def test_a_sign_in_brings_a_lost_credential_back(account: SocialAccount) -> None:
    lost = tokens.absorb(account, grant(1), consent=True)
    assert tokens.require_reconnect(lost.pk)
    clock.move(timedelta(days=200))

    back = tokens.absorb(account, grant(2), consent=False)

    assert back.status == "ok"
    assert back.reauth_due_at is not None
    assert back.reauth_due_at > clock.now() + timedelta(days=179)


def test_a_consent_without_a_refresh_token_keeps_the_old_one(account: SocialAccount) -> None:
    tokens.absorb(account, grant(1), consent=True)

    credential = tokens.absorb(account, grant(2, refresh=False), consent=True)

    assert tokens._unsealed(credential, "refresh_ct") == Secret("refresh-1")


def test_an_account_whose_provider_needs_no_token_stores_none_and_never_ends(
    account: SocialAccount,
) -> None:
    none = Grant(None, None, timedelta(0), ("public_profile",))

    credential = tokens.absorb(account, none, consent=True)

    assert (credential.status, credential.reauth_due_at) == ("ok", None)
    assert (credential.access_ct, credential.refresh_ct, credential.key_id) == (None, None, None)
    with pytest.raises(ReauthorizationRequired, match="no_token"):
        tokens.access_token_for(credential.pk)


def test_disconnecting_erases_the_tokens_at_once(
    account: SocialAccount,
    told: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    credential = tokens.absorb(account, grant(), consent=True)

    with django_capture_on_commit_callbacks(execute=True):
        tokens.forget(credential, reason="disconnected")

    credential.refresh_from_db()
    assert (credential.access_ct, credential.refresh_ct, credential.key_id) == (None, None, None)
    assert credential.status == "disconnected"
    assert told == [{"credential_id": credential.pk, "reason": "disconnected"}]
    with pytest.raises(ReauthorizationRequired):
        tokens.access_token_for(credential.pk)


def test_staffs_require_reconnect_asks_the_person(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=True)

    assert tokens.require_reconnect(credential.pk)
    assert not tokens.require_reconnect(credential.pk)

    with pytest.raises(ReauthorizationRequired, match="staff"):
        tokens.access_token_for(credential.pk)


def test_moving_seals_the_tokens_for_the_new_owner(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=True)
    before = bytes(credential.refresh_ct or b"")

    tokens.move(account, to=User.objects.create_user())

    assert tokens.access_token_for(credential.pk).secret == Secret("access-1")
    assert CredentialEvent.objects.filter(kind="moved").count() == 1
    Credential.objects.update(access_ct=before)
    with pytest.raises(CredentialUnreadable):
        tokens.access_token_for(credential.pk)


def test_changing_the_owner_past_us_makes_the_tokens_useless(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=True)

    SocialAccount.objects.update(user=User.objects.create_user())

    with pytest.raises(CredentialUnreadable):
        tokens.access_token_for(credential.pk)


def test_moving_waits_for_a_refresh_under_way(
    account: SocialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = tokens.absorb(account, grant(), consent=True)
    assert leases.claim(credential)
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 0.3)

    with pytest.raises(BeingRefreshed):
        tokens.move(account, to=User.objects.create_user())

    clock.move(leases.LEASE)
    tokens.move(account, to=User.objects.create_user())


def test_use_is_noted_and_brings_the_next_refresh_forward(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=True)
    clock.move(timedelta(minutes=45))
    Credential.objects.update(next_refresh_at=clock.now() + timedelta(days=1))
    assert tokens.count_due(most=5) == 0

    tokens.expect_use(credential.pk)

    assert tokens.count_due(most=5) == 1


def test_refresh_now_makes_only_a_usable_credential_due(account: SocialAccount) -> None:
    credential = tokens.absorb(account, grant(), consent=True)

    assert tokens.ask_refresh(credential.pk)
    assert tokens.count_due(most=5) == 1
    tokens.forget(credential, reason="disconnected")

    assert not tokens.ask_refresh(credential.pk)
