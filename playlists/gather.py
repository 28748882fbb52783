"""Read what a recipe is made of: its sources, and the lists that its rules ask about.

A list is kept with what tells whether it has changed since (a snapshot id, or its length and newest
date), so that one that is as it was costs a call at most. A long one is read in pieces
(``readings``): a run that is put off, or whose worker dies, goes on from there.

A list that Spotify refuses may be refused for a moment only. So the first refusal is doubted: the
other lists are read, the run waits once for all that are doubted, and the second refusal in a row
is believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from allauth.socialaccount.models import SocialAccount

from accounts.errors import ReauthorizationRequired
from accounts.models import Credential
from playlists import marks, packing, readings, versions
from playlists.connection import Connection
from playlists.marks import Mark
from playlists.models import Block, Run, SourceList, StoredList, Track, Version
from playlists.readings import Entries, Reader
from playlists.recipes import sources
from playlists.recipes.candidates import Candidate, moment
from playlists.recipes.definition import Definition
from playlists.recipes.evaluate import Evaluation
from playlists.recipes.judging import BlockList, Surroundings
from playlists.recipes.needs import needs
from playlists.recipes.songs import Songs, normal
from playlists.recipes.sources import Source
from playlists.spotify import Item
from playlists.spotify.calls import PAGE
from playlists.spotify.errors import (
    InsufficientScope,
    NotFound,
    PersonMustAct,
    SpotifyError,
    Unauthorized,
)
from playlists.spotify.library_calls import TopRange
from spotsite import clock

T = TypeVar("T")
_RANGES = {
    "4 weeks": TopRange.FOUR_WEEKS,
    "6 months": TopRange.SIX_MONTHS,
    "year": TopRange.YEAR,
}


class CannotRead(Exception):
    """A source cannot be read, and the recipe says that the run ends then."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Doubted(Exception):
    """Lists were refused for the first time; they are to be asked for again after a while."""

    def __init__(self, refusal: SpotifyError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal  # one of them


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that a recipe needs to be evaluated."""

    tracks: list[Candidate]
    around: Surroundings
    skipped: list[str] = field(default_factory=list)  # a sentence for each source left out
    unknown: list[str] = field(default_factory=list)  # for each list that a rule cannot ask


def report(gathered: Gathered, found: Evaluation) -> dict[str, Any]:
    """Return what is to be said of sources and rules, ready for JSON."""
    return {
        "sources": len(gathered.tracks),
        "steps": [
            {
                "rule": step.rule,
                "dropped": step.dropped,
                "unknown": step.unknown,
                "examples": [[one.track.uri, one.reason] for one in step.examples],
            }
            for step in found.steps
        ],
        "local": found.local,
        "unavailable": found.unavailable,
        "skipped": gathered.skipped,
        "unasked": gathered.unknown,
    }


def quiet_calls(recipe: Definition) -> int:
    """Return the calls of a run that finds nothing changed, for at most 50 playlists an account.

    One that is not in the account's library costs one more, which a recipe does not tell.
    """
    wanted = needs(recipe)
    heads = {("lists", account) for account, _ in wanted.playlists}
    heads |= {("lists", account) for account in wanted.mine}
    heads |= {("liked", account) for account in wanted.liked}
    read_anew = 0
    for source in recipe.sources:
        account = recipe.account_of(source)
        match source:
            case sources.FromPlaylist():
                heads.add(("lists", account))
            case sources.LikedSongs():
                heads.add(("liked", account))
            case sources.SavedAlbums():
                heads.add(("albums", account))
            case sources.TopTracks() | sources.RecentlyPlayed():
                read_anew += 1
    return len(heads) + read_anew + 1  # the target's own head


class _Unreadable(Exception):
    """A list cannot be read by this account, and waiting does not help."""


class _Refused(Exception):
    """A list was refused, which is not believed yet."""


class Gathering:
    """Reads for one run.

    ``step`` is called after each list; what it raises ends the slice, as what ``reader`` does.
    """

    def __init__(
        self,
        run: Run,
        recipe: Definition,
        *,
        connect: Callable[[Credential], Connection],
        connection: Connection,
        reader: Reader,
        step: Callable[[], None],
    ) -> None:
        self._run = run
        self._recipe = recipe
        self._connect = connect
        self._reader = reader
        self._step = step
        self._needs = needs(recipe)
        uid = str(connection.credential.account.uid)
        self._connections: dict[str, Connection] = {uid: connection}
        self._own = connection
        self._marks: dict[str, dict[str, Mark | None]] = {}  # by account; None: nothing tells
        self._refused: dict[str, SpotifyError] = {}  # lists, for the first time, by their names

    @property
    def calls(self) -> int:
        """Return the calls by other accounts than the target's."""
        return sum(one.calls for one in self._connections.values() if one is not self._own)

    def go(self) -> Gathered:
        """Read what has changed.

        Raise ``CannotRead``, ``Doubted`` when all else is read, or what the calls and ``step`` do.
        """
        skipped: list[str] = []
        lists: list[list[Item]] = []
        for number, source in enumerate(self._recipe.sources, start=1):
            try:
                lists.append(self._source(source))
            except _Unreadable as exc:
                sentence = f"Source {number} cannot be read: {exc}"
                if source.if_unreadable == "fail":
                    raise CannotRead(sentence) from None
                skipped.append(sentence)
                lists.append([])
            except _Refused:
                lists.append([])
        unknown: list[str] = []
        around = self._around(unknown)
        if self._refused:
            # Only now: what is refused twice without a wait between was refused once.
            self._doubt(self._doubted | self._refused.keys())
            raise Doubted(next(iter(self._refused.values())))
        self._doubt(set())
        return Gathered(_candidates(lists), around, skipped, unknown)

    # Sources --------------------------------------------------------------------------------------

    def _source(self, source: Source) -> list[Item]:
        account = self._recipe.account_of(source)
        match source:
            case sources.FromPlaylist(playlist=id_):
                return self._list(account, f"playlist:{id_}")
            case sources.LikedSongs():
                return self._list(account, "liked")
            case sources.SavedAlbums():
                return self._list(account, "albums")
            case sources.TopTracks(range=over):
                return self._list(account, f"top:{over}")
            case sources.RecentlyPlayed():
                return self._list(account, "recent")
            case sources.Uris(uris=uris):
                return [Item(uri) for uri in uris]
            case sources.StoredList(list=name):
                return self._stored(name)
            case sources.OldVersion(version=name):
                return self._version(name)

    def _stored(self, name: str) -> list[Item]:
        stored = StoredList.called(name, user_id=self._run.user_id)
        if stored is None:
            raise _Unreadable("the stored list is not there any more.")
        return [Item(uri) for uri in stored.uris]

    def _version(self, name: str) -> list[Item]:
        mine = Version.objects.filter(account__user=self._run.user_id)
        version = mine.filter(pk=int(name)).first() if name.isdecimal() else None
        if version is None:
            raise _Unreadable("the version is not kept any more.")
        return version.items

    # Surroundings ---------------------------------------------------------------------------------

    def _around(self, unknown: list[str]) -> Surroundings:
        wanted = self._needs
        playlists: dict[str, Songs] = {}
        mine: dict[str, list[str]] = {}
        liked: dict[str, Songs] = {}
        for account in sorted(wanted.mine):
            with_ids = self._asked(partial(self._own_playlists, account), unknown)
            if with_ids is not None:
                mine[account] = with_ids
        pairs = set(wanted.playlists) | {(who, id_) for who, ids in mine.items() for id_ in ids}
        for account, id_ in sorted(pairs):
            if id_ == self._recipe.target.playlist_id and (account, id_) not in wanted.playlists:
                continue
            songs = self._asked(partial(self._songs, account, f"playlist:{id_}"), unknown)
            if songs is not None:
                playlists[id_] = songs
        for account in sorted(wanted.liked):
            songs = self._asked(partial(self._songs, account, "liked"), unknown)
            if songs is not None:
                liked[account] = songs
        return Surroundings(
            now=clock.now(),
            zone=ZoneInfo(self._recipe.schedule.time_zone),
            playlists=playlists,
            mine=mine,
            liked=liked,
            blocked=_blocked(self._run.user_id) if wanted.blocked else None,
        )

    def _asked(self, read: Callable[[], T], unknown: list[str]) -> T | None:
        try:
            return read()
        except _Unreadable as exc:
            unknown.append(f"A list that a rule asks about cannot be read: {exc}")
            return None
        except _Refused:
            return None

    def _songs(self, account: str, key: str) -> Songs:
        return Songs.of(_candidates([self._list(account, key)]))

    def _own_playlists(self, account: str) -> list[str]:
        connection = self._connection(account)
        person = connection.person()
        name = _name(connection, "mine")
        found = []
        for one in self._each(name, connection.client.my_playlists()):
            mark = Mark(one.snapshot_id, one.total) if one.snapshot_id else None
            self._marks.setdefault(account, {})[one.id] = mark
            if one.owner_id == person:
                found.append(one.id)
        self._step()
        return found

    # Lists ----------------------------------------------------------------------------------------

    def _list(self, account: str, key: str) -> list[Item]:
        connection = self._connection(account)
        account_id = connection.credential.account_id
        row = SourceList.objects.filter(account=account_id, key=key).first()
        if row is not None and self._run.started_at and row.read_at >= self._run.started_at:
            return row.items  # by this run, a slice ago
        name = _name(connection, key)
        look = partial(self._look, account, connection, key)
        mark = self._reader.mark(name)
        seen = look() if mark is None else None
        now = clock.now()
        if row is not None and row.mark and row.mark == (mark or seen):
            items = row.items
            SourceList.objects.filter(pk=row.pk).update(read_at=now, used_at=now)
        else:
            pages = partial(self._readable_pages, connection, key)
            look_again = partial(look, anew=True)
            items, mark = self._reader.read(name, pages, look_again, seen=seen)
            self._reader.confirm(name, look_again)
            self._step()
            versions.remember(items)
            facts = {"mark": mark, "packed": packing.pack(items), "read_at": now, "used_at": now}
            # Another run of the account may have read it at the same time.
            SourceList.objects.update_or_create(account_id=account_id, key=key, defaults=facts)
            self._reader.forget(name)
        versions.vouch(item.uri for item in items)
        return items

    def _readable_pages(self, connection: Connection, key: str, start: int) -> Iterator[Entries]:
        return self._each(_name(connection, key), _pages(connection, key, start=start))

    def _look(self, account: str, connection: Connection, key: str, *, anew: bool = False) -> str:
        name = _name(connection, key)
        return self._readable(name, partial(self._mark, account, connection, key, anew=anew))

    def _mark(self, account: str, connection: Connection, key: str, *, anew: bool) -> str:
        """Return what tells whether a list has changed; empty where only reading it does."""
        kind, _, name = key.partition(":")
        if kind not in {"playlist", marks.LIKED, marks.ALBUMS}:
            return ""
        place = name or kind
        known = self._marks.setdefault(account, {})
        if anew:
            known.pop(place, None)
        if place not in known:
            # One page of 50 playlists tells of all that are on it.
            places = self._lists_of(account) | {place} if name else {place}
            missing = places - known.keys()
            known |= dict.fromkeys(missing) | marks.look(connection, missing)
            self._step()
        mark = known[place]
        return json.dumps(mark) if mark is not None else ""

    def _lists_of(self, account: str) -> set[str]:
        """Return the playlists that the recipe reads by an account, as far as it names them."""
        named = {id_ for who, id_ in self._needs.playlists if who == account}
        return named | {
            source.playlist
            for source in self._recipe.sources
            if isinstance(source, sources.FromPlaylist)
            and self._recipe.account_of(source) == account
        }

    def _connection(self, account: str) -> Connection:
        if account not in self._connections:
            links = SocialAccount.objects.filter(user=self._run.user_id, provider="spotify")
            link = links.filter(uid=account).first()
            credential = link and Credential.objects.usable().filter(account=link).first()
            if not credential:
                raise _Unreadable("the linked account that reads it is not connected.")
            self._connections[account] = self._connect(credential)
        return self._connections[account]

    # What is refused ------------------------------------------------------------------------------

    def _each(self, name: str, parts: Iterator[T]) -> Iterator[T]:
        """Yield the parts of a list; each that comes dispels what was refused before it."""
        while (part := self._readable(name, partial(next, parts, None))) is not None:
            self._doubt(self._doubted - {name})
            yield part

    def _readable(self, name: str, read: Callable[[], T]) -> T:
        """Make a call for a list; what the person has to put right makes the list unreadable."""
        if name in self._refused:  # several ask for it, and the wait is still to come
            raise _Refused
        try:
            return read()
        except Unauthorized:
            raise
        except PersonMustAct as exc:
            if isinstance(exc, _DOUBTFUL) and name not in self._doubted:
                self._refused[name] = exc
                raise _Refused from None
            raise _Unreadable(_REASONS.get(type(exc).__name__, "Spotify refuses it.")) from None
        except ReauthorizationRequired:
            raise _Unreadable("Spotify needs your permission for that account again.") from None

    @property
    def _doubted(self) -> set[str]:
        """Return the lists that were refused before the run's last wait, and not read since."""
        kept = self._run.report.get("doubted", {})
        # One that is tried again begins without doubts.
        return set(kept["lists"]) if kept and kept["since"] == str(self._run.started_at) else set()

    def _doubt(self, names: set[str]) -> None:
        if names == self._doubted:
            return
        doubted = {"since": str(self._run.started_at), "lists": sorted(names)}
        self._run.keep(report={**self._run.report, "doubted": doubted if names else {}})


# Seen for a moment only. That a playlist is somebody else's is believed at once.
_DOUBTFUL = (NotFound, InsufficientScope)

_REASONS = {
    "NotFound": "Spotify does not find it (any more).",
    "Forbidden": "Spotify opens only playlists that you own or work on with others.",
    "InsufficientScope": "the connection lacks the right to see it. Reconnect and allow it.",
}


def _name(connection: Connection, key: str) -> str:
    """Name a list for what a run keeps of it while it reads."""
    return f"{connection.credential.account_id} {key}"


def _pages(connection: Connection, key: str, *, start: int) -> Iterator[Entries]:
    kind, _, name = key.partition(":")
    client = connection.client
    match kind:
        case "playlist":
            yield from readings.of_playlist(client, name, start)
        case "liked":
            for page in client.liked_pages(start=start):
                yield Entries(page.items, PAGE, page.total)
        case "albums":
            for albums in client.saved_album_pages(start=start):
                tracks = [one for album in albums.items for one in client.album_items(album)]
                yield Entries(tracks, PAGE, albums.total)
        case "top":
            top = client.top_tracks(_RANGES[name])
            yield Entries(top, len(top), len(top))
        case _:
            recent = client.recently_played()
            yield Entries(recent, len(recent), len(recent))


def _candidates(lists: Sequence[Sequence[Item]]) -> list[Candidate]:
    """Return the items of all sources with what is known of them, in one query."""
    uris = {item.uri for items in lists for item in items if item.uri}
    known = Track.objects.in_bulk(sorted(uris))
    return [
        _candidate(item, known.get(item.uri), source=source, position=position)
        for source, items in enumerate(lists)
        for position, item in enumerate(items)
    ]


def _candidate(item: Item, track: Track | None, *, source: int, position: int) -> Candidate:
    if track is None:
        track = Track(uri=item.uri)
    names = track.artist_names or ([track.artists] if track.artists else [])
    return Candidate(
        uri=item.uri,
        title=track.title,
        artists=tuple(names),
        album=track.album,
        released=track.released,
        explicit=track.explicit,
        duration_ms=track.duration_ms,
        isrc=track.isrc,
        added_at=moment(item.added_at),
        is_local=item.is_local,
        source=source,
        position=position,
    )


def _blocked(user_id: int) -> BlockList:
    rows = list(Block.objects.filter(user=user_id))
    uris = [row.uri for row in rows if row.uri]
    return BlockList(
        songs=Songs.of(_candidates([[Item(uri) for uri in uris]])),
        artists=frozenset(normal(row.artist) for row in rows if row.artist),
    )
