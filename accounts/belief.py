"""How far a provider's "invalid_grant" is believed, and when nothing is believed at all.

A refusal makes a credential suspect; probes after 15 minutes, 3 hours and 24 hours decide. Several
that fail together freeze all verdicts: providers have answered "revoked" for good tokens
(docs/decisions/belief.md).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from accounts import schedule
from accounts.leases import Lease
from accounts.models import Credential, CredentialEvent, CredentialQuerySet, ProviderState
from accounts.signals import credential_lost, provider_trouble
from spotsite import clock
from spotsite.clock import Now

log = logging.getLogger(__name__)

PROBES = (timedelta(minutes=15), timedelta(hours=3), timedelta(hours=24))
LOST_ROTATION_WITHIN = timedelta(minutes=10)
TRIED_WITHIN = timedelta(days=1)  # every account is tried once a day, so this is all of them
TOGETHER_AT_LEAST = 2
TOGETHER_ONE_IN = 50  # of those that were tried
FROZEN_BELIEF = timedelta(days=7)
WITNESSES = 4
WITNESS_FRESH = timedelta(minutes=15)
NEXT_WITNESS = timedelta(hours=1)

_Status = Credential.Status
_Kind = CredentialEvent.Kind


def refused(lease: Lease, code: str) -> bool:
    """Take note of an invalid_grant; say whether the credential is lost now."""
    with transaction.atomic():
        locked = lease.row().select_for_update(of=("self",))
        credential = locked.select_related("account__user").first()
        if credential is None:
            return False  # the refusal is of an old token: a newer consent stands
        now = clock.now()
        if _is_lost_rotation(lease, credential):
            code = "lost_rotation"
        credential.lease_until = credential.attempt_started_at = None
        if _has_ended(credential, now):
            lose(credential, "consent_ended")
        elif credential.status == _Status.OK:
            _doubt(credential, code, now)
        else:
            _probed(credential, code, now)
        return credential.status == _Status.NEEDS_RECONNECT


def accepted(credential: Credential) -> None:
    """Take note that a suspect was accepted: the refusal was false, so others are asked soon."""
    _record(credential, _Kind.RESTORED)
    frozen = ProviderState.objects.filter(provider=credential.provider).exclude(frozen_at=None)
    if not frozen.exists():
        return
    soon = clock.now() + schedule.jitter(PROBES[0])
    _suspects(credential.provider).filter(next_refresh_at__gt=soon).update(
        probes=0, next_refresh_at=soon
    )
    if not _fail_together(credential.provider, clock.now()):
        frozen.update(frozen_at=None)
        log.warning("verdicts about %s are taken again: it accepts tokens", credential.provider)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is known of a provider that refuses accounts, for staff who are to judge."""

    suspect: int
    ripe: int  # of these: lost when refused once more
    got_through: int  # others, within a day


def doubts(provider: str) -> Doubts:
    now = clock.now()
    suspects = _suspects(provider)
    ripe = suspects.filter(suspect_since__lte=now - PROBES[-1], probes__gte=len(PROBES) - 1)
    return Doubts(suspects.count(), ripe.count(), _accepted(provider, now - TRIED_WITHIN))


def thaw(provider: str) -> bool:
    """Take verdicts again where staff know that people really left; False where none are frozen.

    Those that are suspect by now no longer count as failing together, and are asked soon. Whoever
    is refused later does count, so verdicts freeze again where staff were wrong.
    """
    frozen = ProviderState.objects.filter(pk=provider).exclude(frozen_at=None)
    with transaction.atomic():
        if not frozen.update(frozen_at=None, thawed_at=Now()):
            return False
        soon = clock.now() + schedule.jitter(PROBES[0])
        _suspects(provider).filter(next_refresh_at__gt=soon, probes__gte=len(PROBES) - 1).update(
            next_refresh_at=soon
        )
    log.warning("verdicts about %s are taken again: staff said so", provider)
    return True


def lose(credential: Credential, reason: str) -> None:
    """Erase the tokens of a locked row, and tell the others by a signal."""
    credential.status = _Status.NEEDS_RECONNECT
    credential.refresh_ct = credential.access_ct = credential.key_id = None
    credential.access_expires_at = credential.next_refresh_at = None
    credential.lease_until = credential.attempt_started_at = None
    credential.last_error_code = reason
    credential.told_lost_at = None
    credential.generation += 1
    credential.save(
        update_fields=[
            *("status", "refresh_ct", "access_ct", "key_id", "access_expires_at"),
            *("next_refresh_at", "lease_until", "attempt_started_at", "probes"),
            *("last_error_code", "told_lost_at", "generation"),
        ]
    )
    _record(credential, _Kind.LOST, reason)
    pk = credential.pk
    transaction.on_commit(
        lambda: credential_lost.send_robust(sender=Credential, credential_id=pk, reason=reason)
    )


def _doubt(credential: Credential, code: str, now: datetime) -> None:
    credential.status = _Status.SUSPECT
    credential.suspect_since, credential.probes = now, 0
    credential.last_error_code = code
    credential.next_refresh_at = now + PROBES[0]
    _save(credential)
    _record(credential, _Kind.DOUBTED, code)
    if not _is_frozen(credential.provider) and not _freezes(credential.provider, now):
        _call_witnesses(credential.provider, now)


