"""People as tests need them: with a mailbox, a passkey, or a sign-in that lies long ago."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User

RECORDS = "account_authentication_methods"
LONG_AGO = 601  # seconds: one more than a sign-in counts as fresh


def give_email(user: User, email: str = "ada@example.org", *, password: str = "") -> EmailAddress:
    """Give a person a verified address, and a password if one is named."""
    user.email = email
    if password:
        user.set_password(password)
    user.save()
    address: EmailAddress = EmailAddress.objects.create(
        user=user, email=email, verified=True, primary=True
    )
    return address


def give_passkey(user: User, *, passwordless: bool = True) -> Authenticator:
    """Give a person a security key; only one that works without a password is a way in."""
    extensions = {"credProps": {"rk": passwordless}}
    key: Authenticator = Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "key", "credential": {"clientExtensionResults": extensions}},
    )
    return key


def forget_sign_in(client: Client) -> None:
    """Make the sign-ins of a session as old as if ten minutes and a second had passed."""
    session = client.session
    session[RECORDS] = [
        record | {"at": record["at"] - LONG_AGO} for record in session.get(RECORDS, [])
    ]
    session.save()


def prove_again(client: Client) -> None:
    """Mark the session as one in which a mailed code or a password was asked just now."""
    session = client.session
    records: list[dict[str, Any]] = session.get(RECORDS, [])
    session[RECORDS] = [
        *records,
        {"method": "code", "at": time.time(), "reauthenticated": True},
    ]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
