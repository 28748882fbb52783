"""Store, hand out, refresh and erase tokens: the only module that may spend a refresh token.

Whoever wants to refresh takes the lease; the others wait and read again, and never go round it.
What the provider answered is written before anybody uses it (docs/decisions/refresh.md).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models.functions import Least

from accounts import belief, leases, oauth, providerstate, schedule, vault
from accounts.errors import (
    AccountError,
    BeingRefreshed,
    CredentialUnreadable,
    GrantDoubted,
    ProviderRefusedUs,
    ProviderUnavailable,
    ReauthorizationRequired,
    VaultError,
)
from accounts.leases import Lease
from accounts.models import CONSENT, Credential, CredentialEvent, User
from accounts.oauth import Grant, OutcomeUnknown
from accounts.signals import credential_lost, credential_refreshed, credential_stored
from accounts.vault import Secret
from spotsite import clock
from spotsite.clock import Now

__all__ = [
    "AccessToken",
    "Grant",
    "absorb",
    "access_token_for",
    "ask_refresh",
    "count_due",
    "expect_use",
    "forget",
    "move",
    "refresh",
    "refresh_next_due",
    "replace_rejected",
    "require_reconnect",
    "reseal",
]

log = logging.getLogger(__name__)

SPARE = timedelta(seconds=60)
# A loser outlives the lease of a holder that died, and then claims itself.
WAIT_SECONDS = leases.LEASE.total_seconds() + 3
_USE_NOTED_EVERY = timedelta(hours=1)
_RUN_AHEAD = timedelta(minutes=30)
_COLUMNS = ("refresh_ct", "access_ct")

_Status = Credential.Status
_Kind = CredentialEvent.Kind


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token to call with, and which generation of the credential it is of."""

    secret: Secret
    generation: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Resealed:
    """How a batch went; ``last`` is the id to go on after, None at the end."""

    done: int
    unreadable: int
    last: int | None


# What people bring --------------------------------------------------------------------------------


def absorb(
    account: SocialAccount, grant: Grant | None, *, consent: bool, provider_user_id: str = ""
) -> Credential:
    """Store what a sign-in, or a person's consent to connect, brought; return the credential.

    A sign-in never takes rights away: where it covers less than is stored, nothing changes.
    """
    with transaction.atomic():
        Credential.objects.get_or_create(
            account=account, defaults={"provider": account.provider, "status": _Status.DISCONNECTED}
        )
        credential = (
            Credential.objects.select_for_update(of=("self",))
            .select_related("account__user")
            .get(account=account)
        )
        if provider_user_id and credential.provider_user_id != provider_user_id:
            credential.provider_user_id = provider_user_id
            credential.save(update_fields=["provider_user_id"])
        if grant is None or (not consent and not set(credential.scopes) <= set(grant.scopes)):
            return credential
        _take(credential, grant, consent=consent)
    return credential


def forget(credential: Credential, *, reason: str) -> None:
    """Erase the tokens at once: the person disconnected, or the provider told us to."""
    with transaction.atomic():
        row = _locked(credential.pk)
        row.status = _Status.DISCONNECTED
        row.refresh_ct = row.access_ct = row.key_id = None
        row.access_expires_at = row.next_refresh_at = row.reauth_due_at = None
        row.lease_until = row.attempt_started_at = None
        row.scopes = []
        row.generation += 1
        row.save()
        _record(row, _Kind.FORGOTTEN, reason)
        transaction.on_commit(
            lambda: credential_lost.send_robust(
                sender=Credential, credential_id=row.pk, reason=reason
            )
        )


def move(account: SocialAccount, *, to: User) -> None:
    """Give a linked account to another person; its tokens are sealed anew for the new owner."""
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            _move(account, to)
        except BeingRefreshed:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
        else:
            return


# What work asks for -------------------------------------------------------------------------------


def access_token_for(credential_id: int, *, spare: timedelta = SPARE) -> AccessToken:
    """Return a token that is valid for ``spare`` at least, refreshed where the stored is not."""
    return _obtain(credential_id, lambda row, now: _is_valid(row, now, spare))


def replace_rejected(credential_id: int, *, generation: int) -> AccessToken:
    """Return a newer token than the one of ``generation``, which the provider answered with 401."""
    return _obtain(
        credential_id,
        lambda row, now: row.generation > generation and _is_valid(row, now, timedelta(0)),
    )


