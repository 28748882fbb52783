"""Versions of playlists, the runs that change them, and what is known of the tracks in them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse

from playlists import packing
from playlists.spotify import Item
from spotsite import clock
from spotsite.clock import Now

LEASE = timedelta(seconds=17)  # longer than one call may take (connection.CALL_SECONDS)
NUDGE_AGAIN = timedelta(seconds=20)
DRAFT_LIFE = timedelta(days=1)


class TargetTaken(Exception):
    """Another recipe keeps this playlist already: two would fight over it."""


class LeaseLost(Exception):
    """Another worker took the run over, or somebody ended it: this one must touch nothing more."""


class Track(models.Model):
    """What Spotify said of a track, an episode or a local file when it was last read."""

    uri = models.TextField(primary_key=True)
    title = models.TextField(blank=True)
    artists = models.TextField(blank=True)
    album = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    isrc = models.CharField(max_length=32, blank=True)
    artist_names = models.JSONField(default=list)  # one by one: a name may hold a comma
    explicit = models.BooleanField(null=True)  # None where Spotify did not say
    released = models.CharField(max_length=10, blank=True)  # as exact as Spotify has it: 1994-05
    fetched_at = models.DateTimeField(db_default=Now())
    vouched_at = models.DateTimeField(db_default=Now())  # when something that is kept named it last

    class Meta:
        indexes = [models.Index(fields=["vouched_at"], name="track_vouched")]

    def __str__(self) -> str:
        return f"{self.artists} - {self.title}" if self.title else self.uri

    @property
    def spotify_url(self) -> str:
        """Return the track's page at Spotify, empty for a local file."""
        kind, _, name = self.uri.removeprefix("spotify:").partition(":")
        return f"https://open.spotify.com/{kind}/{name}" if kind in {"track", "episode"} else ""


class VersionQuerySet(models.QuerySet["Version"]):
    """Versions, asked in the words of the trade."""

    def light(self) -> Self:
        """Leave the items where they are until somebody asks for them."""
        return self.defer("packed")

    def of(self, account_id: int, playlist_id: str) -> Self:
        """Those of one playlist as one linked account saw it, newest first."""
        return self.filter(account=account_id, playlist_id=playlist_id).order_by("-pk")

    def newest(self, account_id: int, playlist_id: str) -> Version | None:
        return self.of(account_id, playlist_id).first()

    def droppable(self) -> Self:
        """Those that nothing keeps: too old, not among the last ones, not pinned, not in use."""
        newer = Version.objects.filter(
            account=OuterRef("account"), playlist_id=OuterRef("playlist_id"), pk__gt=OuterRef("pk")
        )
        most = settings.VERSION_COUNT
        return self.filter(
            Exists(newer[most - 1 : most]),
            ~Exists(Run.objects.unfinished().filter(Q(before=OuterRef("pk")))),
            ~Exists(Run.objects.unfinished().filter(Q(after=OuterRef("pk")))),
            ~Exists(Ledger.objects.filter(version=OuterRef("pk"))),
            ~Exists(Ledger.objects.filter(last_run__before=OuterRef("pk"))),
            is_surpassed=True,
            is_pinned=False,
            taken_at__lt=Now() - timedelta(days=settings.VERSION_DAYS),
        )


