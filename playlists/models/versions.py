"""Lists frozen from playlists."""

from __future__ import annotations

from functools import cached_property
from typing import Self

from allauth.socialaccount.models import SocialAccount
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from playlists import packing
from playlists.models.recipes import Recipe
from playlists.spotify import Item
from spotsite.clock import Now


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
    recipes = models.ManyToManyField(Recipe, related_name="versions")  # that have it as a source

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