def refresh(credential_id: int) -> AccessToken:
    """Refresh now, whatever the schedule says; a refresh that others finish meanwhile counts."""
    generation = _read(credential_id)[0].generation
    return _obtain(
        credential_id,
        lambda row, now: row.generation > generation and _is_valid(row, now, timedelta(0)),
        at_once=True,
    )


def refresh_next_due() -> int | None:
    """Refresh what has been due for longest; return its id, or None where nothing is due.

    What goes wrong is in the row afterwards: nobody waits for this refresh.
    """
    lease = leases.claim_due()
    if lease is None:
        return None
    try:
        _spend(lease)
    except AccountError:
        return lease.credential.pk
    return lease.credential.pk


def count_due(*, most: int) -> int:
    """Return how many are due, counted no further than ``most``."""
    return len(Credential.objects.due().values_list("pk", flat=True)[:most])


def expect_use(credential_id: int) -> None:
    """Have the token refreshed ahead: work with it is due soon."""
    rows = Credential.objects.filter(pk=credential_id)
    rows.update(last_used_at=Now())
    rows.filter(status=_Status.OK, fail_count=0, access_expires_at__lt=Now() + _RUN_AHEAD).update(
        next_refresh_at=Least("next_refresh_at", Now())
    )


def ask_refresh(credential_id: int) -> bool:
    """Make a usable credential due now (staff's *refresh now*); a nudge to the task may follow."""
    rows = Credential.objects.filter(
        pk=credential_id, status__in=Credential.USABLE, refresh_ct__isnull=False
    )
    return bool(rows.update(next_refresh_at=Now()))


def require_reconnect(credential_id: int) -> bool:
    """Erase the tokens and ask the person for consent again (staff's decision)."""
    with transaction.atomic():
        row = _locked(credential_id)
        if not row.is_usable:
            return False
        belief.lose(row, "staff")
    return True


def reseal(*, after: int, most: int) -> Resealed:
    """Seal up to ``most`` credentials with ids above ``after`` under the primary key.

    Rows that somebody writes just now are passed over. A refresh under way loses nothing: it keeps
    its generation and lease, and what it stores is sealed with the primary key anyway.
    """
    primary = vault.primary_key_id()
    done, unreadable, last = 0, 0, after
    with transaction.atomic():
        rows = Credential.objects.sealed_otherwise(primary).filter(pk__gt=after).order_by("pk")
        locked = rows.select_for_update(skip_locked=True, of=("self",))
        for row in locked.select_related("account__user")[:most]:
            last = row.pk
            try:
                opened = {column: _unsealed(row, column) for column in _COLUMNS}
            except VaultError:
                unreadable += 1
                continue
            sealed = {column: _sealed(row, column, secret) for column, secret in opened.items()}
            same = Credential.objects.filter(pk=row.pk, generation=row.generation)
            done += same.update(**sealed, key_id=primary)
    return Resealed(done, unreadable, last if last > after else None)


# How ----------------------------------------------------------------------------------------------


def _obtain(
    credential_id: int,
    is_wanted: Callable[[Credential, datetime], bool],
    *,
    at_once: bool = False,
) -> AccessToken:
    give_up = time.monotonic() + WAIT_SECONDS
    pause = timedelta(milliseconds=50)
    while True:
        row, now = _read(credential_id)
        _note_use(row, now)
        if is_wanted(row, now):
            return _opened(row)
        leased = row.lease_until is not None and row.lease_until > now
        if not leased:
            _check_may_refresh(row, now, at_once=at_once)
            if (lease := leases.claim(row)) and (token := _spend(lease)):
                return token
        if time.monotonic() > give_up:
            raise BeingRefreshed("being_refreshed", retry_after=leases.LEASE.total_seconds())
        if leased:
            time.sleep((pause / 2 + schedule.jitter(pause / 2)).total_seconds())
            pause = min(pause * 2, timedelta(milliseconds=500))


def _spend(lease: Lease) -> AccessToken | None:
    """Refresh under the lease and store the answer first; None where it came too late."""
    credential = lease.credential
    if lease.provider_is_stopped:
        _check_provider(lease)
    if time.monotonic() + oauth.DEADLINE_SECONDS > lease.ends:
        return None  # this process was stopped for so long that another may be at it
    refresh_token = _open_leased(lease)
    try:
        grant = oauth.refresh(credential.provider, refresh_token)
    except ReauthorizationRequired as exc:
        raise _refused(lease, exc) from None
    except ProviderRefusedUs as exc:
        leases.release(lease, finished=True)
        providerstate.refuses_us(credential.provider, exc.code)
        raise
    except ProviderUnavailable as exc:
        _put_off(lease, exc)
        raise
    return _keep(lease, grant, refresh_token)


