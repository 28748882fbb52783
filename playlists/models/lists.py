"""Lists that recipes read: of a linked account as it was read last, and what people bring."""

from __future__ import annotations

import uuid
from typing import Self

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import models
from django.db.models import Func
from django.urls import reverse

from playlists import packing
from playlists.models.recipes import Recipe
from playlists.spotify import Item
from spotsite.clock import Now


class SourceList(models.Model):
    """A list that recipes read, kept as it was, so that it is read again only when it changed."""

    account = models.ForeignKey(SocialAccount, on_delete=models.CASCADE, related_name="sources")
    key = models.CharField(max_length=100)  # which list of this account
    mark = models.CharField(max_length=200, blank=True)  # what tells whether it has changed since
    packed = models.BinaryField(default=b"")
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


class StoredListQuerySet(models.QuerySet["StoredList"]):
    """Stored lists, asked in the words of the trade."""

    def light(self) -> Self:
        """Leave the tracks where they are, and count them instead."""
        length = Func("uris", function="jsonb_array_length", output_field=models.IntegerField())
        return self.defer("uris").annotate(length=length)

    def idle(self) -> Self:
        """Those that no recipe names, the one that was used longest ago first."""
        return self.filter(recipes=None).order_by("used_at")


class StoredList(models.Model):
    """A list that a person pasted or uploaded, as a source of recipes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stored_lists"
    )
    name = models.CharField(max_length=200)
    uris = models.JSONField(default=list)
    recipes = models.ManyToManyField(Recipe, related_name="lists")  # that name it
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    used_at = models.DateTimeField(db_default=Now())  # when a recipe was last given it, or lost it

    objects = StoredListQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["used_at"], name="stored_list_used")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stored_list", args=[self.uuid])

    @classmethod
    def called(cls, name: str, *, user_id: int) -> StoredList | None:
        """Return a person's list by the name that definitions have for it, its UUID."""
        try:
            return cls.objects.filter(user=user_id, uuid=uuid.UUID(name)).first()
        except ValueError:
            return None
