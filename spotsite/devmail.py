"""The demo's mail, to read in the browser: what Django's file backend wrote, newest first."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+\.log")  # django/core/mail/backends/filebased.py
_RULE = re.compile(r"^-{79}\n", re.MULTILINE)  # what the backend writes after each mail
_MOST_FILES = 200
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the page shows it."""

    file: str
    number: int
    subject: str
    sender: str
    to: str
    text: str
    written_at: datetime


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    return render(request, "devmail/inbox.html", {"mails": _all_mails()})


@never_cache
@require_safe
def read(request: HttpRequest, file: str, number: int) -> HttpResponse:
    mails = _mails(_folder() / file) if _NAME.fullmatch(file) else []
    mail = next((mail for mail in mails if mail.number == number), None)
    if mail is None:
        raise Http404
    return render(request, "devmail/mail.html", {"mail": mail})


def _folder() -> Path:
    """Return the folder of the mails; there is none outside a demo."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if not settings.DEMO or not folder:
        raise Http404
    return Path(folder)


def _all_mails() -> list[Mail]:
    folder = _folder()
    names = (
        [one for one in folder.iterdir() if _NAME.fullmatch(one.name)] if folder.is_dir() else []
    )
    newest = sorted(names, key=lambda one: one.stat().st_mtime, reverse=True)[:_MOST_FILES]
    return [mail for one in newest for mail in reversed(_mails(one))]


def _mails(file: Path) -> list[Mail]:
    """Return the mails of one file; those of one connection share it."""
    if not file.is_file() or file.is_symlink():
        return []
    with file.open(encoding="utf-8", errors="replace") as handle:
        content = handle.read(_MOST_BYTES)
    written_at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    parts = [part for part in _RULE.split(content) if part.strip()]
    return [_parsed(file.name, number, part, written_at) for number, part in enumerate(parts, 1)]


def _parsed(name: str, number: int, part: str, written_at: datetime) -> Mail:
    message = email.message_from_string(part, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 -- the policy makes these
    body = message.get_body(preferencelist=("plain",))
    return Mail(
        file=name,
        number=number,
        subject=str(message.get("subject", "")),
        sender=str(message.get("from", "")),
        to=str(message.get("to", "")),
        text=body.get_content() if body is not None else "",
        written_at=written_at,
    )


urlpatterns = [
    path("", inbox, name="devmail"),
    path("<str:file>/<int:number>/", read, name="devmail_read"),
]
