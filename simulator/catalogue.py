"""The music there is: real tracks from the data file, and invented ones for any other id."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "catalogue.json.gz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID = re.compile(r"[0-9A-Za-z]{22}")
URI = re.compile(r"spotify:(track|episode|album|artist|show|playlist):([0-9A-Za-z]{22})")


@dataclass(frozen=True, slots=True)
class Track:
    id: str
    title: str
    artists: tuple[tuple[str, str], ...]
    album: str
    duration_s: int
    isrc: str
    explicit: bool = False
    released: str = ""  # empty: invented, the same for a whole album

    @property
    def uri(self) -> str:
        return f"spotify:track:{self.id}"

    @property
    def album_id(self) -> str:
        return stable_id(f"album/{self.album}/{self.artists[0][0]}")

    @property
    def release_date(self) -> str:
        """Return a year, a month or a day: Spotify knows some albums better than others."""
        if self.released:
            return self.released
        number = _number(self.album_id)
        day = f"{1968 + number % 56}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        return day[: (4, 7, 10, 10)[number // 56 % 4]]

    def dump(self) -> list[Any]:
        row = [self.id, self.title, self.artists, self.album, self.duration_s, self.isrc]
        return [*row, self.explicit, self.released]


@dataclass(frozen=True, slots=True)
class Episode:
    id: str
    title: str
    show: str
    duration_s: int

    @property
    def uri(self) -> str:
        return f"spotify:episode:{self.id}"

    def dump(self) -> list[Any]:
        return [self.id, self.title, self.show, self.duration_s]


@dataclass(slots=True)
class Catalogue:
    """Tracks and episodes by id; `dead` URIs were there once and are gone."""

    tracks: dict[str, Track] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)  # ids that are not in the data file
    _albums: dict[str, list[Track]] | None = field(default=None, repr=False)

    def track(self, id_: str, *, invent: bool) -> Track | None:
        """Return the living track; an unknown id gets an invented one, always the same."""
        if f"spotify:track:{id_}" in self.dead:
            return None
        known = self.tracks.get(id_)
        return known or (invented(id_) if invent and ID.fullmatch(id_) else None)

    def episode(self, id_: str) -> Episode | None:
        return None if f"spotify:episode:{id_}" in self.dead else self.episodes.get(id_)

    def album(self, id_: str) -> list[Track]:
        """Return the living tracks of an album, in order; an invented album has none."""
        if self._albums is None:
            self._albums = {}
            for track in self.tracks.values():
                self._albums.setdefault(track.album_id, []).append(track)
        return [one for one in self._albums.get(id_, []) if one.uri not in self.dead]

    def add_track(self, track: Track) -> None:
        self._albums = None
        self.tracks[track.id] = track
        self.added.add(track.id)

    def search(self, query: str) -> list[Track]:
        """Find tracks by ISRC, or by words in title, artists and album."""
        wanted, everywhere = _filters(query)
        found = []
        for track in self.tracks.values():
            names = " ".join(name for _, name in track.artists)
            texts = {"track": track.title, "artist": names, "album": track.album}
            if "isrc" in wanted and wanted["isrc"].upper() != track.isrc:
                continue
            if any(_lacks(texts[key], words) for key, words in wanted.items() if key != "isrc"):
                continue
            if not _lacks(" ".join(texts.values()), everywhere) and track.uri not in self.dead:
                found.append(track)
        return found

    def dump(self) -> dict[str, Any]:
        return {
            "tracks": [self.tracks[id_].dump() for id_ in sorted(self.added)],
            "episodes": [episode.dump() for episode in self.episodes.values()],
            "dead": sorted(self.dead),
        }

    def load(self, data: dict[str, Any]) -> None:
        for id_, title, artists, *more in data["tracks"]:
            pairs = tuple((artist, name) for artist, name in artists)
            self.add_track(Track(id_, title, pairs, *more))
        self.episodes = {row[0]: Episode(*row) for row in data["episodes"]}
        self.dead = set(data["dead"])


class DataFile:
    """The simulator's own data file, read once."""

    @cached_property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(gzip.decompress(DATA.read_bytes()))
        return data

    @cached_property
    def tracks(self) -> dict[str, Track]:
        found = {}
        for place, (id_, title, artists, album, seconds) in enumerate(self._data["tracks"]):
            pairs = tuple((artist, name) for artist, name in artists)
            found[id_] = Track(id_, title, pairs, album, seconds, isrc(place), _is_explicit(id_))
        return found

    def list(self, name: str) -> list[str]:
        ids = list(self.tracks)
        return [f"spotify:track:{ids[place]}" for place in self._data["lists"][name]]


def isrc(place: int) -> str:
    """Make an ISRC that no real recording has: ZZ is a country code left to private use."""
    return f"ZZSIM26{place % 100_000:05d}"


@lru_cache(maxsize=8_192)  # each page of a playlist asks for the same albums again
def stable_id(text: str) -> str:
    """Make a 22-character id that is always the same for the same text."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return "".join(digits)


def invented(id_: str) -> Track:
    digest = _number(id_)
    artist = f"Invented artist {digest % 97}"
    return Track(
        id_,
        f"Invented track {id_[:6]}",
        ((stable_id(artist), artist),),
        f"Invented album {digest % 389}",
        120 + digest % 240,
        f"ZZSIM99{digest % 100_000:05d}",
        _is_explicit(id_),
    )


@lru_cache(maxsize=8_192)
def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _is_explicit(id_: str) -> bool:
    """Call one track in eight explicit."""
    return _number(f"explicit/{id_}") % 8 == 0


def _filters(query: str) -> tuple[dict[str, str], str]:
    """Split `remaster track:Doxy artist:Miles Davis` into its filters and the free words.

    A filter reaches to the next one, as in Spotify's own example; quotation marks end it sooner.
    """
    pattern = re.compile(r'\b(isrc|track|artist|album):("[^"]*"|.+?(?=\s+\w+:|$))')
    wanted = {key: value.strip('"') for key, value in pattern.findall(query)}
    return wanted, pattern.sub(" ", query)


def _lacks(text: str, words: str) -> bool:
    text = text.casefold()
    return any(word not in text for word in words.casefold().replace('"', " ").split())
