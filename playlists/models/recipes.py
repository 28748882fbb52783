"""What people want of their playlists, and what they never want in one."""

from __future__ import annotations

import uuid
from typing import Self

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from spotsite.clock import Now


class TargetTaken(Exception):
    """Another recipe keeps this playlist already: two would fight over it."""


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
            row.playlist_id = playlist_id
            if "target" in row.definition:  # not in one of another site's version
                bound = {"kind": "bound", "id": playlist_id}
                target = {**row.definition["target"], "playlist": bound}
                row.definition = {**row.definition, "target": target}
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
