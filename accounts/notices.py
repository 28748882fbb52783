"""What people are told about consent, before it ends and when it is lost; and staff of a provider.

Each is told once: the credential's row is marked with it, and a renewed consent begins anew.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest
from django.urls import reverse

from accounts import inbox, mailing
from accounts.calendar import consent_end
from accounts.connections import provider_name
from accounts.inbox import Letter
from accounts.models import (
    Credential,
    CredentialEvent,
    CredentialQuerySet,
    Notice,
    ProviderState,
    User,
)
from spotsite import clock

REMIND_DAYS = (30, 14, 7, 1)
LOST_WITHIN = timedelta(days=7)  # later the news is old
ALERT_EVERY = timedelta(hours=1)


def send_due() -> int:
    """Tell everything that is due, and send the mails; return how many went out."""
    tell_due()
    return mailing.send_due() + sum(alert_staff(state.pk) for state in _in_trouble())


def tell_due() -> None:
    """Tell people whose consent ends soon or is lost."""
    for credential in _ending():
        _remind(credential)
    for credential in _lost():
        _tell_lost(credential)


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
    if not to or mailing.send("provider_trouble", to, context):
        return bool(to)
    ProviderState.objects.filter(pk=provider).update(alerted_at=state.alerted_at)
    return False


def _ending() -> CredentialQuerySet:
    now = clock.now()
    first, *later = REMIND_DAYS
    due = Q(reauth_due_at__lte=now + timedelta(days=first), reminded_days=None)
    for days in later:
        due |= Q(reauth_due_at__lte=now + timedelta(days=days), reminded_days__gt=days)
    return _of_people().usable().filter(due, reauth_due_at__gt=now)


def _lost() -> CredentialQuerySet:
    recently = CredentialEvent.objects.filter(
        account=OuterRef("account"), kind="lost", at__gte=clock.now() - LOST_WITHIN
    )
    return _of_people().filter(
        Exists(recently), status=Credential.Status.NEEDS_RECONNECT, told_lost_at=None
    )


def _of_people() -> CredentialQuerySet:
    rows = Credential.objects.filter(account__user__is_active=True)
    return rows.select_related("account__user").order_by("pk")


def _in_trouble() -> QuerySet[ProviderState]:
    began = Greatest("frozen_at", "app_error_at")  # in Postgres NULL only where both are
    untold = Q(alerted_at=None) | Q(alerted_at__lt=F("began"))
    quiet = Q(alerted_at=None) | Q(alerted_at__lte=clock.now() - ALERT_EVERY)
    states = ProviderState.objects.annotate(began=began).exclude(began=None)
    return states.filter(untold & quiet)


def _remind(credential: Credential) -> None:
    left = _left(credential)
    stage = min(days for days in REMIND_DAYS if left <= timedelta(days=days))
    row = Credential.objects.filter(pk=credential.pk, generation=credential.generation)
    with transaction.atomic():
        if row.filter(reminded_days=credential.reminded_days).update(reminded_days=stage):
            days = _days(left)
            inbox.tell(
                credential.account.user_id,
                SOON,
                _key(credential, f"{stage}"),
                title=f"Access to your {_provider(credential)} account ends in {days} "
                f"day{'' if days == 1 else 's'}",
                sentence="Until you renew it after that, your playlists are no longer kept up to "
                "date. One click on “Reconnect” renews it.",
                link=reverse("connections"),
            )


def _tell_lost(credential: Credential) -> None:
    row = Credential.objects.filter(pk=credential.pk, generation=credential.generation)
    with transaction.atomic():
        if row.filter(told_lost_at=None).update(told_lost_at=clock.now()):
            inbox.tell(
                credential.account.user_id,
                NOW,
                _key(credential),
                title=f"{_provider(credential)} needs your permission again",
                sentence="Your playlists stay as they are, and no longer change. “Reconnect” lets "
                "them go on.",
                link=reverse("connections"),
            )


# The mails ----------------------------------------------------------------------------------------


def _write_soon(notice: Notice) -> Letter | None:
    credential = _spoken_of(notice)
    if credential is None or not credential.is_usable or credential.reauth_due_at is None:
        return None
    name = _provider(credential)
    file = ("access.ics", consent_end(credential, provider_name=name), "text/calendar")
    context = {
        **_facts(credential),
        "days": _days(_left(credential)),
        "calendar": _address("access_ends", credential.account_id),
    }
    return Letter("consent_ends", context, file)


def _write_lost(notice: Notice) -> Letter | None:
    credential = _spoken_of(notice)
    if credential is None or credential.status != Credential.Status.NEEDS_RECONNECT:
        return None
    return Letter("consent_lost", _facts(credential))


def _key(credential: Credential, *more: str) -> str:
    """Name the consent: it is another one after each reconnect."""
    given = credential.authorized_at
    return ":".join([str(credential.pk), f"{given:%Y%m%d%H%M%S%f}" if given else "", *more])


def _spoken_of(notice: Notice) -> Credential | None:
    """Return the credential that a notice is about, None where it is another consent by now."""
    pk = notice.key.partition(":")[0]
    rows = Credential.objects.filter(pk=pk, account__user=notice.user_id)
    credential = rows.select_related("account__user").first()
    if credential is None or not f"{notice.key}:".startswith(f"{_key(credential)}:"):
        return None
    return credential


def _facts(credential: Credential) -> dict[str, object]:
    return {
        "credential": credential,
        "provider": _provider(credential),
        "connections": _address("connections"),
    }


def _left(credential: Credential) -> timedelta:
    assert credential.reauth_due_at is not None  # noqa: S101 -- asked for by every caller
    return credential.reauth_due_at - clock.now()


def _days(left: timedelta) -> int:
    return max(1, round(left / timedelta(days=1)))


def _provider(credential: Credential) -> str:
    return provider_name(credential.provider)


def _address(name: str, *arguments: object) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=arguments)}"


SOON = inbox.register(
    inbox.Kind(
        "reconnect_soon",
        "Access ends soon",
        about="access to a linked account that ends soon",
        write=_write_soon,
    )
)
NOW = inbox.register(
    inbox.Kind(
        "reconnect_now",
        "Reconnect now",
        about="a linked account that needs your permission again",
        write=_write_lost,
    )
)
