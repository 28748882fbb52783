"""The playlists app: its seams with accounts and its jobs, bound when it is loaded."""

from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig

from spotsite import beat


class PlaylistsConfig(AppConfig):
    name = "playlists"

    def ready(self) -> None:
        # Importing binds them; models must be loaded first.
        from playlists import receivers  # noqa: F401, PLC0415

        beat.register("sweep runs", "playlists.tasks.sweep", timedelta(seconds=10))
        beat.register("drop old versions", "playlists.tasks.tidy", timedelta(days=1))
        beat.register("store calls", "playlists.tasks.store_calls", timedelta(minutes=1))
        beat.register("purge calls", "playlists.tasks.purge_calls", timedelta(days=1))
