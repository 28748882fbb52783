"""Mails about notices, in order and each once, with a link that switches their kind off (RFC 8058).

A notice is marked before its mail is sent, and unmarked where the mail server refuses it. Only an
address that is the person's for certain gets mail; who has none reads the notice in the site.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import inbox
from accounts.inbox import Attachment, Kind
from accounts.models import Notice, User
from spotsite import clock

log = logging.getLogger(__name__)

OLD = timedelta(days=3)  # the site has said it for so long that a mail is no news
_AT_ONCE = 200
_MOST_REFUSED = 3  # in a row: then it is the server, not the mail
_SECONDS = 20.0  # a server that hangs takes its 20 s, and then the turn is over
_SALT = "accounts.unsubscribe"


class BadLink(Exception):
    """The link was cut short or changed, or its person or kind is no longer here."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whose mails of which kind a link is about."""

    user: User
    kind: Kind


class _Refused(Exception):
    """The mail server did not take a mail."""


def send_due() -> int:
    """Send the mails that are due, for some seconds, over one connection; return how many went."""
    if not Notice.objects.to_mail().exists():
        return 0
    try:
        with get_connection() as connection:
            return _send_over(connection)
    except (SMTPException, OSError) as exc:
        log.warning("the mail server does not answer: %s", type(exc).__name__)
        return 0


def _send_over(connection: BaseEmailBackend) -> int:
    ends, began = time.monotonic() + _SECONDS, clock.now()
    sent = refused = 0
    while batch := Notice.objects.to_mail(by=began).select_related("user")[:_AT_ONCE]:
        for notice in batch:
            if time.monotonic() > ends or refused >= _MOST_REFUSED:
                return sent
            try:
                sent += _mail(notice, connection)
                refused = 0
            except _Refused:
                refused += 1
    return sent


def _mail(notice: Notice, connection: BaseEmailBackend) -> bool:
    """Send the mail about a notice, or see that it needs none; raise ``_Refused``."""
    row = Notice.objects.filter(pk=notice.pk)
    now = clock.now()
    if not row.filter(mail_at=notice.mail_at).update(mail_at=None):
        return False  # another worker is at it
    kind = inbox.kinds.get(notice.kind)
    address = address_of(notice.user)
    if kind is None or not address or notice.told_at + OLD < now:
        return False
    letter = kind.write(notice) if inbox.wants_mail(notice.user, kind) else None
    if letter is None:
        return False
    row.update(mailed_at=now)
    context = {"notice": notice, "link": _absolute(notice.link), **letter.context}
    about = (notice.user, kind)
    if send(
        letter.template,
        [address],
        context,
        letter.attachment,
        about=about,
        connection=connection,
    ):
        return True
    row.update(mail_at=clock.now(), mailed_at=None)  # behind those that have not been tried yet
    raise _Refused


def address_of(user: User) -> str:
    """Return the address that is the person's for certain, empty where there is none."""
    if not user.is_active:
        return ""
    addresses = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk")
    return addresses.values_list("email", flat=True).first() or ""


def send(
    template: str,
    to: list[str],
    context: dict[str, object],
    attachment: Attachment | None = None,
    *,
    about: tuple[User, Kind] | None = None,
    connection: BaseEmailBackend | None = None,
) -> bool:
    """Send a mail; False where the server did not take it."""
    headers = {}
    if about is not None:
        user, kind = about
        unsubscribe = unsubscribe_url(user, kind)
        headers = {
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        context |= {
            "person": user.get_short_name(),
            "about": kind.about,
            "unsubscribe": unsubscribe,
            "switches": _absolute(reverse("notice_switches")),
        }
    subject = render_to_string(f"accounts/mail/{template}_subject.txt", context)
    body = render_to_string(f"accounts/mail/{template}.txt", context)
    mail = EmailMessage(
        " ".join(subject.split()), body, to=to, headers=headers, connection=connection
    )
    if attachment:
        mail.attach(*attachment)
    try:
        return bool(mail.send())
    except (SMTPException, OSError) as exc:
        log.warning("a mail of kind %s was not taken: %s", template, type(exc).__name__)
        return False


def unsubscribe_url(user: User, kind: Kind) -> str:
    """Return the address that switches the mails of a kind off; it works as long as the person."""
    token = signing.dumps([str(user.uuid), kind.name], salt=_SALT)
    return _absolute(reverse("notice_unsubscribe", args=[token]))


def subscription(token: str) -> Subscription:
    """Return what a link is about; raise ``BadLink``."""
    try:
        uuid, name = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise BadLink from None
    user = User.objects.filter(uuid=uuid).first()
    kind = inbox.kinds.get(name)
    if user is None or kind is None:
        raise BadLink
    return Subscription(user, kind)


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}" if path else ""
