"""Which items of a playlist are ours."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import models

from playlists.models.runs import Run
from playlists.models.versions import Version


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
