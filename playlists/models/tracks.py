"""What is known of tracks."""

from __future__ import annotations

from django.db import models

from spotsite.clock import Now


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
