"""Everything that is stored about a person as one zip of JSON files; no token, hash or secret."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import CredentialEvent, User, Withdrawal
from spotsite import clock

Section = Callable[[User], Any]

# Name of the file, and what fills it; other apps add theirs when they are loaded.
sections: dict[str, Section] = {}


def section(name: str) -> Callable[[Section], Section]:
    """Register a function that returns what one app stores about a person, ready for JSON."""

    def register(function: Section) -> Section:
        sections[name] = function
        return function

    return register


def archive(user: User) -> bytes:
    """Return the zip."""
    parts = {name: gather(user) for name, gather in sorted(sections.items())}
    about = {"made_at": clock.now(), "files": [f"{name}.json" for name in parts]}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in {"about": about, **parts}.items():
            text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
            file.writestr(f"{name}.json", text)
    return buffer.getvalue()


@section("profile")
def profile(user: User) -> dict[str, Any]:
    return {
        "id": user.uuid,
        "name": user.name,
        "email": user.email,
        "joined_at": user.date_joined,
        "last_sign_in_at": user.last_login,
        "has_password": user.has_usable_password(),
        "is_staff": user.is_staff,
    }


@section("email_addresses")
def email_addresses(user: User) -> list[dict[str, Any]]:
    rows = EmailAddress.objects.filter(user=user).order_by("pk")
    return list(rows.values("email", "verified", "primary"))


@section("second_factors")
def second_factors(user: User) -> list[dict[str, Any]]:
    rows = Authenticator.objects.filter(user=user).order_by("pk")
    return list(rows.values("type", "created_at", "last_used_at"))


@section("linked_accounts")
def linked_accounts(user: User) -> list[dict[str, Any]]:
    rows = SocialAccount.objects.filter(user=user).select_related("credential").order_by("pk")
    return [_linked_account(account) for account in rows]


@section("history_of_links")
def history_of_links(user: User) -> list[dict[str, Any]]:
    events = (
        CredentialEvent.objects.filter(user=user).select_related("account").order_by("at", "pk")
    )
    return [
        {
            "at": event.at,
            "what": event.get_kind_display(),
            "code": event.code,
            "provider": event.account.provider if event.account else None,
            "account": event.account.uid if event.account else None,
        }
        for event in events
    ]


@section("withdrawals")
def withdrawals(user: User) -> list[dict[str, Any]]:
    rows = Withdrawal.objects.filter(user=user).order_by("pk")
    return [dict(row) for row in rows.values("provider", "asked_at", "done_at", "given_up_at")]


@section("sessions")
def sessions(user: User) -> list[dict[str, Any]]:
    rows = UserSession.objects.filter(user=user).order_by("pk")
    return list(rows.values("created_at", "last_seen_at", "ip", "user_agent"))


def _linked_account(account: SocialAccount) -> dict[str, Any]:
    credential = getattr(account, "credential", None)
    return {
        "provider": account.provider,
        "uid": account.uid,
        "as_the_provider_described_it": account.extra_data,
        "linked_at": account.date_joined,
        "last_sign_in_at": account.last_login,
        "credential": credential
        and {
            "state": credential.status,
            "scopes": credential.scopes,
            "authorized_at": credential.authorized_at,
            "access_ends_at": credential.reauth_due_at,
            "last_refreshed_at": credential.last_refreshed_at,
            "last_used_at": credential.last_used_at,
            "created_at": credential.created_at,
        },
    }
