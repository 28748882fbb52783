"""Every request that the client can make is one that Spotify's own description knows.

The description lies outside the repository, in ../shared/reference/. ``spotify_calls.CALLS`` has
each public method of the client, found by introspection: a new one without an entry fails.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from playlists.spotify import DEVELOPMENT, EXTENDED, Capability, SpotifyClient, TopRange, errors
from simulator.control_client import Control
from tests.playlists.cast import tracks
from tests.playlists.spotify_calls import (
    CALLS,
    EPISODE,
    ONLY_EXTENDED,
    Place,
    Use,
    Wire,
    album_uri,
    client_for,
    exhaust,
)

SCHEMA = Path(__file__).parents[2].parent / "shared" / "reference" / "spotify-openapi.yml"
# What the description says of development mode alone; spotify-api.md 2.3: "Changed: GET /search
# limit max 50 -> 10", and "extended-quota apps: nothing changes".
EXTENDED_MAXIMUM = {("GET /search", "limit"): 50}
# What the description names in prose only.
PROSE = {("GET /me/top/tracks", "time_range"): {"short_term", "medium_term", "long_term"}}
EPISODES_TOO = {"track", "episode"}


class Description:
    """Spotify's OpenAPI file, asked whether a request is one of its own."""

    def __init__(self, data: Any, can: Capability) -> None:
        self.data = data
        self.extended = can is EXTENDED
        self._paths = sorted(data["paths"], key=lambda path: path.count("{"))

    def faults(self, method: str, path: str, params: Mapping[str, str], body: Any) -> Iterator[str]:
        """Yield what is wrong with a request."""
        template = next((one for one in self._paths if _matches(one, path)), None)
        operation = self.data["paths"].get(template, {}).get(method.lower())
        if operation is None:
            yield f"{method} {path}: no such call"
            return
        name = f"{method} {template}"
        if operation.get("deprecated") and not self.extended:
            yield f"{name}: gone in development mode"
        known = [self._follow(one) for one in operation.get("parameters", [])]
        yield from self._wrong_params(name, [one for one in known if one["in"] == "query"], params)
        yield from self._wrong_body(name, operation.get("requestBody"), body)

    def _wrong_params(
        self, name: str, known: list[Any], params: Mapping[str, str]
    ) -> Iterator[str]:
        named = {one["name"]: one for one in known}
        for one in params.keys() - named.keys():
            yield f"{name}: no parameter {one}"
        for one, about in named.items():
            if about.get("required") and not params.get(one):
                yield f"{name}: {one} is missing"
            if one in params:
                yield from self._wrong_value(name, about, params[one])

    def _wrong_value(self, name: str, about: Any, value: object) -> Iterator[str]:
        key, schema = (name, about["name"]), about["schema"]
        if not isinstance(value, str):
            yield f"{name}: {key[1]} is no text"
            return
        if schema["type"] == "integer":
            yield from self._wrong_number(key, schema, value)
        one_of = PROSE.get(key) or set(
            schema.get("enum") or schema.get("items", {}).get("enum", ())
        )
        if key[1] == "additional_types":
            one_of = EPISODES_TOO
        parts = value.split(",") if schema["type"] == "array" or one_of == EPISODES_TOO else [value]
        if one_of and not set(parts) <= one_of:
            yield f"{name}: {key[1]} is none of {sorted(one_of)}"
        most = re.search(r"[Mm]aximum(?: of|:)? (\d+)", schema.get("description", ""))
        if most and schema["type"] == "string" and len(value.split(",")) > int(most[1]):
            yield f"{name}: more than {most[1]} {key[1]}"

    def _wrong_number(self, key: tuple[str, str], schema: Any, value: str) -> Iterator[str]:
        most = schema.get("maximum")
        if self.extended:
            most = EXTENDED_MAXIMUM.get(key, most)
        if not re.fullmatch(r"-?\d+", value):
            yield f"{key[0]}: {key[1]} is no number"
        elif int(value) < schema.get("minimum", 0) or (most is not None and int(value) > most):
            yield f"{key[0]}: {key[1]} is out of range"

    def _wrong_body(self, name: str, about: Any, body: Any) -> Iterator[str]:
        if body is None:
            if about is not None:
                yield f"{name}: no body"
            return
        if about is None:
            yield f"{name}: takes no body"
            return
        schema = self._follow(about)["content"]["application/json"]["schema"]
        root = {"components": self.data["components"], "allOf": [schema]}
        for error in OAS30Validator(root).iter_errors(body):
            yield f"{name}: {error.json_path}: {error.message}"
        yield from self._strange(name, schema, body)

    def _strange(self, name: str, schema: Any, body: Any) -> Iterator[str]:
        """Yield what the schema does not know, and lists that are longer than its words allow."""
        schema = self._follow(schema)
        if isinstance(body, list):
            most = re.search(r"[Mm]aximum of (\d+)", schema.get("description", ""))
            if most and len(body) > int(most[1]):
                yield f"{name}: more than {most[1]} in one body"
            for one in body:
                yield from self._strange(name, schema["items"], one)
        if isinstance(body, dict):
            properties = schema.get("properties", {})
            for key, value in body.items():
                if key not in properties:
                    yield f"{name}: no field {key} in the body"
                else:
                    yield from self._strange(name, properties[key], value)

    def _follow(self, node: Any) -> Any:
        while "$ref" in node:
            found = self.data
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


