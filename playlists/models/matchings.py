"""Lists from elsewhere, their lines, and which tracks people mean by them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from playlists.models.leases import Leased, LeasedQuerySet
from playlists.models.lists import StoredList
from spotsite import clock
from spotsite.clock import Now


class Matching(Leased):
    """A list from elsewhere whose lines become tracks, by searches and by a person's choices.

    ``done`` counts the lines that need no search (any more).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "about to start"
        RUNNING = "running", "searching"
        WAITING = "waiting", "waiting"
        DONE = "done", "searched"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "stopped"

    ACTIVE: ClassVar = (State.QUEUED, State.RUNNING, State.WAITING)
    RETRYABLE: ClassVar = (State.FAILED, State.CANCELLED)
    WORKED_ON: ClassVar = State.RUNNING

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="matchings"
    )
    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="matchings")
    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)  # in which it was brought, as playlists.formats has it
    unread = models.JSONField(default=list)  # [number, text, reason] of lines that say nothing
    stored = models.ForeignKey(StoredList, null=True, on_delete=models.SET_NULL, related_name="+")

    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    objects: ClassVar = LeasedQuerySet.as_manager()

    class Meta:
        indexes = [
            # The sweep reads what is due, not what exists.
            models.Index(
                fields=["not_before"],
                name="matching_active",
                condition=Q(state__in=["queued", "running", "waiting"]),
            ),
            models.Index(fields=["user", "-created_at"], name="matching_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("matching", args=[self.uuid])

    def retry(self) -> bool:
        """Queue it again; it goes on with the lines that were not searched for yet."""
        ended = Matching.objects.filter(pk=self.pk, state__in=self.RETRYABLE)
        queued = ended.update(
            state=self.State.QUEUED,
            code="",
            sentence="",
            attempts=0,
            not_before=None,
            ended_at=None,
            nudged_at=Now(),
        )
        return bool(queued)

    def cancel(self) -> None:
        """End it; whoever searches finds the lease lost and stores nothing more."""
        Matching.objects.active().filter(pk=self.pk).update(
            state=self.State.CANCELLED, code="cancelled", sentence="", ended_at=Now()
        )

    # What only the holder of the lease may do -----------------------------------------------------

    def wait(self, *, until: datetime, code: str, sentence: str, attempts: int) -> None:
        changes = {"state": self.State.WAITING, "code": code, "sentence": sentence}
        self._write(changes | {"not_before": until, "attempts": attempts, "nudged_at": None})

    def end(self, state: State, *, code: str = "", sentence: str = "") -> None:
        changes = {"state": state, "code": code, "sentence": sentence}
        self._write(changes | {"not_before": None, "ended_at": clock.now()})


class MatchLine(models.Model):
    """A line of a list from elsewhere, what was found for it, and which track it is."""

    class State(models.TextChoices):
        WAITING = "waiting", "not searched for yet"
        MATCHED = "matched", "matched"
        AMBIGUOUS = "ambiguous", "to be chosen"
        MISSING = "missing", "not found"
        SKIPPED = "skipped", "left out"

    class How(models.TextChoices):
        LINK = "link", "by its link"
        REMEMBERED = "remembered", "as chosen before"
        SEARCH = "search", "by a search"
        PERSON = "person", "chosen"

    OPEN: ClassVar = (State.AMBIGUOUS, State.MISSING)

    matching = models.ForeignKey(Matching, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    number = models.PositiveIntegerField()  # in the file, as people find it there
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)  # of a playlists.formats.Line, without what is empty
    key = models.CharField(max_length=64)  # of a remembered choice: equal for every spelling
    query = models.TextField(blank=True)  # equal ones share one search
    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING)
    how = models.CharField(max_length=20, choices=How.choices, blank=True)
    uri = models.TextField(blank=True)  # of the track that it is
    confidence = models.FloatField(default=0)
    candidates = models.JSONField(default=list)  # facts of an Item, with confidence and reasons
    can_search_by_text = models.BooleanField(default=False)  # its ISRC found nothing

    class Meta:
        constraints = [
            models.UniqueConstraint(name="line_place", fields=["matching", "position"]),
        ]
        indexes = [
            models.Index(fields=["matching", "state", "position"], name="line_state"),
            models.Index(fields=["matching", "key"], name="line_key"),
        ]

    def __str__(self) -> str:
        return f"line {self.number}: {self.text[:60]}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Choice(models.Model):
    """Which track a person means by a line, for every list to come."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="choices"
    )
    key = models.CharField(max_length=64)
    words = models.TextField()  # of the line for which it was made
    uri = models.TextField()
    chosen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(name="choice_once", fields=["user", "key"])]

    def __str__(self) -> str:
        return f"{self.words[:60]} is {self.uri}"
