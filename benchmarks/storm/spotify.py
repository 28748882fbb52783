"""One person's Spotify without sockets: the simulator's engine, and the faults its callers meet."""

from __future__ import annotations

import json as jsons
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from accounts.scopes import BASE
from benchmarks.storm.faults import (
    AT_ONCE,
    BY_HAND,
    LATEST_SECONDS,
    OUTAGE_SECONDS,
    STALE_SECONDS,
    Fault,
    How,
)
from benchmarks.storm.virtual import Time
from playlists.spotify import SpotifyClient, errors
from simulator import demo
from simulator.clock import Clock
from simulator.engine import Engine
from simulator.messages import Answer, Call, json_answer, web_error
from simulator.model import Add, Entry, Move, Playlist, Remove
from simulator.state import AccessToken, Person, World

PERSON, TOKEN, URL = "ada", "token", "http://spotify/v1"
CALL_SECONDS = 0.1
HARDLY_EVER = 1e-12  # a share that has the simulator keep old lists, but show none by chance


class Killed(BaseException):
    """The worker is dead: no handler of the engine sees this, and open transactions roll back."""


@dataclass(slots=True)
class Landing:
    """A call on its way whose caller hears nothing of it any more."""

    call: Call
    calls: int
    due: float


@dataclass(slots=True)
class Hand:
    """What somebody did to the list meanwhile."""

    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    moved: set[str] = field(default_factory=set)  # since the last reading of the list began