@pytest.fixture(scope="module")
def data() -> Any:
    if not SCHEMA.is_file():
        pytest.skip(f"the schema file ../shared/reference/{SCHEMA.name} is not there")
    return yaml.load(SCHEMA.read_text(encoding="utf-8"), yaml.CSafeLoader)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def place(spotify: Control) -> Place:
    """A world in which every call has something to answer with, more than one page of it."""
    spotify.add_user("ada", allowed=True)
    spotify.add_user("grace", allowed=True)
    rows = [{"title": f"Zyzzy {n}", "artists": ["Band"], "album": "Suite"} for n in range(60)]
    spotify.change_catalogue(tracks=rows, episodes=[{"title": "Pilot", "id": "e" * 22}])
    album = album_uri(spotify)
    spotify.load_saved("ada", tracks=tracks(60), albums=[album])
    many = [{"owner": "ada", "name": f"P{number}", "uris": []} for number in range(52)]
    spotify.call("POST", "playlists", {"playlists": many})
    mine = spotify.add_playlist("ada", name="Mine", uris=tracks(60))
    return Place(mine, spotify.add_playlist("grace", name="Hers", uris=tracks(120)), album)


def public_methods() -> set[str]:
    found = inspect.getmembers(SpotifyClient, inspect.isfunction)
    return {name for name, _ in found if not name.startswith("_")}


def faults_of(wire: Wire, description: Description) -> list[str]:
    found: list[str] = []
    for method, url, params, body in wire.asked:
        parts = urlsplit(url)
        assert not parts.query  # parameters travel as such
        found += description.faults(method, parts.path.removeprefix("/v1"), params or {}, body)
    return found


def test_each_public_method_is_here() -> None:
    assert set(CALLS) == public_methods()
    assert set(CALLS) >= ONLY_EXTENDED


@pytest.mark.parametrize("name", sorted(set(CALLS) - ONLY_EXTENDED))
def test_requests_are_known_in_development_mode(
    spotify: Control, wire: Wire, place: Place, data: Any, name: str
) -> None:
    client = client_for(spotify, wire, DEVELOPMENT)

    for use in CALLS[name]:
        exhaust(use(client, place))

    assert len(wire.asked) >= len(CALLS[name])
    assert faults_of(wire, Description(data, DEVELOPMENT)) == []


@pytest.mark.parametrize("name", sorted(CALLS))
def test_requests_are_known_in_extended_mode(
    spotify: Control, wire: Wire, place: Place, data: Any, name: str
) -> None:
    client = client_for(spotify, wire, EXTENDED)

    for use in CALLS[name]:
        exhaust(use(client, place))

    assert len(wire.asked) >= len(CALLS[name])
    assert faults_of(wire, Description(data, EXTENDED)) == []


@pytest.mark.parametrize("name", sorted(ONLY_EXTENDED))
def test_what_development_mode_lacks_is_refused_and_never_sent(
    spotify: Control, wire: Wire, place: Place, name: str
) -> None:
    client = client_for(spotify, wire, DEVELOPMENT)

    for use in CALLS[name]:
        with pytest.raises(errors.NotInThisMode) as caught:
            exhaust(use(client, place))

        assert isinstance(caught.value, errors.OperatorMustAct)
        assert caught.value.reason in {"foreign_lists", "batches"}
    assert wire.asked == []


def test_more_results_than_development_mode_has_are_refused_and_never_sent(
    spotify: Control, wire: Wire, place: Place
) -> None:
    client = client_for(spotify, wire, DEVELOPMENT)

    with pytest.raises(errors.NotInThisMode, match="search_page"):
        client.search_tracks("love", most=11)

    assert wire.asked == []


