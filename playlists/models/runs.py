"""Runs: the rows that workers share and people watch."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse

from playlists.models.leases import Leased, LeasedQuerySet
from playlists.models.recipes import Recipe
from playlists.models.versions import Version
from spotsite import clock
from spotsite.clock import Now

DRAFT_LIFE = timedelta(days=1)


class RunQuerySet(LeasedQuerySet["Run"]):
    """Runs, asked in the words of the trade."""

    def shown(self) -> Self:
        """Those that a person has started, newest first, without their long columns."""
        return self.exclude(state=Run.State.DRAFT).light().order_by("-created_at")

    def light(self) -> Self:
        """Leave the long columns where they are until somebody asks for one."""
        return self.defer(*Run.LONG)

    def unfinished(self) -> Self:
        """Those that are active, or will be when a person agrees."""
        return self.filter(state__in=[*Run.ACTIVE, Run.State.HELD])

    def old_drafts(self) -> Self:
        return self.filter(state=Run.State.DRAFT, created_at__lt=Now() - DRAFT_LIFE)

    def that_wrote_lately(self, run: Run) -> Self:
        """The person's other runs whose last change a read of the playlist may not show yet."""
        since = Now() - _settle()
        lately = Q(last_write_at__gt=since) | Q(unknown_since__gt=since)
        others = self.filter(lately, user=run.user_id, playlist_id=run.playlist_id)
        return others.exclude(pk=run.pk).order_by(Greatest("last_write_at", "unknown_since").desc())

    def claim(self, pk: int, *, in_turn: bool = False, **changes: Any) -> Run | None:
        began = Coalesce("started_at", Now())
        return super().claim(pk, in_turn=in_turn, started_at=began, **changes)


def _settle() -> timedelta:
    return timedelta(seconds=settings.SETTLE_SECONDS)


