"""The ways in of a person: password, verified e-mail, passkey, linked account; at least one stays.

The rule is kept at the rows themselves (``keep_one``), under a lock on the person: every page that
deletes one obeys it, allauth's and the admin's too, and two at once leave one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet

from accounts.models import User

LAST_WAY_IN = (
    "This is your last way in, so it stays: without it you could never sign in again. "
    "Add another one first: an e-mail address, a passkey or another account."
)

_last_may_go: ContextVar[bool] = ContextVar("accounts_last_way_in_may_go", default=False)


class LastWayIn(PermissionDenied):
    """The row is a person's last way in and is not deleted while the person stays."""

    def __init__(self) -> None:
        super().__init__(LAST_WAY_IN)


class Kind(StrEnum):
    PASSWORD = "password"  # noqa: S105 -- the name of a kind
    EMAIL = "email"
    PASSKEY = "passkey"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way in, and the row that stands for it (a password stands on the person's own row)."""

    kind: Kind
    pk: int
    name: str


def ways_in(user: User) -> list[WayIn]:
    """Return what this person can sign in with, today and without anybody's help."""
    return [*_addresses(user), *_passkeys(user), *_accounts(user)]


def would_remain(user: User, *, without: Model) -> list[WayIn]:
    """Return the ways in that are left when the row ``without`` is gone."""
    addresses = [way for way in _addresses(user) if not _stands_for(way, without)]
    if not any(way.kind is Kind.EMAIL for way in addresses):
        addresses = []  # a password is typed beside an address
    others = [*_passkeys(user), *_accounts(user)]
    return addresses + [way for way in others if not _stands_for(way, without)]


def is_way_in(row: Model) -> bool:
    """Say whether a row lets somebody in: an unverified address or a TOTP secret does not."""
    match row:
        case SocialAccount():
            return _usable(row.provider)
        case EmailAddress():
            return bool(row.verified)
        case Authenticator():
            return _is_passkey(row)
        case _:
            return False


def lock(user_id: int) -> User | None:
    """Lock a person until the transaction ends: whoever takes a way in waits for the other."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def keep_one(sender: type[Model], instance: Any, origin: Any = None, **kwargs: Any) -> None:
    """Refuse to delete a person's last way in (``pre_delete``), unless the person goes too."""
    if not _last_may_go.get() and not _is_person(origin):
        refuse_last(instance)


def refuse_last(row: Any) -> None:
    """Raise ``LastWayIn`` where nothing would be left without ``row``; call it in a transaction."""
    if not is_way_in(row):
        return
    user = lock(row.user_id)
    if user is not None and not would_remain(user, without=row):
        raise LastWayIn


@contextmanager
def last_one_may_go() -> Iterator[None]:
    """Let the last way in go, where the provider tells us to delete it."""
    token = _last_may_go.set(True)
    try:
        yield
    finally:
        _last_may_go.reset(token)


def _addresses(user: User) -> list[WayIn]:
    addresses = EmailAddress.objects.filter(user=user, verified=True).order_by("pk")
    ways = [WayIn(Kind.EMAIL, address.pk, address.email) for address in addresses]
    if ways and user.has_usable_password():
        ways.append(WayIn(Kind.PASSWORD, user.pk, "password"))
    return ways


def _passkeys(user: User) -> list[WayIn]:
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return [WayIn(Kind.PASSKEY, key.pk, key.wrap().name) for key in keys if _is_passkey(key)]


def _accounts(user: User) -> list[WayIn]:
    accounts = SocialAccount.objects.filter(user=user).order_by("pk")
    return [
        WayIn(Kind.ACCOUNT, account.pk, account.provider)
        for account in accounts
        if _usable(account.provider)
    ]


def _is_passkey(authenticator: Authenticator) -> bool:
    """Say whether it signs in by itself: a second factor alone opens nothing."""
    if authenticator.type != Authenticator.Type.WEBAUTHN:
        return False
    return bool(authenticator.wrap().is_passwordless)


def _usable(provider: str) -> bool:
    """Say whether the site has this provider's client id: without it nobody gets in through it."""
    apps = settings.SOCIALACCOUNT_PROVIDERS.get(provider, {}).get("APPS", [])
    return any(app["client_id"] for app in apps)


def _stands_for(way: WayIn, row: Model) -> bool:
    kinds = {SocialAccount: Kind.ACCOUNT, EmailAddress: Kind.EMAIL, Authenticator: Kind.PASSKEY}
    return way.kind is kinds.get(type(row)) and way.pk == row.pk


def _is_person(origin: Any) -> bool:
    """Say whether a delete started at people, so that their ways in go along."""
    model = origin.model if isinstance(origin, QuerySet) else type(origin)
    return bool(issubclass(model, User))