@dataclass(frozen=True, slots=True)
class Reply:
    """The simulator's answer in the shape that the client reads."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class Spotify:
    """A world with one person in it. ``stall`` and ``untouched`` are the fleet's to set."""

    def __init__(self, time: Time, *, seed: int, stale: float = 0.0) -> None:
        self.time = time
        self.world = World(clock=Clock(time), random=Random(seed))
        self.engine = Engine(self.world)
        self.stale = stale or HARDLY_EVER
        demo.register_site(self.world, "http://site")
        self.person = Person(PERSON, PERSON, "Ada")
        self.world.people[PERSON] = self.person
        self.world.allow_list.append(PERSON)
        self.world.access_tokens[TOKEN] = AccessToken(
            TOKEN, demo.CLIENT_ID, PERSON, list(BASE), expires_at=time() + 1e9
        )
        self._show_old(self.stale)
        self._faults: dict[int, Fault] = {}
        self._landings: list[Landing] = []
        self._out_until = 0.0
        self.calls: list[Call] = []
        self.hand = Hand()
        self.stall: Callable[[], None] = lambda: None
        self.untouched: Callable[[], set[str]] = set
        self._chance = Random(seed)

    def has(self, id_: str, uris: Sequence[str]) -> Playlist:
        playlist = self.world.new_playlist(self.person, "Mine", id_=id_)
        playlist.entries = [self._entry(uri) for uri in uris]
        return playlist

    def edited(self, playlist: Playlist, uris: Sequence[str]) -> None:
        """Have the person make the list so, with the dates of what stays."""
        there = {entry.uri: entry for entry in playlist.entries}
        playlist.apply(Remove(()))
        playlist.entries = [there.get(uri) or self._entry(uri) for uri in uris]

    def playlists(self) -> list[Playlist]:
        return list(self.world.playlists.values())

    def under(self, faults: Sequence[Fault]) -> None:
        """Count the calls from here on, and let the faults loose."""
        self.calls.clear()
        self._faults = {one.at: one for one in faults if not one.in_rows}

    def pass_time(self, seconds: float) -> None:
        """Move on, and bring each late effect about at its own moment."""
        end = self.time() + seconds
        for one in sorted(self._landings, key=lambda one: one.due):
            if one.due <= end:
                self.time.move(max(0.0, one.due - self.time()))
                self._land(one)
        self.time.move(end - self.time())

    def settle(self) -> None:
        """Let everything land that still can."""
        self.pass_time(LATEST_SECONDS)

    def answer(self, call: Call) -> Answer:
        """Answer a call as its fault has it; raise where the caller gets no answer."""
        fault = self._faults.get(len(self.calls))
        self.calls.append(call)
        self.pass_time(CALL_SECONDS)
        under_way = list(self._landings)
        try:
            if fault is not None:
                return self._under(fault, call)
            return self._perform(call) if self._works(call) else _failed()
        finally:
            for one in under_way:
                one.calls -= 1
                if one.calls <= 0:
                    self._land(one)

    def _under(self, fault: Fault, call: Call) -> Answer:
        match fault.how:
            case How.LIMIT:
                return _limited()
            case How.REFUSE:
                return _refused()
            case How.OUTAGE:
                self._out_until = self.time() + OUTAGE_SECONDS
                return self._perform(call) if self._works(call) else _failed()
            case How.STALE:
                return self._old(call)
            case how if how in BY_HAND and any(map(writes_items, self.calls)):
                self._edit(how)
                return self._perform(call)
            case how if how in BY_HAND:  # what was done before the run is not done meanwhile
                self._faults.setdefault(len(self.calls), replace(fault, at=len(self.calls)))
                return self._perform(call)
            case How.STALL:
                return self._overtaken(fault, call)
        self._begin(fault, call)
        if fault.how is How.KILL:
            raise Killed
        if fault.how is How.CUT:
            raise errors.NoAnswer("cut", maybe_applied=True)
        return _failed()

    def _works(self, call: Call) -> bool:
        return call.method == "GET" or self.time() >= self._out_until

    def _begin(self, fault: Fault, call: Call) -> None:
        """Have the effect now, or set out for later, or not at all."""
        if fault.lands == AT_ONCE:
            self._perform(call)
        elif fault.lands is not None:
            due = self.time() + fault.lands.seconds
            self._landings.append(Landing(call, fault.lands.calls, due))

    def _overtaken(self, fault: Fault, call: Call) -> Answer:
        """Let others work while the call is under way; its answer comes when they have."""
        if fault.lands == AT_ONCE:
            answer = self._perform(call)
            self.stall()
            return answer
        self._begin(fault, call)
        self.stall()
        if fault.lands is None:
            return self._perform(call)  # it was slow to arrive
        raise errors.NoAnswer("timed_out", maybe_applied=True)

    def _perform(self, call: Call) -> Answer:
        if call.method == "PUT" and b'"uris"' in call.body:
            # The Web API overwrites whatever is there: nobody can keep what came just before.
            for uri in [uri for uri in self.hand.added if uri.encode() not in call.body]:
                del self.hand.added[uri]
        if call.method == "GET" and ("offset", "0") in call.query:
            self.hand.moved.clear()
        return self.engine.respond(call)

    def _old(self, call: Call) -> Answer:
        self._show_old(1.0)
        try:
            return self._perform(call)
        finally:
            self._show_old(self.stale)

    def _show_old(self, share: float) -> None:
        self.world.switches.set({"stale_read_share": share, "stale_read_s": STALE_SECONDS})

    def _land(self, one: Landing) -> None:
        if one in self._landings:
            self._landings.remove(one)
            self._perform(one.call)

    def _edit(self, how: How) -> None:
        """Do to the list what a person does in Spotify's own app, at a place of chance."""
        for playlist in self.playlists():
            if how is How.ADD:
                new = f"spotify:track:hand{len(self.calls):018d}"
                place = self._chance.randint(0, len(playlist.entries))
                playlist.apply(Add((new,), PERSON, place))
                self.hand.added[new] += 1
            elif how is How.MOVE and playlist.entries:
                start, before = (self._chance.randrange(len(playlist.entries)) for _ in range(2))
                self.hand.moved.add(playlist.uris[start])
                playlist.apply(Move(start, before))
            elif how is How.TAKE and (choice := self._removable(playlist)):
                gone = self._chance.choice(choice)
                playlist.apply(Remove((gone,)))
                self.hand.removed[gone] += 1

    def _removable(self, playlist: Playlist) -> list[str]:
        copies = Counter(playlist.uris)
        return sorted(uri for uri in self.untouched() if copies[uri] == 1)

    def _entry(self, uri: str) -> Entry:
        return Entry(uri, self.time(), PERSON)


class Line:
    """A connection as the engine knows it, straight into such a Spotify."""

    def __init__(self, spotify: Spotify) -> None:
        self.calls = 0
        self.client = SpotifyClient(self._send, lambda: TOKEN, url=URL)
        self._spotify = spotify

    def person(self) -> str:
        return PERSON

    def prepare(self) -> None:
        """Need no token."""

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> Reply:
        self.calls += 1
        call = Call(
            method,
            "/v1" + url.removeprefix(URL),
            tuple((params or {}).items()),
            {name.lower(): value for name, value in headers.items()},
            b"" if json is None else jsons.dumps(json).encode(),
        )
        answer = self._spotify.answer(call)
        return Reply(answer.status, answer.headers, answer.body)


def writes_items(call: Call) -> bool:
    return call.method != "GET" and call.path.endswith("/items")


def _failed() -> Answer:
    return web_error(502, "Bad gateway")


def _refused() -> Answer:
    said = "Given positions are out of bounds"
    return json_answer({"error": {"status": 400, "message": said}}, 400)


def _limited() -> Answer:
    answer = json_answer({"error": {"status": 429, "message": "API rate limit exceeded"}}, 429)
    answer.headers["Retry-After"] = "7"
    return answer
