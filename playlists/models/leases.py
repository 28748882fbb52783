"""Work that one worker does at a time: leased rows, which dead holders lose and others take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce

from spotsite import clock
from spotsite.clock import Now

LEASE = timedelta(seconds=17)  # longer than one call may take (connection.CALL_SECONDS)
NUDGE_AGAIN = timedelta(seconds=20)

_Row_co = TypeVar("_Row_co", bound="Leased", covariant=True)


class LeaseLost(Exception):
    """Another worker took the row over, or somebody ended it: this one must touch nothing more."""


class LeasedQuerySet(models.QuerySet[_Row_co]):
    """Leased rows, asked in the words of the trade."""

    def active(self) -> Self:
        return self.filter(state__in=self.model.ACTIVE)

    def due(self) -> Self:
        """Those that a worker may take now, the longest due first."""
        # In the words of an index: what waits for tomorrow is not read.
        since = self.active().filter(_free()).alias(due_at=Coalesce("not_before", "created_at"))
        return since.filter(due_at__lte=Now()).order_by("due_at")

    def forgotten(self) -> Self:
        """Those that are due and that nobody was told of lately."""
        return self.due().filter(Q(nudged_at=None) | Q(nudged_at__lt=Now() - NUDGE_AGAIN))

    def lapsing(self, *, within: timedelta) -> Self:
        """Those whose lease ends within that time unless its holder lives and renews it."""
        return self.active().filter(lease_until__gt=Now(), lease_until__lte=Now() + within)

    def unattended(self) -> Self:
        """Those of people for whom no worker is at one: one person's many rows take turns."""
        others = self.model._default_manager.filter(user=OuterRef("user"), lease_until__gt=Now())
        return self.exclude(Exists(others.exclude(pk=OuterRef("pk"))))

    def claim(self, pk: int, *, in_turn: bool = False, **changes: Any) -> _Row_co | None:
        """Lease the row if it is due and nobody holds it; a dead holder's lease runs out.

        ``in_turn``: only while no other row of the same person is being worked on. ``changes``
        are made in the same statement.
        """
        with transaction.atomic():  # the row stays locked until it is read
            mine = self.active().filter(_free() & _time_has_come(), pk=pk)
            taken = (mine.unattended() if in_turn else mine).update(
                state=self.model.WORKED_ON,
                lease_until=Now() + LEASE,
                lease_gen=F("lease_gen") + 1,
                # A lease that was not given back: its holder died.
                attempts=Case(
                    When(lease_until=None, then=F("attempts")), default=F("attempts") + 1
                ),
                not_before=None,
                **changes,
            )
            return self.get(pk=pk) if taken else None


def _free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def _time_has_come() -> Q:
    return Q(not_before=None) | Q(not_before__lte=Now())


class Leased(models.Model):
    """A row that one worker at a time works on, in slices: the truth about how far it is.

    A subclass has a ``user`` and a ``state``, and says which states mean what.
    """

    ACTIVE: ClassVar[tuple[str, ...]]
    RETRYABLE: ClassVar[tuple[str, ...]]
    WORKED_ON: ClassVar[str]

    state = models.CharField(max_length=20)
    code = models.CharField(max_length=40, blank=True)  # why it waits or ended, for programs
    sentence = models.TextField(blank=True)  # the same for people
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    calls_used = models.PositiveIntegerField(default=0)

    not_before = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_gen = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # in vain, since the last step forward

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def can_be_retried(self) -> bool:
        return self.state in self.RETRYABLE

    # What only the holder of the lease may do -----------------------------------------------------

    def keep(self, **changes: Any) -> None:
        """Save ``changes`` and hold it on; raise ``LeaseLost`` if it is not ours."""
        self._write(changes, lease_until=Now() + LEASE)

    def release(self) -> None:
        """Give it back between two slices."""
        self._write({"nudged_at": clock.now()})

    def _write(self, changes: dict[str, Any], *, lease_until: Any = None) -> None:
        rows = type(self)._default_manager.filter(state__in=self.ACTIVE)
        ours = rows.filter(pk=self.pk, lease_gen=self.lease_gen)
        if not ours.update(**changes, lease_until=lease_until):
            raise LeaseLost
        for name, value in changes.items():
            setattr(self, name, value)
