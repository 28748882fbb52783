"""The day on which consent ends as a calendar file (RFC 5545), with two reminders in it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from accounts.models import Credential
from spotsite import clock

_LINE_BYTES = 73


def consent_end(credential: Credential, *, provider_name: str) -> str:
    """Return an all-day event on the last day before access ends."""
    assert credential.reauth_due_at is not None  # noqa: S101 -- the caller asks for such rows only
    day = credential.reauth_due_at.date()
    address = f"{settings.PUBLIC_URL}{reverse('connections')}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//spotsite//consent clock//EN",
        "BEGIN:VEVENT",
        f"UID:{credential.uuid}@spotsite",
        f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        "TRANSP:TRANSPARENT",
        f"SUMMARY:{_text(f'{provider_name} access of spotsite ends: reconnect')}",
        f"DESCRIPTION:{_text(f'One click renews it: {address}')}",
        f"URL:{address}",
        *_alarm("-P14D"),
        *_alarm("-P1D"),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _alarm(trigger: str) -> list[str]:
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reconnect",
        f"TRIGGER:{trigger}",
        "END:VALARM",
    ]


def _text(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return value


def _folded(line: str) -> str:
    """Fold at 75 bytes (RFC 5545 3.1); our lines are ASCII."""
    pieces = [line[start : start + _LINE_BYTES] for start in range(0, len(line), _LINE_BYTES)]
    return "\r\n ".join(pieces)
