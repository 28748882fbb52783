"""What people are told, each thing once: the kinds of notices, telling, reading, and the switches.

A notice is a row, written in one statement and in the transaction of what it is about; a unique key
keeps two workers from telling the same twice. Mail comes later, from the rows (``mailing``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from accounts import export
from accounts.models import Notice, NoticeChoice, User
from spotsite import clock

KEPT = timedelta(days=90)
_PURGED_AT_ONCE = 5_000

Attachment = tuple[str, str, str]  # name, content, media type


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail about a notice says in words of its own."""

    template: str = "notice"  # in templates/accounts/mail
    context: Mapping[str, Any] = field(default_factory=dict)
    attachment: Attachment | None = None


def as_told(notice: Notice) -> Letter:
    """Write a mail that says what the site says."""
    return Letter()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice: the words beside its switches, and what a mail about one adds.

    ``write`` returns None where the news is old by the time the mail would go out.
    """

    name: str
    words: str
    about: str
    by_mail: bool = True
    may_hide: bool = False  # whether the site's list may leave it out
    write: Callable[[Notice], Letter | None] = as_told


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell one person; ``key`` says what it is about."""

    user_id: int
    key: str
    title: str
    sentence: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Switches:
    """Where a person is told of a kind."""

    by_mail: bool
    in_site: bool


# By name, in the order of the page with the switches; each room adds its own when it is loaded.
kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    kinds[kind.name] = kind
    return kind


def tell(user_id: int, kind: Kind, key: str, *, title: str, sentence: str, link: str = "") -> None:
    """Tell a person, unless they were told of this key before."""
    tell_all(kind, [News(user_id, key, title, sentence, link)])


def tell_all(kind: Kind, news: Sequence[News]) -> None:
    """Tell many people of one kind, each once."""
    if not news:
        return
    now = clock.now()
    hiding = _hiding(kind, news)
    rows = [
        Notice(
            user_id=one.user_id,
            kind=kind.name,
            key=one.key,
            title=one.title[:200],
            sentence=one.sentence,
            link=one.link,
            is_shown=one.user_id not in hiding,
            told_at=now,
            mail_at=now,
        )
        for one in news
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)


def _hiding(kind: Kind, news: Iterable[News]) -> set[int]:
    """Return those of the people who do not want the kind in the site."""
    if not kind.may_hide:
        return set()
    rows = NoticeChoice.objects.filter(
        user__in={one.user_id for one in news}, kind=kind.name, in_site=False
    )
    return set(rows.values_list("user", flat=True))


# Reading ------------------------------------------------------------------------------------------


def unread_count(user: User) -> int:
    return user.notices.unread().count()


def mark_read(user: User, notices: Iterable[Notice] | None = None) -> None:
    """Mark these as read, or all."""
    rows = user.notices.unread()
    if notices is not None:
        rows = rows.filter(pk__in=[notice.pk for notice in notices])
    rows.update(read_at=clock.now())


# The switches -------------------------------------------------------------------------------------


def switches_of(user: User) -> dict[str, Switches]:
    """Return the person's switches by kind."""
    chosen = {row.kind: row for row in NoticeChoice.objects.filter(user=user)}
    return {name: _switches(kind, chosen.get(name)) for name, kind in kinds.items()}


def wants_mail(user: User, kind: Kind) -> bool:
    return _switches(kind, NoticeChoice.objects.filter(user=user, kind=kind.name).first()).by_mail


def choose(user: User, kind: Kind, *, by_mail: bool, in_site: bool) -> None:
    choice = {"by_mail": by_mail, "in_site": in_site or not kind.may_hide}
    NoticeChoice.objects.update_or_create(user=user, kind=kind.name, defaults=choice)


def stop_mail(user: User, kind: Kind) -> None:
    """Switch the mails of a kind off, and leave the other switch as it is."""
    choice = {"by_mail": False}
    NoticeChoice.objects.update_or_create(
        user=user, kind=kind.name, defaults=choice, create_defaults={**choice, "in_site": True}
    )


def _switches(kind: Kind, chosen: NoticeChoice | None) -> Switches:
    if chosen is None:
        return Switches(by_mail=kind.by_mail, in_site=True)
    return Switches(by_mail=chosen.by_mail, in_site=chosen.in_site or not kind.may_hide)


# Keeping ------------------------------------------------------------------------------------------


def purge() -> int:
    """Delete old notices; return how many went. What is left over goes the next time."""
    old = Notice.objects.filter(told_at__lt=clock.now() - KEPT).order_by("told_at")
    count, _ = Notice.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:_PURGED_AT_ONCE])
    ).delete()
    return count


@export.section("notices")
def notices(user: User) -> dict[str, Any]:
    facts = ("kind", "title", "sentence", "link", "told_at", "read_at", "mailed_at")
    choices = NoticeChoice.objects.filter(user=user).order_by("kind")
    return {
        "told": [dict(row) for row in user.notices.order_by("pk").values(*facts)],
        "switches": [dict(row) for row in choices.values("kind", "by_mail", "in_site")],
    }