def _keep(lease: Lease, grant: Grant, refresh_token: Secret) -> AccessToken | None:
    credential = lease.credential
    assert grant.access_token is not None  # noqa: S101 -- oauth.read_grant promises it
    expires_at = lease.claimed_at + grant.expires_in
    stored = leases.store(
        lease,
        access_ct=_sealed(credential, "access_ct", grant.access_token),
        # Spotify sends a refresh token only where it replaces the old one. Both are sealed anew, so
        # that key_id tells of both.
        refresh_ct=_sealed(credential, "refresh_ct", grant.refresh_token or refresh_token),
        key_id=vault.primary_key_id(),
        access_expires_at=expires_at,
        last_refreshed_at=Now(),
        next_refresh_at=schedule.after_success(
            credential.pk,
            claimed_at=lease.claimed_at,
            life=grant.expires_in,
            last_used_at=credential.last_used_at,
        ),
        status=_Status.OK,
        suspect_since=None,
        probes=0,
        fail_count=0,
        last_error_code="",
    )
    if not stored:
        return None
    if credential.status == _Status.SUSPECT:
        belief.accepted(credential)
    if lease.provider_is_stopped:
        providerstate.accepts_us(credential.provider)
    credential_refreshed.send_robust(sender=Credential, credential_id=credential.pk)
    return AccessToken(grant.access_token, credential.generation + 1, expires_at)


def _refused(lease: Lease, exc: ReauthorizationRequired) -> ReauthorizationRequired:
    if belief.refused(lease, exc.code):
        return exc
    return GrantDoubted(exc.code, status=exc.status)


def _put_off(lease: Lease, exc: ProviderUnavailable) -> None:
    """Ask again later; nothing that is not invalid_grant can end a connection."""
    failures = lease.credential.fail_count + 1
    wait = schedule.backoff(failures, asked=exc.retry_after)
    if exc.retry_after is None:
        exc.retry_after = wait.total_seconds()
    if exc.code == "rate_limited":
        providerstate.pause(lease.credential.provider, exc.retry_after)
    leases.release(
        lease,
        finished=not isinstance(exc, OutcomeUnknown),
        next_refresh_at=clock.now() + wait,
        fail_count=failures,
        last_error_code=exc.code,
    )


def _check_provider(lease: Lease) -> None:
    """Raise, and give the lease back, where the provider as a whole is not to be called."""
    provider = lease.credential.provider
    try:
        if providerstate.check(provider) and not providerstate.take_probe(provider):
            raise ProviderRefusedUs("app_error")
    except AccountError:
        lease.row().update(lease_until=None, attempt_started_at=lease.unfinished_at)
        raise


def _check_may_refresh(row: Credential, now: datetime, *, at_once: bool) -> None:
    """Raise what keeps the credential from being refreshed now."""
    if not row.is_usable:
        raise ReauthorizationRequired(row.last_error_code or row.status)
    if row.refresh_ct is None:
        raise ReauthorizationRequired("no_token")
    providerstate.check(row.provider)
    is_due = row.next_refresh_at is not None and row.next_refresh_at <= now
    if at_once or is_due:
        return
    if row.status == _Status.SUSPECT:
        raise GrantDoubted(row.last_error_code)
    if row.fail_count and row.next_refresh_at is not None:
        wait = (row.next_refresh_at - now).total_seconds()
        raise ProviderUnavailable(row.last_error_code, retry_after=wait)


def _read(credential_id: int) -> tuple[Credential, datetime]:
    """Return the row and the clock of the same moment."""
    row = (
        Credential.objects.select_related("account__user").annotate(now=Now()).get(pk=credential_id)
    )
    now: datetime = row.now  # type: ignore[attr-defined]  # annotated above
    return row, now


def _is_valid(row: Credential, now: datetime, spare: timedelta) -> bool:
    return (
        row.is_usable
        and row.access_ct is not None
        and row.access_expires_at is not None
        and row.access_expires_at - spare > now
    )


def _note_use(row: Credential, now: datetime) -> None:
    if row.last_used_at is None or row.last_used_at < now - _USE_NOTED_EVERY:
        Credential.objects.filter(pk=row.pk).update(last_used_at=now)
        row.last_used_at = now


def _opened(row: Credential) -> AccessToken:
    assert row.access_expires_at is not None  # noqa: S101 -- a token is stored with its end
    try:
        secret = _unsealed(row, "access_ct")
    except VaultError as exc:
        raise _unreadable(row) from exc
    assert secret is not None  # noqa: S101 -- the caller saw a valid token
    return AccessToken(secret, row.generation, row.access_expires_at)


