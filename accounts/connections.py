"""The connections page: what is linked, what it may do, until when, and how a link ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.socialaccount import providers
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from accounts import scopes, tokens, ways_in, withdrawals
from accounts.conflicts import park as park_conflict
from accounts.models import Credential, ProviderState, User
from spotsite import clock

__all__ = ["LinkedAccount", "disconnect", "display_name", "linked_accounts", "park_conflict"]

# What the site cannot do for a linked account without a scope, said as a loss.
SWITCHED_OFF = {
    "playlist-read-private": "Your private playlists are not offered.",
    "playlist-read-collaborative": "Playlists that you make together with others are not offered.",
    "playlist-modify-private": "Private playlists cannot be made or changed.",
    "playlist-modify-public": "Public playlists cannot be made or changed.",
}

# Where a person takes the site's permission back by hand, at the provider.
PERMISSION_PAGES = {
    "spotify": "https://www.spotify.com/account/apps/",
    "facebook": "https://www.facebook.com/settings/?tab=applications",
}


@dataclass(frozen=True, slots=True)
class State:
    """How a connection is, in a word for the badge and a sentence for the person."""

    word: str
    sentence: str
    badge: str  # ok, warn or bad


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """One linked account as its person sees it."""

    pk: int
    provider: str
    provider_name: str
    name: str
    state: State
    rights: list[str]
    refreshed_at: datetime | None
    ends_at: datetime | None
    days_left: int | None
    is_overdue: bool
    is_last_way_in: bool
    is_in_outage: bool  # its provider refuses several accounts at once
    permission_page: str

    @property
    def needs_reconnect(self) -> bool:
        return self.state.badge != "ok"


def linked_accounts(user: User) -> list[LinkedAccount]:
    """Return this person's linked accounts in the order in which they came."""
    now = clock.now()
    accounts = SocialAccount.objects.filter(user=user).select_related("credential").order_by("pk")
    conditions = {row.provider: row for row in ProviderState.objects.all()}
    ways = ways_in.ways_in(user)
    return [
        _described(account, conditions.get(account.provider), ways, now) for account in accounts
    ]


@dataclass(frozen=True, slots=True)
class Extra:
    """A right that a feature needs, which a person may give besides."""

    name: str
    words: list[str]
    is_given: bool
    is_wanted: bool


def extras(account: SocialAccount, *, wanted: Iterable[str]) -> list[Extra]:
    """Return what can be asked for besides the base, ``wanted`` of it ticked beforehand."""
    if account.provider != "spotify":
        return []
    credential = Credential.objects.filter(account=account).first()
    names = set(wanted)
    return [
        Extra(
            name=name,
            words=scopes.in_words(rights),
            is_given=credential is not None and credential.covers(list(rights)),
            is_wanted=name in names,
        )
        for name, rights in scopes.EXTRAS.items()
    ]


def configured_providers() -> list[tuple[str, str]]:
    """Return id and name of each provider that the site has a client id for."""
    return [
        (provider, provider_name(provider))
        for provider, options in settings.SOCIALACCOUNT_PROVIDERS.items()
        if any(app["client_id"] for app in options["APPS"])
    ]


def provider_name(provider: str) -> str:
    return str(providers.registry.get_class(provider).name)


def display_name(account: SocialAccount) -> str:
    """Return what the person is called over there."""
    return str(providers.registry.get_class(account.provider).account_class(account).to_str())


@transaction.atomic
def disconnect(account: SocialAccount) -> int | None:
    """End a link and erase its tokens; return the withdrawal that is to be nudged, if there is one.

    Raises ``LastWayIn`` where nothing would be left to sign in with.
    """
    ways_in.refuse_last(account)
    withdrawal = withdrawals.ask_for(account)
    end_link(account, reason="disconnected")
    return withdrawal


def end_link(account: SocialAccount, *, reason: str) -> None:
    """Erase the tokens and delete the link with all that hangs on it; call it in a transaction."""
    credential = Credential.objects.filter(account=account).first()
    if credential is not None:
        tokens.forget(credential, reason=reason)
    account.delete()


def _described(
    account: SocialAccount,
    condition: ProviderState | None,
    ways: Sequence[ways_in.WayIn],
    now: datetime,
) -> LinkedAccount:
    credential: Credential | None = getattr(account, "credential", None)
    usable = credential if credential is not None and credential.is_usable else None
    name = provider_name(account.provider)
    return LinkedAccount(
        pk=account.pk,
        provider=account.provider,
        provider_name=name,
        name=display_name(account),
        state=_state(account.provider, name, credential, condition),
        rights=scopes.in_words(usable.scopes) if usable else [],
        refreshed_at=credential.last_refreshed_at if credential else None,
        ends_at=usable.reauth_due_at if usable else None,
        days_left=usable.days_left(now) if usable else None,
        is_overdue=bool(usable and usable.reauth_due_at and usable.reauth_due_at <= now),
        is_last_way_in=[(way.kind, way.pk) for way in ways] == [("account", account.pk)],
        is_in_outage=bool(usable and condition and condition.frozen_at),
        permission_page=PERMISSION_PAGES.get(account.provider, ""),
    )


def _limited(name: str, missing: list[str]) -> State:
    rights = "; ".join(word[0].lower() + word[1:] for word in scopes.in_words(missing))
    losses = " ".join(SWITCHED_OFF[scope] for scope in missing)
    return State(
        "limited",
        f"{name} did not give us every right that we asked for. Missing: {rights}. {losses} "
        "Reconnect and allow it, if you want it.",
        "warn",
    )


def _state(
    provider: str, name: str, credential: Credential | None, condition: ProviderState | None
) -> State:
    if provider == "facebook" and (credential is None or credential.is_usable):
        return State("for signing in", "You can sign in with it. No token of it is kept.", "ok")
    if credential is None or credential.status == Credential.Status.DISCONNECTED:
        return State(
            "disconnected",
            f"You can sign in with it, but we hold no access to {name}. Reconnect to give it.",
            "warn",
        )
    if credential.status == Credential.Status.NEEDS_RECONNECT:
        return State(
            "needs reconnect",
            f"{name} no longer accepts our access: it was withdrawn, or its time is over. "
            "Reconnect, and what was paused goes on.",
            "bad",
        )
    if condition is not None and condition.app_error_code:
        return State(
            "waiting for the operator",
            f"{name} refuses this site's own keys ({condition.app_error_code}). Whoever runs the "
            "site has to put that right; your connection is kept, and you need not do anything.",
            "warn",
        )
    if credential.status == Credential.Status.SUSPECT:
        return State(
            "in doubt",
            f"{name} refused our last refresh. Such answers have been wrong before, so we ask "
            "again for a day before we believe it. You may reconnect now and be sure.",
            "warn",
        )
    missing = [scope for scope in scopes.BASE if scope not in credential.scopes]
    if provider == "spotify" and missing:
        return _limited(name, missing)
    return State("connected", "All is well.", "ok")