class Version(models.Model):
    """An ordered list of items frozen from a playlist, never changed."""

    class Cause(models.TextChoices):
        BEFORE = "before", "before a run"
        AFTER = "after", "after a run"
        ELSEWHERE = "elsewhere", "changed elsewhere"

    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="versions")
    playlist_id = models.CharField(max_length=64)
    packed = models.BinaryField(default=b"")  # the items, as playlists.packing writes them
    length = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    snapshot_id = models.CharField(max_length=200, blank=True)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    run = models.ForeignKey("Run", null=True, on_delete=models.SET_NULL, related_name="versions")
    taken_at = models.DateTimeField(db_default=Now())
    is_pinned = models.BooleanField(default=False)
    is_surpassed = models.BooleanField(default=False)  # by so many newer ones that it may go
    vouched_at = models.DateTimeField(db_default=Now())  # when its tracks were named as needed

    objects = VersionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("account", "playlist_id", F("id").desc(), name="version_newest"),
            # The daily job reads what may go, not what exists.
            models.Index(
                fields=["taken_at"],
                name="version_old",
                condition=Q(is_surpassed=True, is_pinned=False),
            ),
            models.Index(fields=["vouched_at"], name="version_vouched"),
        ]

    def __str__(self) -> str:
        return f"version {self.pk} of {self.playlist_id}"

    def get_absolute_url(self) -> str:
        return reverse("version", args=[self.pk])

    @cached_property
    def items(self) -> list[Item]:
        """Return the frozen items, without what only the track's own row knows."""
        return packing.unpack(self.packed)

    @cached_property
    def uris(self) -> list[str]:
        return packing.unpack_uris(self.packed)

    def pin(self, *, on: bool) -> None:
        """Keep it whatever its age, or no longer."""
        self.is_pinned = on
        self.save(update_fields=["is_pinned"])


class RecipeQuerySet(models.QuerySet["Recipe"]):
    """Recipes, asked in the words of the trade."""

    def due(self) -> Self:
        """Those whose time has come, the longest due first."""
        return self.filter(is_paused=False, next_run_at__lte=Now()).order_by("next_run_at")

    def bind(self, pk: int, playlist_id: str) -> None:
        """Write down which playlist was made for a recipe, if there still is one.

        Only that is changed: somebody may have edited the rest while the sources were read.
        """
        with transaction.atomic():
            row = self.select_for_update().filter(pk=pk).first()
            if row is None:
                return
            target = {**row.definition["target"], "playlist": {"kind": "bound", "id": playlist_id}}
            row.playlist_id, row.definition = playlist_id, {**row.definition, "target": target}
            row.save(update_fields=["playlist_id", "definition"])


class Recipe(models.Model):
    """What a person wants a playlist to be: sources, rules, target, schedule."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recipes"
    )
    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=200)
    definition = models.JSONField()  # as playlists.recipes.definition has it
    names = models.JSONField(default=dict)  # what the playlists in it were called when it was saved
    playlist_id = models.CharField(max_length=64, blank=True)  # empty until the target is made
    is_paused = models.BooleanField(default=False)
    next_run_at = models.DateTimeField(null=True)  # None where nothing is scheduled
    missed = models.BooleanField(default=False)  # a time passed while nobody could run it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now())

    objects = RecipeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="recipe_one_per_playlist",
                fields=["playlist_id"],
                condition=~Q(playlist_id=""),
            ),
        ]
        indexes = [
            # The dispatcher reads what is due, not what exists.
            models.Index(
                fields=["next_run_at"],
                name="recipe_due",
                condition=Q(is_paused=False, next_run_at__isnull=False),
            ),
            models.Index(fields=["user", "-created_at"], name="recipe_of_person"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("recipe", args=[self.uuid])


class SourceList(models.Model):
    """A list that recipes read, kept as it was, so that it is read again only when it changed."""

    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="sources")
    key = models.CharField(max_length=100)  # which list of this account
    mark = models.CharField(max_length=200, blank=True)  # what tells whether it has changed since
    packed = models.BinaryField(default=b"")
    offset = models.PositiveIntegerField(default=0)  # entries of Spotify's list read so far
    total = models.PositiveIntegerField(null=True)  # entries that there are
    is_complete = models.BooleanField(default=False)
    read_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(name="source_once", fields=["account", "key"]),
        ]
        indexes = [models.Index(fields=["used_at"], name="source_used")]

    def __str__(self) -> str:
        return f"{self.key} of {self.account_id}"

    @property
    def items(self) -> list[Item]:
        return packing.unpack(self.packed)


class StoredList(models.Model):
    """A list that a person pasted or uploaded, as a source of recipes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stored_lists"
    )
    name = models.CharField(max_length=200)
    uris = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def called(cls, name: str, *, user_id: int) -> StoredList | None:
        """Return a person's list by the name that definitions have for it, its UUID."""
        try:
            return cls.objects.filter(user=user_id, uuid=uuid.UUID(name)).first()
        except ValueError:
            return None