def _open_leased(lease: Lease) -> Secret:
    try:
        secret = _unsealed(lease.credential, "refresh_ct")
    except VaultError as exc:
        leases.release(lease, finished=True, next_refresh_at=clock.now() + schedule.LONGEST_BACKOFF)
        raise _unreadable(lease.credential) from exc
    assert secret is not None  # noqa: S101 -- only rows with a refresh token are claimed
    return secret


def _unreadable(row: Credential) -> CredentialUnreadable:
    """Tell staff once, and change nothing: the key may come back."""
    changed = Credential.objects.filter(pk=row.pk).exclude(last_error_code="unsealable")
    if changed.update(last_error_code="unsealable"):
        _record(row, _Kind.UNSEALABLE)
        log.error("a token of credential %s does not open", row.pk)
    return CredentialUnreadable("unsealable")


def _take(credential: Credential, grant: Grant, *, consent: bool) -> None:
    """Write the grant of a person's own hand: it wins over whatever is under way."""
    now = clock.now()
    was_ok, was_usable = credential.status == _Status.OK, credential.is_usable
    reconnected = credential.authorized_at is not None
    credential.generation += 1
    credential.status = _Status.OK
    credential.scopes = sorted(grant.scopes)
    credential.lease_until = credential.attempt_started_at = None
    credential.suspect_since, credential.probes = None, 0
    credential.fail_count, credential.last_error_code = 0, ""
    credential.last_used_at = now
    if consent or not was_usable:
        credential.authorized_at = now
        credential.reauth_due_at = now + CONSENT if grant.access_token else None
        credential.reminded_days = credential.told_lost_at = None
    _seal_grant(credential, grant, now)
    credential.save()
    _record(credential, _Kind.STORED, "consent" if consent else "sign_in")
    if consent or not was_ok:
        transaction.on_commit(
            lambda: credential_stored.send_robust(
                sender=Credential, credential_id=credential.pk, reconnected=reconnected
            )
        )


def _seal_grant(credential: Credential, grant: Grant, now: datetime) -> None:
    if grant.access_token is None:
        return
    refresh_token = grant.refresh_token or _unsealed(credential, "refresh_ct")
    credential.access_ct = _sealed(credential, "access_ct", grant.access_token)
    credential.refresh_ct = _sealed(credential, "refresh_ct", refresh_token)
    credential.key_id = vault.primary_key_id()
    credential.access_expires_at = now + grant.expires_in
    credential.next_refresh_at = schedule.after_success(
        credential.pk, claimed_at=now, life=grant.expires_in, last_used_at=now
    )


def _move(account: SocialAccount, to: User) -> None:
    # A savepoint inside the caller's transaction: with it goes the lock, so that a refresh can end.
    with transaction.atomic():
        row = (
            Credential.objects.filter(account=account)
            .select_for_update(of=("self",))
            .select_related("account__user")
            .first()
        )
        if row is None:
            account.user = to
            account.save(update_fields=["user"])
            return
        if row.lease_until is not None and row.lease_until > clock.now():
            # Its answer would be sealed for the old owner; it comes within seconds.
            raise BeingRefreshed("being_refreshed", retry_after=leases.LEASE.total_seconds())
        tokens = {column: _unsealed(row, column) for column in _COLUMNS}
        row.account.user = account.user = to
        row.account.save(update_fields=["user"])
        sealed = {column: _sealed(row, column, secret) for column, secret in tokens.items()}
        key_id = vault.primary_key_id() if any(sealed.values()) else None
        Credential.objects.filter(pk=row.pk).update(
            **sealed, key_id=key_id, generation=row.generation + 1, lease_until=None
        )
        _record(row, _Kind.MOVED)


def _sealed(row: Credential, column: str, secret: Secret | None) -> bytes | None:
    return vault.seal(secret.reveal(), context=row.context(column)) if secret else None


def _unsealed(row: Credential, column: str) -> Secret | None:
    sealed = getattr(row, column)
    return vault.unseal(bytes(sealed), context=row.context(column)) if sealed else None


def _locked(credential_id: int) -> Credential:
    return (
        Credential.objects.select_for_update(of=("self",))
        .select_related("account__user")
        .get(pk=credential_id)
    )


def _record(row: Credential, kind: CredentialEvent.Kind, code: str = "") -> None:
    CredentialEvent.objects.create(account=row.account, user=row.account.user, kind=kind, code=code)
