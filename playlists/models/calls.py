"""Calls to Spotify: how fast it bears them, until when it wants none, and who made them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from spotsite.clock import Now


class Pause(models.Model):
    """A group of calls that Spotify asked the whole app to leave until a time."""

    bucket = models.CharField(max_length=40, primary_key=True)
    began_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    reason = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.bucket} until {self.until:%Y-%m-%d %H:%M}"


class CallRate(models.Model):
    """How many calls a second Spotify bore lately; one row."""

    per_second = models.FloatField()
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.per_second:.2f} calls a second"


class Calls(models.Model):
    """How many calls of one group were made in one hour for one person and recipe."""

    hour = models.DateTimeField()
    group = models.CharField(max_length=40)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="calls"
    )
    recipe = models.PositiveIntegerField(null=True)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "calls"
        constraints = [
            models.UniqueConstraint(
                name="calls_once",
                fields=["hour", "group", "person", "recipe"],
                nulls_distinct=False,
            ),
        ]
        indexes = [models.Index(fields=["person", "hour"], name="calls_of_person")]

    def __str__(self) -> str:
        return f"{self.count} {self.group} at {self.hour:%Y-%m-%d %H}:00"


class CallBatch(models.Model):
    """A batch of counts that ``Calls`` holds already."""

    id = models.UUIDField(primary_key=True)
    stored_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.id)
