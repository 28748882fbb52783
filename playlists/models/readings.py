"""How far a run has read a long list: what one slice has read is there for the next."""

from __future__ import annotations

from typing import Self

from django.db import models

from playlists.models.runs import Run
from spotsite.clock import Now


class ReadingQuerySet(models.QuerySet["Reading"]):
    """Readings, asked in the words of the trade."""

    def left_over(self) -> Self:
        """Those of runs that have ended: nobody reads on."""
        return self.exclude(run__state__in=Run.ACTIVE)


class Reading(models.Model):
    """A list that a run reads in more than one page, as far as it has come."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="readings")
    key = models.CharField(max_length=150)  # which list, by which account
    mark = models.CharField(max_length=250, blank=True)  # tells whether it has changed since
    looked_at = models.DateTimeField(db_default=Now())  # when the list still had that mark
    offset = models.PositiveIntegerField(default=0)  # entries of Spotify's list read so far
    total = models.PositiveIntegerField(null=True)  # entries that there are
    starts = models.PositiveIntegerField(default=1)  # it begins anew where the list changes

    objects = ReadingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="reading_once", fields=["run", "key"])]

    def __str__(self) -> str:
        return f"{self.offset} of {self.total} of {self.key}"

    @property
    def is_whole(self) -> bool:
        return self.total is not None and self.offset >= self.total


class ReadPage(models.Model):
    """One page of it."""

    reading = models.ForeignKey(Reading, on_delete=models.CASCADE, related_name="pages")
    start = models.PositiveIntegerField()
    packed = models.BinaryField()  # the items, as playlists.packing writes them

    class Meta:
        constraints = [
            models.UniqueConstraint(name="read_page_once", fields=["reading", "start"]),
        ]

    def __str__(self) -> str:
        return f"{self.reading_id} from {self.start}"
