"""An identity that belongs to another local account: sign in there, cancel, or move it here.

The move asks of the other account what unlinking there would ask: the trip to the provider that
brought the person here, and then its second factor, or else its password, where it has one. Nothing
of the other person is shown (docs/decisions/moving-an-identity.md).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from enum import StrEnum

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount import providers
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import tokens, ways_in
from accounts.leaving import leave
from accounts.models import CredentialEvent, User
from accounts.recent import FRESH
from accounts.signals import account_moved

SESSION_KEY = "accounts_conflict"


class Proof(StrEnum):
    """What the other account asks for besides the trip to the provider."""

    NOTHING = "nothing"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105 -- the name of a proof


class NotMovable(Exception):
    """The other account cannot give the identity away; the sentence says why, and no more."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """What waits in the session for a choice: which identity, and when it was proved."""

    account_pk: int
    user_pk: int  # who asked for it; nobody else may go on with it
    provider: str
    name: str
    at: float
    owner_pk: int = 0  # whose it was then: from nobody else is it taken

    @property
    def is_fresh(self) -> bool:
        return time.time() - self.at < FRESH.total_seconds()


def park(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Remember whose identity came back, drop its token, and lead to the page with the choice."""
    account = sociallogin.account
    sociallogin.token = None
    name = providers.registry.get_class(account.provider).account_class(account).to_str()
    conflict = Conflict(
        account_pk=account.pk,
        user_pk=int(request.user.pk or 0),
        provider=account.provider,
        name=str(name),
        at=time.time(),
        owner_pk=account.user_id,
    )
    request.session[SESSION_KEY] = asdict(conflict)
    return HttpResponseRedirect(reverse("connection_conflict"))


def parked(request: HttpRequest) -> Conflict | None:
    """Return what waits for this person's choice, while it is fresh and still as it was."""
    data = request.session.get(SESSION_KEY)
    if not isinstance(data, dict):
        return None
    conflict = Conflict(**data)
    account = SocialAccount.objects.filter(pk=conflict.account_pk).first()
    if not conflict.is_fresh or conflict.user_pk != request.user.pk or account is None:
        drop(request)
        return None
    if account.user_id != conflict.owner_pk:  # moved in another tab, or by somebody else
        drop(request)
        return None
    return conflict


def drop(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def asked_of(user: User) -> Proof:
    """Return what this account asks for besides the trip to the provider."""
    if is_mfa_enabled(user):
        return Proof.CODE
    if user.has_usable_password() and EmailAddress.objects.filter(user=user).exists():
        return Proof.PASSWORD
    return Proof.NOTHING


def closes_with(account: SocialAccount) -> bool:
    """Say whether the other account has no other way in, so that a move closes it."""
    return not ways_in.would_remain(account.user, without=account)


def refuse_unless_movable(account: SocialAccount) -> None:
    """Raise ``NotMovable`` where staff has to look first."""
    other = account.user
    if not other.is_active:
        raise NotMovable(
            "The account that it belongs to is switched off. Ask whoever runs this site."
        )
    if closes_with(account) and (other.is_staff or other.is_superuser):
        raise NotMovable(
            "It is the only way into an account of this site's staff, so it stays there."
        )


@transaction.atomic
def move(conflict: Conflict, *, to: User) -> str:
    """Hang the identity, its resealed tokens and all that is made with it on ``to``.

    The other account is closed where this was its only way in. Returns the address at which its
    person is to be told, or "" where we know of none that is theirs for certain.
    """
    first = SocialAccount.objects.get(pk=conflict.account_pk)
    for user_id in sorted(
        {first.user_id, to.pk}
    ):  # one order for all, so that two moves cannot embrace
        ways_in.lock(user_id)
    account = (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("user")
        .get(pk=conflict.account_pk)
    )
    if account.user_id != conflict.owner_pk or account.user_id == to.pk:
        raise NotMovable("It was moved in the meantime.")
    refuse_unless_movable(account)
    other, closes = account.user, closes_with(account)
    addresses = EmailAddress.objects.filter(user=other, verified=True).order_by("-primary", "pk")
    address = addresses.values_list("email", flat=True).first() or ""
    tokens.move(account, to=to)
    CredentialEvent.objects.filter(account=account).update(user=to)
    account_moved.send(
        SocialAccount, account_id=account.pk, from_user_id=other.pk, to_user_id=to.pk
    )
    if closes:
        leave(other)
    return address
