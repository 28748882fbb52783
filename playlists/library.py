"""The playlists that a person may change, as Spotify lists them, kept for a minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import redis
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache

from accounts.models import Credential, User
from playlists.connection import Connection
from playlists.spotify import Playlist

_KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Target:
    """A playlist that a list can be put into, and the linked account by which."""

    account_id: int
    playlist_id: str
    name: str
    length: int | None
    public: bool | None = None  # None where Spotify does not say


def credentials_of(user: User) -> list[Credential]:
    """Return the person's usable links to Spotify, oldest first."""
    mine = Credential.objects.of(user).usable().filter(provider="spotify")
    return list(mine.select_related("account").order_by("account_id"))


def targets(credential: Credential, *, fresh: bool = False) -> list[Target]:
    """Return what the person owns or works on with others; raise what Spotify's calls raise."""
    key = _key(credential.account_id)
    known = None if fresh else _cached(key)
    if known is not None:
        return known
    connection = Connection(credential)
    person = connection.person()
    found = [
        _target(credential, playlist)
        for playlist in connection.client.my_playlists()
        if playlist.owner_id == person or playlist.collaborative
    ]
    _cache(key, found)
    return found


def lacks(credential: Credential, *, public: bool | None) -> str:
    """Say which right is missing to change a public or a private playlist, empty where none is."""
    if public is None:
        return ""
    kind = "public" if public else "private"
    if credential.covers([f"playlist-modify-{kind}"]):
        return ""
    return f"the connection lacks the right to change {kind} playlists"


def forget(account: SocialAccount) -> None:
    """Have the list read anew: a playlist was made or changed."""
    try:
        cache.delete(_key(account.pk))
    except redis.RedisError:
        return  # it is forgotten within a minute anyway


def find(targets: Iterable[Target], playlist_id: str) -> Target | None:
    return next((target for target in targets if target.playlist_id == playlist_id), None)


def _target(credential: Credential, playlist: Playlist) -> Target:
    name = playlist.name or playlist.id
    return Target(credential.account_id, playlist.id, name, playlist.total, playlist.public)


def _cached(key: str) -> list[Target] | None:
    try:
        rows = cache.get(key)
    except redis.RedisError:
        return None
    return None if rows is None else [Target(*row) for row in rows]


def _cache(key: str, found: list[Target]) -> None:
    rows = [astuple(one) for one in found]
    try:
        cache.set(key, rows, timeout=_KEPT_SECONDS)
    except redis.RedisError:
        return  # then the next page asks Spotify again


def _key(account_id: int) -> str:
    return f"targets:{account_id}"