TOO_MUCH: tuple[Use, ...] = (
    lambda client, at: client.add(at.mine, tracks(101), position=0),
    lambda client, at: client.remove(at.mine, tracks(101)),
    lambda client, at: client.replace(at.mine, tracks(101)),
    lambda client, _: client.are_saved(tracks(41)),
    lambda client, _: client.tracks(tracks(51)),
    lambda client, _: client.episodes([EPISODE] * 51),
    lambda client, _: client.episodes(tracks(1)),
    lambda client, _: client.search_tracks("love", most=51),
    lambda client, _: client.search_tracks("love", most=0),
    lambda client, _: client.search_tracks(" "),
    lambda client, _: client.top_tracks(TopRange.YEAR, most=51),
    lambda client, _: client.recently_played(most=0),
    lambda client, at: client.change_details(at.mine),
    lambda client, at: client.change_details(at.mine, name=" "),
    lambda client, at: client.change_details(at.mine, description="x" * 301),
    lambda client, _: client.create("Mine", description="two\nlines"),
    lambda client, _: client.track("spotify:album:1"),
    lambda client, _: client.track("spotify:track:"),
    lambda client, _: client.track("track"),
    lambda client, _: client.album("spotify:track:1"),
)


@pytest.mark.parametrize("use", TOO_MUCH)
def test_what_spotify_would_refuse_is_our_mistake_and_never_sent(
    spotify: Control, wire: Wire, place: Place, use: Use
) -> None:
    client = client_for(spotify, wire, EXTENDED)

    with pytest.raises(ValueError, match=r"\w"):
        exhaust(use(client, place))

    assert wire.asked == []


WRONG: tuple[tuple[str, str, Mapping[str, Any], Any, str], ...] = (
    ("GET", "/me/likes", {}, None, "no such call"),
    ("PATCH", "/me", {}, None, "no such call"),
    ("GET", "/tracks", {"ids": "1"}, None, "gone in development mode"),
    ("GET", "/playlists/p/tracks", {}, None, "gone in development mode"),
    ("GET", "/me/tracks", {"page": "2"}, None, "no parameter page"),
    ("GET", "/me/tracks", {"limit": "51"}, None, "limit is out of range"),
    ("GET", "/me/tracks", {"limit": "0"}, None, "limit is out of range"),
    ("GET", "/me/tracks", {"limit": "all"}, None, "limit is no number"),
    ("GET", "/me/tracks", {"limit": 50}, None, "limit is no text"),
    ("GET", "/search", {"q": "a", "type": "track", "limit": "11"}, None, "limit is out of range"),
    ("GET", "/search", {"q": "a", "type": "mood"}, None, "type is none of"),
    ("GET", "/search", {"type": "track"}, None, "q is missing"),
    ("GET", "/me/top/tracks", {"time_range": "ever"}, None, "time_range is none of"),
    ("GET", "/playlists/p/items", {"additional_types": "film"}, None, "additional_types is none"),
    ("GET", "/me/library/contains", {"uris": ",".join("a" * 41)}, None, "more than 40 uris"),
    ("POST", "/me/playlists", {}, None, "no body"),
    ("POST", "/me/playlists", {}, {"public": True}, "'name' is a required property"),
    ("POST", "/me/playlists", {}, {"name": 3}, "3 is not of type 'string'"),
    ("POST", "/playlists/p/items", {}, {"uris": ["u"], "at": 0}, "no field at in the body"),
    ("POST", "/playlists/p/items", {}, {"uris": ["u"] * 101}, "more than 100 in one body"),
    ("DELETE", "/playlists/p/items", {}, {"items": [{"uri": "u", "positions": [1]}]}, "positions"),
    ("DELETE", "/playlists/p/items", {}, {"tracks": []}, "no field tracks in the body"),
    ("GET", "/me", {}, {"a": 1}, "takes no body"),
)


@pytest.mark.parametrize(("method", "path", "params", "body", "fault"), WRONG)
def test_the_check_itself_finds_what_is_wrong(
    data: Any, method: str, path: str, params: Mapping[str, Any], body: Any, fault: str
) -> None:
    found = list(Description(data, DEVELOPMENT).faults(method, path, params, body))

    assert any(fault in one for one in found), found


def test_exceptions_are_still_needed(data: Any) -> None:
    """What the description comes to say itself need not stand here any more."""

    def schema(call: str, name: str) -> Any:
        method, path = call.split()
        known: Iterable[Any] = data["paths"][path][method.lower()]["parameters"]
        followed = (Description(data, DEVELOPMENT)._follow(one) for one in known)
        return next(one["schema"] for one in followed if one["name"] == name)

    assert all(schema(*key)["maximum"] < most for key, most in EXTENDED_MAXIMUM.items())
    assert not any("enum" in schema(*key) for key in PROSE)