class Run(Leased):
    """One execution that changes a playlist: the row that workers share and the person watches."""

    class State(models.TextChoices):
        DRAFT = "draft", "not started"
        QUEUED = "queued", "about to start"
        RUNNING = "running", "running"
        WAITING = "waiting", "waiting"
        HELD = "held", "held for approval"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    class Mode(models.TextChoices):
        APPEND = "append", "Add to the end"
        REPLACE = "replace", "Replace what is there"
        INSERT = "insert", "Put back where it was"

    class Kind(models.TextChoices):
        PUT = "put", "put a list"
        RESTORE = "restore", "restore a version"
        PUT_BACK = "put_back", "put items back"
        RECIPE = "recipe", "follow a recipe"

    class ByHand(models.TextChoices):
        """Whose word counts about items that somebody added or took out elsewhere."""

        KEEP = "keep", "Keep what was added or taken out by hand"
        OVERWRITE = "overwrite", "Overwrite changes made by hand"

    class Dates(models.TextChoices):
        """What keeping the date of an item may cost."""

        BUDGET = "budget", "Keep as many dates as a few more calls allow"
        STRICT = "strict", "Keep every date that can be kept"
        CHEAPEST = "cheapest", "Make the fewest calls"

    ACTIVE: ClassVar = (State.QUEUED, State.RUNNING, State.WAITING)
    RETRYABLE: ClassVar = (State.FAILED, State.CANCELLED)
    WORKED_ON: ClassVar = State.RUNNING
    LONG: ClassVar = ("wanted", "target", "context", "report", "base", "goal", "edits", "halving")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs"
    )
    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.PUT)
    mode = models.CharField(max_length=20, choices=Mode.choices)
    name = models.CharField(max_length=200)
    playlist_id = models.CharField(max_length=64, blank=True)  # empty until a new one is made
    by_hand = models.CharField(max_length=20, choices=ByHand.choices, default=ByHand.KEEP)
    dates = models.CharField(max_length=20, choices=Dates.choices, default=Dates.BUDGET)
    recipe = models.ForeignKey(Recipe, null=True, on_delete=models.SET_NULL, related_name="runs")
    is_dry = models.BooleanField(default=False)  # ends as a draft that says what would change
    target = models.JSONField(default=dict)  # the recipe's own, as it was when the run began
    is_gathered = models.BooleanField(default=True)  # False until a recipe's sources are read
    partial = models.BooleanField(default=False)  # a source was read only in part
    wanted = models.JSONField(default=list)  # the URIs that are put in
    context = models.JSONField(default=list)  # the order in which what is put back once stood
    put_back = models.JSONField(default=list)  # URIs that go in though somebody took them out
    report = models.JSONField(default=dict)  # what the preview said, and what became of it
    approved = models.JSONField(default=dict)  # guards that a person waved through, how far each

    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    cancel_asked = models.BooleanField(default=False)

    doubt = models.CharField(max_length=40, blank=True)  # a refusal believed the second time
    refusals = models.PositiveIntegerField(default=0)  # of this edit, which did not happen
    refused_since = models.DateTimeField(null=True)  # the first of an edit that was halved
    changes = models.PositiveIntegerField(default=0)  # made elsewhere in the meantime
    quarrels = models.PositiveIntegerField(default=0)  # those of them that undid what we did

    # The plan: ``edits`` turn ``base`` into ``goal``, ``cursor`` of them are done.
    is_planned = models.BooleanField(default=False)
    base = models.JSONField(default=list)
    goal = models.JSONField(default=list)
    edits = models.JSONField(default=list)
    cursor = models.PositiveIntegerField(default=0)
    halving = models.JSONField(default=dict)  # of an edit that is refused again and again
    # Write-ahead: a call that may be under way since then. What it is: edit ``cursor``, or making
    # the playlist while there is none.
    unknown_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # when the list was last known to be as planned
    last_write_at = models.DateTimeField(null=True)
    snapshot_id = models.CharField(max_length=200, blank=True)  # of our last write, a hint
    # The list before the run's first write; until then, as it was last seen.
    before = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    after = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")

    started_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="run_one_active_per_playlist",
                fields=["playlist_id"],
                condition=Q(state__in=["queued", "running", "waiting"], is_dry=False)
                & ~Q(playlist_id=""),
            ),
            # A held run may wait for weeks: the next ones wait with it.
            models.UniqueConstraint(
                name="run_one_active_per_recipe",
                fields=["recipe"],
                condition=Q(state__in=["queued", "running", "waiting", "held"], is_dry=False),
            ),
        ]
        indexes = [
            # The sweep reads what is due, not what exists or waits.
            models.Index(
                Coalesce("not_before", "created_at"),
                name="run_due",
                condition=Q(state__in=["queued", "running", "waiting"]),
            ),
            models.Index(
                fields=["lease_until"],
                name="run_leased",
                condition=Q(lease_until__isnull=False),
            ),
            models.Index(fields=["user", "-created_at"], name="run_of_person"),
            models.Index(fields=["created_at"], name="run_draft", condition=Q(state="draft")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} into {self.name} ({self.state})"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.uuid])

    @property
    def is_cancelling(self) -> bool:
        """Say whether it ends before its next call, as the person wishes."""
        return self.is_active and self.cancel_asked

    @property
    def tripped(self) -> dict[str, int]:
        """Return the guards that stop it, and how far it goes beyond each."""
        return dict(self.report.get("tripped", {}))

    @property
    def spotify_url(self) -> str:
        return f"https://open.spotify.com/playlist/{self.playlist_id}" if self.playlist_id else ""

    @property
    def mark(self) -> str:
        """Name this run in the description of a playlist that it makes, to find it again."""
        name = self.recipe.uuid if self.recipe is not None else self.uuid
        return f"made by spotsite · {name.hex[:12]}"

    @property
    def may_have_made(self) -> bool:
        """Say whether the playlist may be there already: by a call whose answer was lost."""
        if self.unknown_since is not None:
            return True
        earlier = Run.objects.filter(recipe=self.recipe_id, is_dry=False).exclude(pk=self.pk)
        return self.recipe_id is not None and earlier.exists()

    def start(self) -> bool:
        """Queue a draft; False where somebody started it already.

        Who starts it has seen what the preview warns of, so that is approved.
        """
        started = Run.objects.filter(pk=self.pk, state=self.State.DRAFT).update(
            state=self.State.QUEUED,
            approved=self.tripped,
            attempts=0,  # those of a dry run are over
            started_at=None,
            ended_at=None,
            created_at=Now(),
            nudged_at=Now(),
        )
        return bool(started)

    def retry(self) -> bool:
        """Queue a run that ended short of its aim; it goes on from where it was.

        Where another run has changed the playlist since, it plans anew: that was nobody's hand.
        """
        return self._queue_again(self.RETRYABLE)

    def approve(self) -> bool:
        """Queue a held run: what it was held for is waved through as far as it goes now.

        It may have waited for weeks, so it looks at the list before it goes on; where another run
        has changed that since, it plans anew.
        """
        return self._queue_again(
            [self.State.HELD], approved={**self.approved, **self.tripped}, seen_at=None
        )

    def dismiss(self) -> bool:
        """End a held run for good; nothing is written."""
        return self._move_on(
            [self.State.HELD], state=self.State.CANCELLED, code="cancelled", ended_at=Now()
        )

    def _queue_again(self, states: Iterable[str], **changes: Any) -> bool:
        return self._move_on(
            states,
            state=self.State.QUEUED,
            code="",
            sentence="",
            attempts=0,
            doubt="",
            changes=0,
            quarrels=0,
            cancel_asked=False,
            not_before=None,
            started_at=None,
            ended_at=None,
            nudged_at=Now(),
            **changes,
        )

    def _move_on(self, states: Iterable[str], **changes: Any) -> bool:
        """Change a row that is in one of ``states``; a plan that was overtaken is forgotten."""
        with transaction.atomic():
            stopped = Run.objects.filter(pk=self.pk, state__in=states)
            row = stopped.light().select_for_update(of=("self",)).first()
            if row is None:
                return False
            # First: where it is active again no other run can write from now on.
            stopped.update(**changes)
            if row.is_planned and row._is_overtaken:
                Run.objects.filter(pk=row.pk).update(**row._anew())
        return True

    @property
    def _is_overtaken(self) -> bool:
        """Say whether another run has written, or may have, since this one stopped."""
        others = Run.objects.filter(playlist_id=self.playlist_id).exclude(pk=self.pk)
        since = Q(last_write_at__gt=self.ended_at) | Q(unknown_since__gt=self.ended_at)
        return others.filter(since).exists()

    def _anew(self) -> dict[str, Any]:
        """Return what forgets a plan; a call that may still land is waited for all the same.

        ``before`` stays: what the run has written is not undone by a new plan.
        """
        return {
            "is_planned": False,
            "is_gathered": self.recipe_id is None,
            "edits": [],
            "base": [],
            "goal": [],
            "cursor": 0,
            "halving": {},
            "refusals": 0,
            "refused_since": None,
            "seen_at": None,
            "snapshot_id": "",
            "last_write_at": Greatest("last_write_at", "unknown_since"),  # one may be missing
        }

    def ask_to_cancel(self) -> None:
        """End a run that nobody works on; else tell its worker to end it before the next call.

        While a call of unknown outcome may still land, a worker ends it as soon as none can.
        """
        mine = Run.objects.active().filter(pk=self.pk)
        free = mine.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        mine.update(cancel_asked=True)
        free.filter(Q(unknown_since=None) | Q(unknown_since__lte=Now() - _settle())).update(
            state=self.State.CANCELLED,
            code="cancelled",
            sentence="",
            ended_at=Now(),
            not_before=None,
        )
        free.update(not_before=Least(F("not_before"), F("unknown_since") + _settle()))

    # What only the holder of the lease may do -----------------------------------------------------

    def wait(
        self, *, until: datetime, code: str, sentence: str, attempts: int | None = None
    ) -> None:
        changes: dict[str, Any] = {} if attempts is None else {"attempts": attempts}
        changes |= {"state": self.State.WAITING, "code": code, "sentence": sentence}
        # Somebody may ask to cancel it at this very moment: then it waits for no more than it must.
        settled = Coalesce(F("unknown_since") + _settle(), Now())
        until_when = Case(When(cancel_asked=True, then=settled), default=Value(until))
        self._write(changes | {"not_before": until_when, "nudged_at": None})
        self.refresh_from_db(fields=["not_before"])

    def end(self, state: State, *, code: str = "", sentence: str = "") -> None:
        changes: dict[str, Any] = {"state": state, "code": code, "sentence": sentence}
        if state == self.State.DRAFT:
            changes["is_dry"] = False  # in one statement: a dry run never becomes one that writes
        self._write(changes | {"not_before": None, "ended_at": clock.now()})
        self.readings.all().delete()
