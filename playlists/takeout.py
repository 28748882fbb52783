"""Lists taken out as files: one version, or everything of a person; nothing of it costs a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from accounts.models import User
from playlists import formats, restore, titles
from playlists.diff import Place
from playlists.formats import FORMATS, Row, archive
from playlists.models import Recipe, Version
from playlists.recipes import definition
from playlists.titles import Line

_BATCH = 500  # items whose titles are asked for at once


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent: its blocks are made while it is."""

    name: str
    content_type: str
    blocks: Iterator[str]


def of_version(version: Version, key: str, *, name: str) -> File:
    """Return a version in one of ``FORMATS``."""
    one = FORMATS[key]
    blocks = formats.write(key, rows(version), name=name)
    return File(archive.file_name(name, extension=one.extension), one.content_type, blocks)


def rows(version: Version) -> Iterator[Row]:
    """Yield the items with what is known of them; of a slot without a URI nothing is."""
    places = (Place(at, item) for at, item in enumerate(version.items) if item.uri)
    while batch := list(islice(places, _BATCH)):
        yield from (_row(line) for line in titles.lines(batch))


def everything(user: User, keys: Iterable[str], *, at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of the newest versions of all playlists, and of the recipes."""
    return archive.pack(_files(user, list(keys)), at=at)


def _files(user: User, keys: list[str]) -> Iterator[tuple[str, Iterable[str]]]:
    newest = dict(
        Version.objects.filter(account__user=user)
        .order_by("playlist_id", "-pk")
        .distinct("playlist_id")
        .values_list("playlist_id", "pk")
    )
    names = restore.names_of(user, newest)
    for playlist_id, pk in newest.items():
        for key in keys:
            # Read again for each format: a version in memory is enough, and one may go meanwhile.
            version = Version.objects.filter(pk=pk).first()
            if version is not None:
                file = of_version(version, key, name=names.get(playlist_id) or playlist_id)
                yield f"playlists/{key}/{file.name}", file.blocks
    for recipe in Recipe.objects.filter(user=user).order_by("pk").iterator(chunk_size=100):
        text = definition.text(definition.check(recipe.definition))
        yield f"recipes/{archive.file_name(recipe.name, extension='json')}", [text]


def _row(line: Line) -> Row:
    item, track = line.place.item, line.track
    return Row(
        uri=item.uri,
        title=line.title,
        artists=line.artists,
        album=track.album if track else "",
        duration_ms=track.duration_ms if track else 0,
        isrc=track.isrc if track else "",
        added_at=item.added_at,
    )
