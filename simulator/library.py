"""The Web API's calls about a person, and what they saved and heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from simulator import playlists
from simulator.catalogue import ID, URI, Track
from simulator.clock import iso
from simulator.gate import Caller
from simulator.messages import Answer, Call, Json, Refused, json_answer, web_error, with_query
from simulator.shapes import Shapes, bounds, moment
from simulator.state import RANGES, Person, World

MOST_URIS = 40
MOST_HEARD = 50  # top tracks of one range, or plays
MINUTE_S = 60.0
T = TypeVar("T")


def me(world: World, call: Call, caller: Caller) -> Answer:
    return json_answer(Shapes(world, call).me(caller.person(world), caller.scopes))


def user(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    person = world.people.get(id_)
    if person is None:
        raise Refused(web_error(404, "Resource not found"))
    return json_answer(Shapes(world, call).user(person))


def saved_tracks(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    rows = _saved(caller.person(world), "track", partial(world.catalogue.track, invent=True))
    page = shapes.page(
        "/me/tracks",
        rows,
        lambda row: {"added_at": iso(row[0]), "track": shapes.track(row[1])},
        **bounds(call),
    )
    return json_answer(page)


def saved_albums(world: World, call: Call, caller: Caller) -> Answer:
    """Write saved albums, each with the tracks of it that are in the catalogue."""
    shapes = Shapes(world, call)
    rows = _saved(caller.person(world), "album", world.catalogue.album)
    page = shapes.page(
        "/me/albums",
        rows,
        lambda row: {"added_at": iso(row[0]), "album": shapes.whole_album(row[1])},
        **bounds(call),
    )
    return json_answer(page)


def top_tracks(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    favourites = _favourites(world, call, caller.person(world))
    return json_answer(shapes.page("/me/top/tracks", favourites, shapes.track, **bounds(call)))


def top_artists(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    favourites = _favourites(world, call, caller.person(world))
    names = dict(one for track in favourites for one in track.artists)
    page = shapes.page(
        "/me/top/artists",
        list(names.items()),
        lambda one: shapes.full_artist(*one),
        **bounds(call),
    )
    return json_answer(page)


def recently_played(world: World, call: Call, caller: Caller) -> Answer:
    """Write the last plays, newest first: a list that moves by cursors and not by numbers."""
    shapes = Shapes(world, call)
    limit: int = bounds(call)["limit"]
    before, after = moment(call, "before"), moment(call, "after")
    if before is not None and after is not None:
        raise Refused(web_error(400, "Only one of before and after may be given"))
    plays = [
        (at, track)
        for at, track in _plays(world, caller.person(world))
        if (before is None or at < before) and (after is None or at > after)
    ][:limit]
    link = f"{shapes.base}/me/player/recently-played"
    body: Json = {
        "href": with_query(
            link, limit=str(limit), before=call.arg("before"), after=call.arg("after")
        ),
        "limit": limit,
        "total": len(plays),
        "items": [{"track": shapes.track(track), "played_at": iso(at)} for at, track in plays],
    }
    if plays:
        newest, oldest = (str(int(at * 1000)) for at in (plays[0][0], plays[-1][0]))
        body["cursors"] = {"after": newest, "before": oldest}
    return json_answer(body)


def save(world: World, call: Call, caller: Caller) -> Answer:
    person, now = caller.person(world), world.clock()
    for uri in _library_uris(call, caller):
        if uri.startswith("spotify:playlist:"):
            playlists.follow(world, call, caller, uri.rsplit(":", 1)[1])
        else:
            person.saved.setdefault(uri, now)
    return Answer(200)


def unsave(world: World, call: Call, caller: Caller) -> Answer:
    person = caller.person(world)
    for uri in _library_uris(call, caller):
        if uri.startswith("spotify:playlist:"):
            playlists.unfollow(world, call, caller, uri.rsplit(":", 1)[1])
        person.saved.pop(uri, None)
    return Answer(200)


def contains(world: World, call: Call, caller: Caller) -> Answer:
    person = caller.person(world)
    owned = {f"spotify:playlist:{id_}" for id_ in person.playlists}
    uris = _uris(call)
    return json_answer([uri in person.saved or uri in owned for uri in uris])


def save_tracks(world: World, call: Call, caller: Caller) -> Answer:
    person, now = caller.person(world), world.clock()
    for id_ in _ids(call):
        person.saved.setdefault(f"spotify:track:{id_}", now)
    return Answer(200)


def unsave_tracks(world: World, call: Call, caller: Caller) -> Answer:
    person = caller.person(world)
    for id_ in _ids(call):
        person.saved.pop(f"spotify:track:{id_}", None)
    return Answer(200)


def contains_tracks(world: World, call: Call, caller: Caller) -> Answer:
    saved = caller.person(world).saved
    return json_answer([f"spotify:track:{id_}" in saved for id_ in _ids(call)])


def _ids(call: Call) -> list[str]:
    body = call.json() or {}
    ids = call.arg("ids").split(",") if call.arg("ids") else body.get("ids", [])
    if not ids or len(ids) > 50 or not all(ID.fullmatch(str(id_)) for id_ in ids):
        raise Refused(web_error(400, "Invalid ids"))
    return [str(id_) for id_ in ids]


def _uris(call: Call) -> list[str]:
    """Read the URIs from the query, the only place where Spotify looks for them."""
    uris = [uri for uri in call.arg("uris").split(",") if uri]
    if not uris:
        raise Refused(web_error(400, "Missing required field: uris"))
    if len(uris) > MOST_URIS:
        raise Refused(web_error(400, f"A maximum of {MOST_URIS} uris is allowed"))
    for uri in uris:
        if not URI.fullmatch(uri):
            raise Refused(web_error(400, f"Invalid uri: {uri}"))
    return uris


def _library_uris(call: Call, caller: Caller) -> list[str]:
    uris = _uris(call)
    for uri in uris:
        if uri.startswith("spotify:playlist:"):
            caller.need("playlist-modify-public", "playlist-modify-private")
        else:
            caller.need("user-library-modify")
    return uris


def _saved(person: Person, kind: str, find: Callable[[str], T | None]) -> list[tuple[float, T]]:
    """Return what a person saved, newest first."""
    rows = []
    for uri, at in person.saved.items():
        _, what, id_ = uri.split(":")
        if what == kind and (found := find(id_)):
            rows.append((at, found))
    return sorted(rows, key=lambda row: -row[0])


def _favourites(world: World, call: Call, person: Person) -> list[Track]:
    """Return what a person plays most: what was loaded, else a taste that stays the same."""
    over = call.arg("time_range", "medium_term")
    if over not in RANGES:
        raise Refused(web_error(400, "Invalid time range"))
    if person.top:
        return _tracks(world, person.top.get(over, []))
    return _taste(world, person, 7 * (RANGES.index(over) - RANGES.index("medium_term")))


def _plays(world: World, person: Person) -> list[tuple[float, Track]]:
    """Return what was played last: what was loaded, else one track every three minutes."""
    if not person.plays:
        now = int(world.clock())
        heard = enumerate(_taste(world, person))
        return [(now - 3 * MINUTE_S * (place + 1), track) for place, track in heard]
    rows = [(at, track) for uri, at in person.plays for track in _tracks(world, [uri])]
    return sorted(rows, key=lambda row: -row[0])[:MOST_HEARD]


def _tracks(world: World, uris: Sequence[str]) -> list[Track]:
    ids = (uri.rsplit(":", 1)[1] for uri in uris)
    found = (world.catalogue.track(id_, invent=True) for id_ in ids)
    return [track for track in found if track][:MOST_HEARD]


def _taste(world: World, person: Person, shift: int = 0) -> list[Track]:
    """Invent a taste that stays the same: a person's own slice of the catalogue."""
    known = list(world.catalogue.tracks.values())
    if not known:
        return []
    start = (sum(person.id.encode()) * 37 + shift) % len(known)
    return (known[start:] + known[:start])[:MOST_HEARD]
