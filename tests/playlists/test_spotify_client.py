"""The Web API's client against the simulator: its answers, its errors, and Spotify's own schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import yaml
from openapi_schema_validator import OAS30Validator

from accounts.scopes import BASE
from playlists.spotify import SpotifyClient, errors, values
from simulator.control_client import Control
from tests.playlists.cast import tracks

SCHEMA = Path(__file__).parents[2].parent / "shared" / "reference" / "spotify-openapi.yml"
ITEMS = "/playlists/[^/]+/items$"


@dataclass
class Wire:
    """A transport that makes each call once and remembers what was asked for."""

    asked: list[tuple[str, str, Mapping[str, str] | None, Any]] = field(default_factory=list)

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> requests.Response:
        self.asked.append((method, url, params, json))
        try:
            return requests.request(
                method, url, headers=dict(headers), params=params, json=json, timeout=2
            )
        except requests.RequestException:
            raise errors.NoAnswer("cut", maybe_applied=True) from None


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(spotify: Control, wire: Wire) -> SpotifyClient:
    spotify.add_user("ada", allowed=True)
    token = spotify.tokens("ada", list(BASE))["access_token"]
    return SpotifyClient(wire, lambda: token, url=f"{spotify.base_url}/v1")


def test_a_long_list_is_read_in_pages_in_order(client: SpotifyClient, spotify: Control) -> None:
    wanted = tracks(120)
    playlist_id = spotify.add_playlist("ada", name="Long", uris=wanted)

    items = client.items(playlist_id)

    assert [item.uri for item in items] == wanted
    assert all(item.title and item.added_at for item in items)
    assert len(spotify.log(path="items")) == 3


def test_null_items_local_files_and_episodes_keep_their_places(
    client: SpotifyClient, spotify: Control
) -> None:
    spotify.change_catalogue(episodes=[{"id": "e" * 22, "title": "Talk"}], dead=tracks(1, start=7))
    local = "spotify:local:Me:Demo:Song:180"
    uris = [*tracks(1), *tracks(1, start=7), local, f"spotify:episode:{'e' * 22}", *tracks(1)]
    playlist_id = spotify.add_playlist("ada", name="Odd", uris=uris)

    items = client.items(playlist_id)

    assert [item.uri for item in items] == [uris[0], "", local, uris[3], uris[4]]
    assert [item.can_be_written for item in items] == [True, False, False, True, True]
    assert items[3].title == "Talk"


@pytest.mark.parametrize("keys", ["item", "track", "both"])
def test_items_are_read_under_the_new_and_the_old_key(
    client: SpotifyClient, spotify: Control, keys: str
) -> None:
    spotify.switch(item_keys=keys)
    playlist_id = spotify.add_playlist("ada", name="Keys", uris=tracks(3))

    assert [item.uri for item in client.items(playlist_id)] == tracks(3)


def test_item_wins_over_track_and_junk_is_an_empty_slot() -> None:
    entry = {"item": {"uri": "spotify:track:new"}, "track": {"uri": "spotify:track:old"}}

    assert values.item(entry).uri == "spotify:track:new"
    junk = (None, 3, {}, {"item": None}, {"item": []}, {"item": {"uri": 3}})
    assert [values.item(one).uri for one in junk] == [""] * len(junk)


def test_more_than_one_page_of_playlists_is_listed(client: SpotifyClient, spotify: Control) -> None:
    for number in range(53):
        spotify.add_playlist("ada", name=f"P{number}", uris=[])

    names = {playlist.name for playlist in client.my_playlists()}

    assert names == {f"P{number}" for number in range(53)}


def test_writes_do_what_they_say(client: SpotifyClient) -> None:
    playlist_id = client.create("Mine", description="d").id
    client.add(playlist_id, tracks(3), position=0)
    client.add(playlist_id, tracks(1, start=9), position=1)
    client.reorder(playlist_id, start=3, length=1, before=0)
    client.remove(playlist_id, tracks(1))
    uris = [item.uri for item in client.items(playlist_id)]
    client.replace(playlist_id, tracks(2, start=20))

    assert uris == [*tracks(1, start=2), *tracks(1, start=9), *tracks(1, start=1)]
    assert [item.uri for item in client.items(playlist_id)] == tracks(2, start=20)
    assert client.playlist(playlist_id).total == 2


def test_a_write_of_more_than_a_hundred_is_not_sent(client: SpotifyClient, wire: Wire) -> None:
    with pytest.raises(ValueError, match="101"):
        client.add("p", tracks(101), position=0)

    assert wire.asked == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 401, "json": {"error": {"status": 401}}}, errors.Unauthorized),
        (
            {"status": 403, "text": "User not registered in the Developer Dashboard"},
            errors.NotAllowListed,
        ),
        (
            {
                "status": 403,
                "text": "Check settings on developer.spotify.com/dashboard, the user may not be "
                "registered.",
            },
            errors.NotAllowListed,
        ),
        (
            {
                "status": 403,
                "text": "Active premium subscription required for the owner of the app.",
            },
            errors.OwnerNeedsPremium,
        ),
        (
            {"status": 403, "json": {"error": {"message": "Insufficient client scope"}}},
            errors.InsufficientScope,
        ),
        ({"status": 403, "json": {"error": {"message": "Forbidden"}}}, errors.Forbidden),
        ({"status": 404, "json": {"error": {"message": "Not found."}}}, errors.NotFound),
        ({"status": 413, "text": "too big"}, errors.TooLarge),
        ({"status": 400, "text": "<html>"}, errors.Refused),
        ({"status": 502, "text": "<html>Bad gateway</html>"}, errors.ServerFailed),
        ({"status": 302, "text": "elsewhere"}, errors.ServerFailed),
        ({"status": 200, "text": "<html>maintenance</html>"}, errors.Unreadable),
        ({"status": 200, "json": {}}, errors.Unreadable),
        ({"status": 200, "json": [1]}, errors.Unreadable),
        ({"kind": "drop"}, errors.NoAnswer),
    ],
)
def test_an_answer_that_is_not_good_says_who_can_put_it_right(
    client: SpotifyClient, spotify: Control, answer: dict[str, Any], kind: type[Exception]
) -> None:
    playlist_id = spotify.add_playlist("ada", name="Mine", uris=tracks(3))
    spotify.fault(path=ITEMS, **answer)

    with pytest.raises(errors.SpotifyError) as caught:
        client.items(playlist_id)

    assert type(caught.value) is kind
    assert len(spotify.log(path="items")) == 1  # nothing is tried twice


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2", 2), ("50400", 50400), ("0", 1), ("", 30), ("soon", 30), ("nan", 30), ("-4", 30)],
)
@pytest.mark.parametrize("text", ["Too many requests", "", '{"error":{"status":429}}'])
def test_a_rate_limit_says_how_long(
    client: SpotifyClient, spotify: Control, header: str, seconds: int, text: str
) -> None:
    headers = {"Retry-After": header} if header else {}
    spotify.fault(path="/me$", status=429, text=text, headers=headers)

    with pytest.raises(errors.RateLimited) as caught:
        client.me()

    assert caught.value.retry_after == seconds
    assert not caught.value.maybe_applied


def test_a_quota_is_told_from_a_rate_limit(client: SpotifyClient, spotify: Control) -> None:
    error = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
    spotify.fault(path="/me$", status=429, json=error, headers={"Retry-After": "52531"})

    with pytest.raises(errors.QuotaExceeded) as caught:
        client.me()

    assert (caught.value.retry_after, caught.value.reason) == (52531, "QUOTA_EXCEEDED")


def test_a_hole_in_a_page_is_not_taken_for_the_list(
    client: SpotifyClient, spotify: Control
) -> None:
    playlist_id = spotify.add_playlist("ada", name="Mine", uris=tracks(60))
    short = {"items": [], "total": 60, "limit": 50, "offset": 50, "href": "", "next": None}
    spotify.fault(path=ITEMS, skip=1, status=200, json=short)

    with pytest.raises(errors.ChangedWhileRead):
        client.items(playlist_id)


def test_a_write_without_a_readable_answer_may_have_happened(
    client: SpotifyClient, spotify: Control
) -> None:
    playlist_id = spotify.add_playlist("ada", name="Mine", uris=[])
    spotify.fault(method="POST", path=ITEMS, status=200, text="ok", when="after")

    with pytest.raises(errors.Unreadable) as caught:
        client.add(playlist_id, tracks(2), position=0)

    assert caught.value.maybe_applied
    assert spotify.uris(playlist_id) == tracks(2)


def test_no_error_holds_the_token(spotify: Control, wire: Wire) -> None:
    client = SpotifyClient(wire, lambda: "canary-token", url=f"{spotify.base_url}/v1")

    with pytest.raises(errors.Unauthorized) as caught:
        client.me()

    assert "canary" not in repr(caught.value) + str(caught.value) + repr(vars(caught.value))


def test_every_request_is_one_that_spotifys_own_description_knows(
    client: SpotifyClient, wire: Wire
) -> None:
    if not SCHEMA.is_file():
        pytest.skip(f"the schema file ../shared/reference/{SCHEMA.name} is not there")
    playlist_id = client.create("Mine", description="d").id
    client.me()
    list(client.my_playlists())
    client.playlist(playlist_id)
    client.add(playlist_id, tracks(3), position=0)
    client.items(playlist_id)
    client.reorder(playlist_id, start=0, length=1, before=2)
    client.remove(playlist_id, tracks(1))
    client.replace(playlist_id, tracks(2))
    assert client.track(tracks(1)[0]).title
    with pytest.raises(errors.SpotifyError):  # the simulator has none by id
        client.track(f"spotify:episode:{'e' * 22}")

    description = yaml.load(SCHEMA.read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert len(wire.asked) == 11
    for method, url, params, body in wire.asked:
        _check_request(description, method, url, params or {}, body)


def _check_request(
    description: Any, method: str, url: str, params: Mapping[str, str], body: Any
) -> None:
    path = urlsplit(url).path.removeprefix("/v1")
    template = re.sub(r"^/playlists/[^/]+", "/playlists/{playlist_id}", path)
    template = re.sub(r"^/(track|episode)s/[^/]+", r"/\1s/{id}", template)
    operation = description["paths"][template][method.lower()]
    assert not operation.get("deprecated"), f"{method} {template} is gone in development mode"
    known = {_named(description, one): one for one in operation.get("parameters", [])}
    asked = {*params, *dict(parse_qsl(urlsplit(url).query))}
    assert asked <= known.keys(), f"{method} {template} takes no {asked - known.keys()}"
    if body is None:
        return
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    root = {"components": description["components"], "allOf": [schema]}
    assert list(OAS30Validator(root).iter_errors(body)) == []
    assert body.keys() <= schema["properties"].keys()


def _named(description: Any, parameter: Any) -> str:
    if "$ref" in parameter:
        found = description
        for name in parameter["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        parameter = found
    return str(parameter["name"])
