"""Mails about consent and providers: to whom, when, and each once."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import override_settings

from accounts import notices, tokens
from accounts.models import Credential, ProviderState, User
from accounts.tokens import Grant
from accounts.vault import Secret
from spotsite import clock

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def linked(email: str = "anna@example.org", *, verified: bool = True) -> Credential:
    user = User.objects.create_user(email, name="Anna Nowak")
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    account = SocialAccount.objects.create(user=user, provider="spotify", uid=email)
    grant = Grant(Secret("access"), Secret("refresh"), timedelta(hours=1), ("read",))
    return tokens.absorb(account, grant, consent=True)


def subjects() -> list[str]:
    return [one.subject for one in mail.outbox]


def test_four_mails_go_out_before_consent_ends_each_once() -> None:
    linked()
    sent = []

    clock.move(145 * DAY)
    for day in range(145, 182):
        for _ in range(2):
            notices.send_due()
        sent += [(day, subject) for subject in subjects()]
        mail.outbox.clear()
        clock.move(DAY)

    assert sent == [
        (150, "Access to your Spotify account ends in 30 days"),
        (166, "Access to your Spotify account ends in 14 days"),
        (173, "Access to your Spotify account ends in 7 days"),
        (179, "Access to your Spotify account ends in 1 day"),
    ]


def test_a_site_that_slept_sends_only_the_last_mail_that_is_due() -> None:
    linked()

    clock.move(175 * DAY)
    assert notices.send_due() == 1

    assert subjects() == ["Access to your Spotify account ends in 5 days"]
    assert notices.send_due() == 0


def test_the_mail_brings_a_day_for_the_calendar_and_where_to_reconnect() -> None:
    credential = linked()
    clock.move(151 * DAY)

    notices.send_due()

    (sent,) = mail.outbox
    ((name, text, media),) = sent.attachments
    assert sent.to == ["anna@example.org"]
    assert (name, media) == ("access.ics", "text/calendar")
    assert credential.reauth_due_at is not None
    assert f"DTSTART;VALUE=DATE:{credential.reauth_due_at:%Y%m%d}\r\n" in str(text)
    assert "Hello Anna," in sent.body
    assert f"/connections/{credential.account_id}/access.ics" in sent.body


def test_a_reconnect_begins_the_mails_anew() -> None:
    credential = linked()
    clock.move(151 * DAY)
    notices.send_due()
    grant = Grant(Secret("a"), Secret("r"), timedelta(hours=1), ("read",))

    tokens.absorb(credential.account, grant, consent=True)

    assert notices.send_due() == 0
    clock.move(151 * DAY)
    assert notices.send_due() == 1


@pytest.mark.parametrize("who", ["unverified", "inactive", "facebook", "disconnected"])
def test_nobody_else_is_reminded(who: str) -> None:
    credential = linked(verified=who != "unverified")
    if who == "inactive":
        User.objects.update(is_active=False)
    if who == "facebook":
        none = Grant(None, None, timedelta(0), ("read",))
        tokens.absorb(credential.account, none, consent=True)
    if who == "disconnected":
        tokens.forget(credential, reason="disconnected")

    clock.move(179 * DAY)

    assert notices.send_due() == 0


def test_a_lost_consent_is_told_once() -> None:
    credential = linked()
    tokens.require_reconnect(credential.pk)

    assert [notices.send_due() for _ in range(3)] == [1, 0, 0]

    assert subjects() == ["Spotify needs your permission again"]
    assert "/connections/" in mail.outbox[0].body


class RefusingBackend(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected


def test_a_mail_that_the_server_did_not_take_goes_out_later() -> None:
    credential = linked()
    clock.move(151 * DAY)
    with override_settings(EMAIL_BACKEND=f"{__name__}.RefusingBackend"):
        assert notices.send_due() == 0
    assert notices.send_due() == 1
    tokens.require_reconnect(credential.pk)
    with override_settings(EMAIL_BACKEND=f"{__name__}.RefusingBackend"):
        assert notices.send_due() == 0

    assert notices.send_due() == 1


def test_staff_are_told_of_a_provider_in_trouble_once_for_each_time() -> None:
    User.objects.create_user("staff@example.org", is_staff=True)
    linked()
    ProviderState.objects.create(provider="spotify", frozen_at=clock.now())

    assert [notices.send_due() for _ in range(3)] == [1, 0, 0]
    clock.move(2 * DAY)
    assert notices.send_due() == 0
    ProviderState.objects.update(app_error_at=clock.now(), app_error_code="invalid_client")

    assert notices.send_due() == 1
    assert subjects() == ["Spotify: verdicts are frozen", "Spotify: it refuses our app"]
    assert all(one.to == ["staff@example.org"] for one in mail.outbox)
    assert 'refuses our app with "invalid_client"' in mail.outbox[1].body
