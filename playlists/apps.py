"""The playlists app."""

from __future__ import annotations

from django.apps import AppConfig


class PlaylistsConfig(AppConfig):
    name = "playlists"