class Block(models.Model):
    """A track or an artist that a person never wants in a list that has a block rule."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks"
    )
    uri = models.CharField(max_length=100, blank=True)  # of a track; empty for an artist
    artist = models.CharField(max_length=200, blank=True)  # a name; empty for a track
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="block_once", fields=["user", "uri", "artist"]),
            models.CheckConstraint(
                name="block_track_or_artist",
                condition=Q(uri="") & ~Q(artist="") | ~Q(uri="") & Q(artist=""),
            ),
        ]

    def __str__(self) -> str:
        return self.artist or self.uri


class RunQuerySet(models.QuerySet["Run"]):
    """Runs, asked in the words of the trade."""

    def shown(self) -> Self:
        """Those that a person has started, newest first, without their long columns."""
        return self.exclude(state=Run.State.DRAFT).light().order_by("-created_at")

    def light(self) -> Self:
        """Leave the long columns where they are until somebody asks for one."""
        return self.defer(*Run.LONG)

    def active(self) -> Self:
        return self.filter(state__in=Run.ACTIVE)

    def unfinished(self) -> Self:
        """Those that are active, or will be when a person agrees."""
        return self.filter(state__in=[*Run.ACTIVE, Run.State.HELD])

    def due(self) -> Self:
        """Those that a worker may take now, the longest due first."""
        # In the words of the index: runs that wait for tomorrow are not read.
        since = self.active().filter(_free()).alias(due_at=Coalesce("not_before", "created_at"))
        return since.filter(due_at__lte=Now()).order_by("due_at")

    def forgotten(self) -> Self:
        """Those that are due and that nobody was told of lately."""
        return self.due().filter(Q(nudged_at=None) | Q(nudged_at__lt=Now() - NUDGE_AGAIN))

    def lapsing(self, *, within: timedelta) -> Self:
        """Those whose lease ends within that time unless its holder lives and renews it."""
        return self.active().filter(lease_until__gt=Now(), lease_until__lte=Now() + within)

    def old_drafts(self) -> Self:
        return self.filter(state=Run.State.DRAFT, created_at__lt=Now() - DRAFT_LIFE)

    def that_wrote_lately(self, run: Run) -> Self:
        """The person's other runs whose last change a read of the playlist may not show yet."""
        since = Now() - _settle()
        lately = Q(last_write_at__gt=since) | Q(unknown_since__gt=since)
        others = self.filter(lately, user=run.user_id, playlist_id=run.playlist_id)
        return others.exclude(pk=run.pk).order_by(Greatest("last_write_at", "unknown_since").desc())

    def unattended(self) -> Self:
        """Those of people for whom no worker is at work: one person's many runs take turns."""
        theirs = Run.objects.filter(user=models.OuterRef("user"), lease_until__gt=Now())
        return self.exclude(models.Exists(theirs.exclude(pk=models.OuterRef("pk"))))

    def claim(self, pk: int, *, in_turn: bool = False) -> Run | None:
        """Lease the run if it is due and nobody holds it; a dead holder's lease runs out.

        ``in_turn``: only while no other run of the same person is being worked on.
        """
        with transaction.atomic():  # the row stays locked until it is read
            mine = self.active().filter(_ready(), pk=pk)
            taken = (mine.unattended() if in_turn else mine).update(
                state=Run.State.RUNNING,
                lease_until=Now() + LEASE,
                lease_gen=F("lease_gen") + 1,
                # A lease that was not given back: its holder died.
                attempts=Case(
                    When(lease_until=None, then=F("attempts")), default=F("attempts") + 1
                ),
                started_at=Coalesce("started_at", Now()),
                not_before=None,
            )
            return self.get(pk=pk) if taken else None