def _probed(credential: Credential, code: str, now: datetime) -> None:
    """Count a refusal of a suspect; decide where enough of them were seen."""
    if credential.next_refresh_at is None or credential.next_refresh_at > now:
        _save(credential)  # a call between two probes says nothing new
        return
    credential.probes += 1
    if credential.last_error_code != "lost_rotation":
        credential.last_error_code = code
    age = now - (credential.suspect_since or now)
    frozen = _freezes(credential.provider, now)
    if frozen and age >= FROZEN_BELIEF and _most_get_through(credential.provider, now):
        lose(credential, credential.last_error_code)
    elif credential.probes < len(PROBES):
        _wait(credential, PROBES[credential.probes] - PROBES[credential.probes - 1], now)
    elif age < PROBES[-1]:
        _wait(credential, PROBES[-1] - age, now)
    elif frozen:
        _wait(credential, schedule.DAY + schedule.jitter(PROBES[1]), now)
        _record(credential, _Kind.FROZEN, credential.last_error_code)
    elif not _is_vouched(credential.provider, now - age):
        _call_witnesses(credential.provider, now)
        _wait(credential, NEXT_WITNESS, now)
    else:
        lose(credential, credential.last_error_code)


def _wait(credential: Credential, wait: timedelta, now: datetime) -> None:
    credential.next_refresh_at = now + wait
    _save(credential)


def _save(credential: Credential) -> None:
    credential.save(
        update_fields=[
            *("status", "suspect_since", "probes", "last_error_code"),
            *("next_refresh_at", "lease_until", "attempt_started_at"),
        ]
    )


def _freezes(provider: str, now: datetime) -> bool:
    """Say whether verdicts are frozen, and freeze or thaw them by what the rows show now."""
    together = _fail_together(provider, now)
    state, _ = ProviderState.objects.get_or_create(provider=provider)
    if together and ProviderState.objects.filter(pk=provider, frozen_at=None).update(frozen_at=now):
        _alert(provider)
    elif not together and state.frozen_at:
        ProviderState.objects.filter(pk=provider).update(frozen_at=None)
        log.warning("verdicts about %s are taken again", provider)
    return together


def _is_frozen(provider: str) -> bool:
    return ProviderState.objects.filter(pk=provider).exclude(frozen_at=None).exists()


def _fail_together(provider: str, now: datetime) -> bool:
    thawed = ProviderState.objects.filter(pk=provider).values_list("thawed_at", flat=True).first()
    judged = Q(suspect_since__lte=thawed) if thawed else Q(pk=None)
    failing = _suspects(provider).exclude(judged).count()
    return failing >= TOGETHER_AT_LEAST and failing * TOGETHER_ONE_IN >= failing + _accepted(
        provider, now - TRIED_WITHIN
    )


def _suspects(provider: str) -> CredentialQuerySet:
    """Those refused though their consent had not ended; an end that was due is nobody's fault."""
    return Credential.objects.filter(provider=provider, status=_Status.SUSPECT).filter(
        Q(reauth_due_at=None) | Q(reauth_due_at__gt=Now())
    )


def _accepted(provider: str, since: datetime) -> int:
    return Credential.objects.filter(
        provider=provider, status=_Status.OK, last_refreshed_at__gte=since
    ).count()


def _most_get_through(provider: str, now: datetime) -> bool:
    return _accepted(provider, now - TRIED_WITHIN) >= _suspects(provider).count()


def _is_vouched(provider: str, since: datetime) -> bool:
    """Say whether another account got through since, or there is none that could."""
    others = Credential.objects.filter(
        provider=provider, status=_Status.OK, refresh_ct__isnull=False
    )
    return others.filter(last_refreshed_at__gte=since).exists() or not others.exists()


def _call_witnesses(provider: str, now: datetime) -> None:
    """Have a few other accounts tried now: two that fail within minutes are seen as one outage."""
    ready = Credential.objects.filter(
        provider=provider, status=_Status.OK, refresh_ct__isnull=False, fail_count=0
    )
    if ready.filter(last_refreshed_at__gte=now - WITNESS_FRESH).count() >= WITNESSES:
        return
    longest_ago = ready.order_by(F("last_refreshed_at").asc(nulls_first=True)).values("pk")
    Credential.objects.filter(pk__in=longest_ago[:WITNESSES], next_refresh_at__gt=now).update(
        next_refresh_at=now
    )


def _is_lost_rotation(lease: Lease, credential: Credential) -> bool:
    """An attempt broke off shortly before: the provider may have rotated the token in it."""
    return (
        lease.unfinished_at is not None
        and credential.status == _Status.OK
        and lease.claimed_at - lease.unfinished_at <= LOST_ROTATION_WITHIN
    )


def _has_ended(credential: Credential, now: datetime) -> bool:
    return credential.reauth_due_at is not None and credential.reauth_due_at <= now


def _alert(provider: str) -> None:
    log.error("verdicts about %s are frozen: several accounts were refused together", provider)
    transaction.on_commit(
        lambda: provider_trouble.send_robust(
            sender=ProviderState, provider=provider, trouble="frozen"
        )
    )


def _record(credential: Credential, kind: CredentialEvent.Kind, code: str = "") -> None:
    CredentialEvent.objects.create(
        account=credential.account, user=credential.account.user, kind=kind, code=code
    )
