"""The Web API of Spotify as late 2026 has it: plain Python, one call, one answer or one error."""

from __future__ import annotations

from playlists.spotify.capability import CAPABILITIES, DEVELOPMENT, EXTENDED, Capability
from playlists.spotify.client import SpotifyClient
from playlists.spotify.library_calls import TopRange
from playlists.spotify.transport import Answer, Send
from playlists.spotify.values import Album, Head, Item, Page, Playlist, Profile

__all__ = [
    "CAPABILITIES",
    "DEVELOPMENT",
    "EXTENDED",
    "Album",
    "Answer",
    "Capability",
    "Head",
    "Item",
    "Page",
    "Playlist",
    "Profile",
    "Send",
    "SpotifyClient",
    "TopRange",
]