def _free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def _ready() -> Q:
    return _free() & (Q(not_before=None) | Q(not_before__lte=Now()))


def _settle() -> timedelta:
    return timedelta(seconds=settings.SETTLE_SECONDS)


class Run(models.Model):
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
    code = models.CharField(max_length=40, blank=True)  # why it waits or ended, for programs
    sentence = models.TextField(blank=True)  # the same for people
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    calls_used = models.PositiveIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)

    not_before = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_gen = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # in vain, since the last step forward
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
    before = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    after = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

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
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def is_cancelling(self) -> bool:
        """Say whether it ends before its next call, as the person wishes."""
        return self.is_active and self.cancel_asked

    @property
    def tripped(self) -> dict[str, int]:
        """Return the guards that stop it, and how far it goes beyond each."""
        return dict(self.report.get("tripped", {}))

    @property
    def can_be_retried(self) -> bool:
        return self.state in self.RETRYABLE

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
        stopped = Run.objects.filter(pk=self.pk, state__in=self.RETRYABLE)
        anew = self._anew() if self.is_planned and self._is_overtaken else {}
        return self._queue_again(stopped, **anew)

    @property
    def _is_overtaken(self) -> bool:
        others = Run.objects.filter(playlist_id=self.playlist_id).exclude(pk=self.pk)
        return others.filter(last_write_at__gt=self.ended_at).exists()

    def _anew(self) -> dict[str, Any]:
        """Return what forgets a plan; a call that may still land is waited for all the same."""
        return {
            "is_planned": False,
            "is_gathered": self.recipe_id is None,
            "edits": [],
            "base": [],
            "goal": [],
            "cursor": 0,
            "halving": {},
            "before": None,
            "seen_at": None,
            "last_write_at": None,
        }

    def approve(self) -> bool:
        """Queue a held run: what it was held for is waved through as far as it goes now."""
        held = Run.objects.filter(pk=self.pk, state=self.State.HELD)
        return self._queue_again(held, approved={**self.approved, **self.tripped})

    def dismiss(self) -> bool:
        """End a held run for good; nothing is written."""
        held = Run.objects.filter(pk=self.pk, state=self.State.HELD)
        return bool(held.update(state=self.State.CANCELLED, code="cancelled", ended_at=Now()))

    def _queue_again(self, rows: RunQuerySet, **changes: Any) -> bool:
        return bool(
            rows.update(
                state=self.State.QUEUED,
                code="",
                sentence="",
                attempts=0,
                changes=0,
                quarrels=0,
                cancel_asked=False,
                not_before=None,
                started_at=None,
                ended_at=None,
                nudged_at=Now(),
                **changes,
            )
        )

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

    def keep(self, **changes: Any) -> None:
        """Save ``changes`` and hold the run on; raise ``LeaseLost`` if it is not ours."""
        self._write(changes, lease_until=Now() + LEASE)

    def release(self) -> None:
        """Give the run back between two slices."""
        self._write({"nudged_at": clock.now()})

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

    def _write(self, changes: dict[str, Any], *, lease_until: Any = None) -> None:
        ours = Run.objects.active().filter(pk=self.pk, lease_gen=self.lease_gen)
        if not ours.update(**changes, lease_until=lease_until):
            raise LeaseLost
        for name, value in changes.items():
            setattr(self, name, value)


