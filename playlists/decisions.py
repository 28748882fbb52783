"""Approve or cancel a held run by the link in a mail: signed, for this one stop, for seven days.

Whoever holds the link may decide, signed in or not: it was sent to the person's own address, shows
no more than the mail did, and does nothing that the run's page could not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts.models import Notice
from playlists.models import Run
from spotsite import clock

LASTS = timedelta(days=7)
_SALT = "playlists.decisions"


class BadLink(Exception):
    """The link was cut short or changed, or the run has another owner or is gone."""


class LinkIsOld(Exception):
    """The link has ended, or what it was about was decided."""


class Choice(Enum):
    APPROVE = "approve"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class _Link:
    run: UUID
    stop: int  # the lease under which the run was held: it is another one if it is held again
    user_id: int  # a run that moved to another person is no longer this one's to decide
    ends: datetime


def key(run: Run) -> str:
    """Name this stop of a run: a run that goes on and is held again has another."""
    return f"{run.uuid}:{run.lease_gen}"


def spoken_of(notice: Notice) -> Run | None:
    """Return the run that a notice is about while it is still held there."""
    uuid, _, stop = notice.key.partition(":")
    held = Run.objects.filter(state=Run.State.HELD, user=notice.user_id)
    return held.filter(uuid=uuid, lease_gen=stop).first()


def path(run: Run) -> str:
    """Return the address of the page on which this stop is decided."""
    ends = clock.now() + LASTS
    facts = [run.uuid.hex, run.lease_gen, run.user_id, int(ends.timestamp())]
    return reverse("run_decide", args=[signing.dumps(facts, salt=_SALT)])


def find(token: str, *, lock: bool = False) -> Run:
    """Return the run that a link lets its holder decide; raise ``BadLink`` or ``LinkIsOld``."""
    link = _read(token)
    runs = Run.objects.select_for_update(of=("self",)) if lock else Run.objects
    run = runs.filter(uuid=link.run, user=link.user_id, user__is_active=True).first()
    if run is None:
        raise BadLink
    if link.ends < clock.now() or run.state != Run.State.HELD or run.lease_gen != link.stop:
        raise LinkIsOld
    return run


def decide(token: str, choice: Choice) -> Run:
    """Approve or cancel; the row is locked, so the first of two clicks decides."""
    with transaction.atomic():
        run = find(token, lock=True)
        if choice is Choice.APPROVE:
            run.approve()
        else:
            run.dismiss()
    return run


def _read(token: str) -> _Link:
    try:
        uuid, stop, user_id, ends = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise BadLink from None
    return _Link(UUID(uuid), stop, user_id, datetime.fromtimestamp(ends, UTC))
