"""Where the tracks of a recipe come from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from playlists.recipes.parts import MOST_ITEMS, Account, Part, PlaylistId, Reference, Uri


class ASource(Part):
    account: Account | None = None
    """Whose access reads it; that of the target where it is left out."""
    if_unreadable: Literal["fail", "skip"] = "fail"
    """Whether a run ends, or goes on without it, when it cannot be read."""


class FromPlaylist(ASource):
    """A playlist that the account owns or works on with others."""

    kind: Literal["playlist"]
    playlist: PlaylistId


class LikedSongs(ASource):
    """The newest first, as Spotify lists them."""

    kind: Literal["liked"]


class SavedAlbums(ASource):
    """The tracks of all saved albums, that saved last first."""

    kind: Literal["albums"]


class TopTracks(ASource):
    kind: Literal["top"]
    range: Literal["4 weeks", "6 months", "year"]
    """How far back Spotify counts, about."""


class RecentlyPlayed(ASource):
    """The last 50 that were played, the latest first."""

    kind: Literal["recent"]


class Uris(ASource):
    """A list that stands in the definition."""

    kind: Literal["uris"]
    uris: Annotated[tuple[Uri, ...], Field(max_length=MOST_ITEMS)]


class StoredList(ASource):
    """A list that was pasted or uploaded, and is stored on the site."""

    kind: Literal["list"]
    list: Reference


class OldVersion(ASource):
    """A playlist as it once was."""

    kind: Literal["version"]
    version: Reference


Source = Annotated[
    FromPlaylist
    | LikedSongs
    | SavedAlbums
    | TopTracks
    | RecentlyPlayed
    | Uris
    | StoredList
    | OldVersion,
    Field(discriminator="kind"),
]