class MatchingQuerySet(models.QuerySet["Matching"]):
    """Lists from elsewhere, asked in the same words as runs."""

    def active(self) -> Self:
        return self.filter(state__in=Matching.ACTIVE)

    def due(self) -> Self:
        """Those that a worker may take now, the longest due first."""
        return self.active().filter(_ready()).order_by(Coalesce("not_before", "created_at"))

    def forgotten(self) -> Self:
        """Those that are due and that nobody was told of lately."""
        return self.due().filter(Q(nudged_at=None) | Q(nudged_at__lt=Now() - NUDGE_AGAIN))

    def unattended(self) -> Self:
        """Those of people for whom no worker searches: one person's many lists take turns."""
        theirs = Matching.objects.filter(user=OuterRef("user"), lease_until__gt=Now())
        return self.exclude(Exists(theirs.exclude(pk=OuterRef("pk"))))

    def claim(self, pk: int) -> Matching | None:
        """Lease it if it is due and its turn; a dead holder's lease runs out."""
        with transaction.atomic():  # the row stays locked until it is read
            taken = (
                self.active()
                .filter(_ready(), pk=pk)
                .unattended()
                .update(
                    state=Matching.State.RUNNING,
                    lease_until=Now() + LEASE,
                    lease_gen=F("lease_gen") + 1,
                    attempts=Case(
                        When(lease_until=None, then=F("attempts")), default=F("attempts") + 1
                    ),
                    not_before=None,
                )
            )
            return self.get(pk=pk) if taken else None


class Matching(models.Model):
    """A list from elsewhere whose lines become tracks, by searches and by a person's choices."""

    class State(models.TextChoices):
        QUEUED = "queued", "about to start"
        RUNNING = "running", "searching"
        WAITING = "waiting", "waiting"
        DONE = "done", "searched"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "stopped"

    ACTIVE: ClassVar = (State.QUEUED, State.RUNNING, State.WAITING)
    RETRYABLE: ClassVar = (State.FAILED, State.CANCELLED)

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
    code = models.CharField(max_length=40, blank=True)  # why it waits or ended, for programs
    sentence = models.TextField(blank=True)  # the same for people
    done = models.PositiveIntegerField(default=0)  # lines that need no search (any more)
    total = models.PositiveIntegerField(default=0)
    calls_used = models.PositiveIntegerField(default=0)

    not_before = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_gen = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)  # in vain, since the last step forward

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    objects = MatchingQuerySet.as_manager()

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

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def can_be_retried(self) -> bool:
        return self.state in self.RETRYABLE

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

    def keep(self, **changes: Any) -> None:
        """Save ``changes`` and hold it on; raise ``LeaseLost`` if it is not ours."""
        self._write(changes, lease_until=Now() + LEASE)

    def release(self) -> None:
        """Give it back between two slices."""
        self._write({"nudged_at": clock.now()})

    def wait(self, *, until: datetime, code: str, sentence: str, attempts: int) -> None:
        changes = {"state": self.State.WAITING, "code": code, "sentence": sentence}
        self._write(changes | {"not_before": until, "attempts": attempts, "nudged_at": None})

    def end(self, state: State, *, code: str = "", sentence: str = "") -> None:
        changes = {"state": state, "code": code, "sentence": sentence}
        self._write(changes | {"not_before": None, "ended_at": clock.now()})

    def _write(self, changes: dict[str, Any], *, lease_until: Any = None) -> None:
        ours = Matching.objects.active().filter(pk=self.pk, lease_gen=self.lease_gen)
        if not ours.update(**changes, lease_until=lease_until):
            raise LeaseLost
        for name, value in changes.items():
            setattr(self, name, value)


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


class Ledger(models.Model):
    """Which items of a playlist are ours to manage, and which somebody took out by hand."""

    playlist_id = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="ledgers")
    ours = models.JSONField(default=list)  # URIs, a copy each
    coming = models.JSONField(null=True)  # those of a run that has not ended well yet
    taken_out = models.JSONField(default=list)  # URIs that are not put back by themselves
    last_run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.ForeignKey(Version, null=True, on_delete=models.SET_NULL, related_name="+")
    snapshot_id = models.CharField(max_length=200, blank=True)  # under which that was read
    undone = models.PositiveIntegerField(default=0)  # times in a row that our change was undone

    def __str__(self) -> str:
        return f"ledger of {self.playlist_id}"


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
