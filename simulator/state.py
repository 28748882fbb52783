"""The world: everybody and everything that the pretend providers know."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Self

from simulator.catalogue import Catalogue, DataFile, stable_id
from simulator.clock import Clock
from simulator.faults import Fault
from simulator.messages import Call, Json
from simulator.model import Conditions, Playlist
from simulator.switches import Switches

FORM = 1  # of the state file
RANGES = ("short_term", "medium_term", "long_term")  # of what a person plays most


@dataclass(slots=True)
class App:
    """A client at both providers."""

    client_id: str
    secret: str
    redirect_uris: list[str]
    name: str = "spotsite"


@dataclass(slots=True)
class Person:
    """Somebody's account at Spotify."""

    id: str
    account_id: str
    name: str
    email: str = ""
    country: str = "GB"
    product: str = "premium"
    playlists: list[str] = field(default_factory=list)  # in the library: own and followed
    saved: dict[str, float] = field(default_factory=dict)  # URI to date
    top: dict[str, list[str]] = field(default_factory=dict)  # time range to URIs
    plays: list[list[Any]] = field(default_factory=list)  # URI and time
    approvals: dict[str, Json] = field(default_factory=dict)  # client id to scopes and date


@dataclass(slots=True)
class Grant:
    """One consent of one person to one app."""

    id: str
    client_id: str
    user: str
    scopes: list[str]
    consented_at: float
    public_client: bool = False
    revoked: bool = False


@dataclass(slots=True)
class Code:
    secret: str
    client_id: str
    user: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    expires_at: float
    consented_at: float
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    secret: str
    grant: str
    dies_at: float | None = None


@dataclass(slots=True)
class AccessToken:
    secret: str
    client_id: str
    user: str  # "" for client credentials
    scopes: list[str]
    expires_at: float
    grant: str = ""


@dataclass(slots=True)
class FacebookPerson:
    id: str
    name: str
    email: str = ""
    granted: dict[str, list[str]] = field(default_factory=dict)  # app id to permissions


@dataclass(slots=True)
class FacebookToken:
    secret: str
    app_id: str
    user: str
    scopes: list[str]
    issued_at: float
    expires_at: float
    valid: bool = True


@dataclass(slots=True)
class Pending:
    """A call whose effect comes later; `caller` was let in when it arrived."""

    due: float
    call: Call
    caller: Json | None = None


@dataclass(slots=True)
class World:
    """All state, with the clock and the chance that rule it."""

    clock: Clock = field(default_factory=Clock)
    switches: Switches = field(default_factory=Switches)
    random: Random = field(default_factory=lambda: Random(0))
    data: DataFile = field(default_factory=DataFile)
    catalogue: Catalogue = field(default_factory=Catalogue)
    apps: dict[str, App] = field(default_factory=dict)
    allow_list: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    playlists: dict[str, Playlist] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    facebook: dict[str, FacebookPerson] = field(default_factory=dict)
    facebook_codes: dict[str, Code] = field(default_factory=dict)
    facebook_tokens: dict[str, FacebookToken] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    spent: dict[str, deque[float]] = field(default_factory=dict)  # limit to times of calls
    made: int = 0

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.clock, self.switches, self.random)

    def secret(self, prefix: str, length: int = 48) -> str:
        """Make a code or token that nobody can guess, with the marker of the switches in it."""
        return f"{prefix}{self.switches.token_marker}{secrets.token_urlsafe(length)}"

    def next_id(self, kind: str) -> str:
        self.made += 1
        return stable_id(f"{kind}/{self.made}")

    def person(self, name: str) -> Person | None:
        """Find a person by id or by account_id."""
        found = self.people.get(name)
        return found or next((one for one in self.people.values() if one.account_id == name), None)

    def new_playlist(self, owner: Person, name: str, *, id_: str = "") -> Playlist:
        playlist = Playlist(id_ or self.next_id("playlist"), owner.id, self.conditions, name)
        self.playlists[playlist.id] = playlist
        owner.playlists.insert(0, playlist.id)
        return playlist

    def chance(self, share: float) -> bool:
        return bool(share) and self.random.random() < share

    def reseed(self) -> None:
        self.random.seed(self.switches.seed)

    def dump(self) -> Json:
        clock = {"offset": self.clock.offset, "stopped_at": self.clock.stopped_at}
        tables = {name: [asdict(row) for row in getattr(self, name).values()] for name in TABLES}
        return {
            "form": FORM,
            "clock": clock,
            "switches": self.switches.dump(),
            "catalogue": self.catalogue.dump(),
            "allow_list": self.allow_list,
            "made": self.made,
            "playlists": [playlist.dump() for playlist in self.playlists.values()],
            "faults": [fault.dump() for fault in self.faults],
            "pending": [(one.due, one.call.dump(), one.caller) for one in self.pending],
            "spent": {name: list(times) for name, times in self.spent.items()},
            **tables,
        }

    @classmethod
    def load(cls, data: Json, data_file: DataFile | None = None) -> Self:
        """Build a world from what `dump` wrote; raise ValueError for anything else."""
        if data.get("form") != FORM:
            raise ValueError(f"its form is {data.get('form')!r}, not {FORM}")
        world = cls(data=data_file or DataFile())
        world.clock.offset = data["clock"]["offset"]
        world.clock.stopped_at = data["clock"]["stopped_at"]
        world.switches.set(data["switches"])
        world.reseed()
        world.catalogue.tracks = dict(world.data.tracks)
        world.catalogue.load(data["catalogue"])
        world.allow_list = list(data["allow_list"])
        world.made = data["made"]
        for name, (row, key) in TABLES.items():
            setattr(world, name, {one[key]: row(**one) for one in data[name]})
        lists = (Playlist.load(one, world.conditions) for one in data["playlists"])
        world.playlists = {playlist.id: playlist for playlist in lists}
        world.faults = [Fault.load(one) for one in data["faults"]]
        world.pending = [Pending(due, Call.load(call), who) for due, call, who in data["pending"]]
        world.spent = {name: deque(times) for name, times in data["spent"].items()}
        return world


TABLES: dict[str, tuple[Any, str]] = {
    "apps": (App, "client_id"),
    "people": (Person, "id"),
    "grants": (Grant, "id"),
    "codes": (Code, "secret"),
    "refresh_tokens": (RefreshToken, "secret"),
    "access_tokens": (AccessToken, "secret"),
    "facebook": (FacebookPerson, "id"),
    "facebook_codes": (Code, "secret"),
    "facebook_tokens": (FacebookToken, "secret"),
}
