"""Mails about consent, before it ends and when it is lost, and about a provider in trouble.

Each goes out once: the row is marked before it is sent, and unmarked where the mail server refuses
it. People without a verified address get none; the connections page says the same.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.calendar import consent_end
from accounts.connections import provider_name
from accounts.models import Credential, CredentialEvent, CredentialQuerySet, ProviderState, User
from spotsite import clock

log = logging.getLogger(__name__)

REMIND_DAYS = (30, 14, 7, 1)
LOST_WITHIN = timedelta(days=7)  # later the news is old
ALERT_EVERY = timedelta(hours=1)


def send_due() -> int:
    """Send every mail that is due; return how many went out."""
    sent = sum(_remind(row) for row in _ending())
    sent += sum(_tell_lost(row) for row in _lost())
    return sent + sum(alert_staff(state.pk) for state in _in_trouble())


def alert_staff(provider: str) -> bool:
    """Tell staff what is wrong with a provider, once for each time that it begins."""
    state = _in_trouble().filter(pk=provider).first()
    if state is None:
        return False
    told = ProviderState.objects.filter(pk=provider, alerted_at=state.alerted_at)
    if not told.update(alerted_at=clock.now()):
        return False
    staff = User.objects.filter(is_staff=True, is_active=True).exclude(email=None)
    to = [email for email in staff.values_list("email", flat=True) if email]
    context = {"provider": provider_name(provider), "state": state}
    if not to or _send("provider_trouble", to, context):
        return bool(to)
    ProviderState.objects.filter(pk=provider).update(alerted_at=state.alerted_at)
    return False


def _ending() -> CredentialQuerySet:
    soon = clock.now() + timedelta(days=REMIND_DAYS[0])
    return (
        _reachable()
        .usable()
        .filter(reauth_due_at__gt=clock.now(), reauth_due_at__lte=soon)
        .filter(Q(reminded_days=None) | Q(reminded_days__gt=REMIND_DAYS[-1]))
    )


def _lost() -> CredentialQuerySet:
    recently = CredentialEvent.objects.filter(
        account=OuterRef("account"), kind="lost", at__gte=clock.now() - LOST_WITHIN
    )
    return _reachable().filter(
        Exists(recently), status=Credential.Status.NEEDS_RECONNECT, told_lost_at=None
    )


def _in_trouble() -> QuerySet[ProviderState]:
    began = Greatest("frozen_at", "app_error_at")  # in Postgres NULL only where both are
    untold = Q(alerted_at=None) | Q(alerted_at__lt=F("began"))
    quiet = Q(alerted_at=None) | Q(alerted_at__lte=clock.now() - ALERT_EVERY)
    states = ProviderState.objects.annotate(began=began).exclude(began=None)
    return states.filter(untold & quiet)


def _remind(credential: Credential) -> bool:
    assert credential.reauth_due_at is not None  # noqa: S101 -- asked for in _ending
    left = credential.reauth_due_at - clock.now()
    stage = min(days for days in REMIND_DAYS if left <= timedelta(days=days))
    if credential.reminded_days is not None and credential.reminded_days <= stage:
        return False
    row = Credential.objects.filter(pk=credential.pk, generation=credential.generation)
    before = credential.reminded_days
    if not row.filter(reminded_days=before).update(reminded_days=stage):
        return False
    name = provider_name(credential.provider)
    file = ("access.ics", consent_end(credential, provider_name=name), "text/calendar")
    context = {
        "credential": credential,
        "days": max(1, round(left / timedelta(days=1))),
        "calendar": _address("access_ends", credential.account_id),
    }
    if _tell(credential, "consent_ends", context, file):
        return True
    row.update(reminded_days=before)
    return False


def _tell_lost(credential: Credential) -> bool:
    row = Credential.objects.filter(pk=credential.pk, generation=credential.generation)
    if not row.filter(told_lost_at=None).update(told_lost_at=clock.now()):
        return False
    if _tell(credential, "consent_lost", {"credential": credential}):
        return True
    row.update(told_lost_at=None)
    return False


def _reachable() -> CredentialQuerySet:
    """Credentials whose person has an address that is theirs for certain."""
    verified = EmailAddress.objects.filter(user=OuterRef("account__user"), verified=True)
    rows = Credential.objects.filter(Exists(verified), account__user__is_active=True)
    return rows.select_related("account__user").order_by("pk")


def _tell(
    credential: Credential,
    template: str,
    context: dict[str, object],
    file: tuple[str, str, str] | None = None,
) -> bool:
    user = credential.account.user
    addresses = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    address = addresses.values_list("email", flat=True).first()
    more = {
        "person": user.get_short_name(),
        "provider": provider_name(credential.provider),
        "connections": _address("connections"),
    }
    return address is not None and _send(template, [address], {**context, **more}, file)


def _send(
    template: str,
    to: list[str],
    context: dict[str, object],
    file: tuple[str, str, str] | None = None,
) -> bool:
    """Send a mail; False where the server did not take it."""
    subject = render_to_string(f"accounts/mail/{template}_subject.txt", context)
    body = render_to_string(f"accounts/mail/{template}.txt", context)
    mail = EmailMessage(" ".join(subject.split()), body, to=to)
    if file:
        mail.attach(*file)
    try:
        return bool(mail.send())
    except (SMTPException, OSError) as exc:
        log.warning("a mail of kind %s was not taken: %s", template, type(exc).__name__)
        return False


def _address(name: str, *arguments: object) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=arguments)}"
