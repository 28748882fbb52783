"""The Web API's calls about music in nobody's library: look-ups by id, and search."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.catalogue import ID, Episode, Track
from simulator.gate import Caller
from simulator.messages import Answer, Call, Json, Refused, json_answer, web_error
from simulator.shapes import Shapes, bounds
from simulator.state import World

MOST_IDS = 50
KINDS = ("track", "artist", "album", "playlist", "show", "episode", "audiobook")


def track(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    found = _track(world, id_)
    if found is None:
        raise _not_found()
    return json_answer(Shapes(world, call).track(found))


def tracks(world: World, call: Call, caller: Caller) -> Answer:
    """Write several tracks; one that is gone is null."""
    shapes = Shapes(world, call)
    found = [_track(world, id_) for id_ in _ids(call)]
    return json_answer({"tracks": [shapes.track(one) if one else None for one in found]})


def episode(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    found = _episode(world, id_)
    if found is None:
        raise _not_found()
    return json_answer(Shapes(world, call).episode(found))


def episodes(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    found = [_episode(world, id_) for id_ in _ids(call)]
    return json_answer({"episodes": [shapes.episode(one) if one else None for one in found]})


def album(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    return json_answer(Shapes(world, call).whole_album(_album(world, id_)))


def album_tracks(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    shapes = Shapes(world, call)
    path = f"/albums/{id_}/tracks"
    page = shapes.page(path, _album(world, id_), shapes.simple_track, **bounds(call))
    return json_answer(page)


def search(world: World, call: Call, caller: Caller) -> Answer:
    shapes, query = Shapes(world, call), call.arg("q")
    kinds = call.arg("type").split(",")
    if not query:
        raise Refused(web_error(400, "No search query"))
    if not set(kinds) <= set(KINDS):
        raise Refused(web_error(400, "Bad search type field"))
    usual, most = (20, 50) if shapes.extended else (5, 10)
    part = bounds(call, limit=usual, most=most, furthest=1000)
    found = world.catalogue.search(query)
    return json_answer({f"{kind}s": _found(shapes, kind, found, part) for kind in kinds})


def _found(shapes: Shapes, kind: str, tracks: Sequence[Track], part: Json) -> Json:
    if kind == "track":
        return shapes.page("/search", tracks, shapes.track, **part)
    if kind == "artist":
        artists = dict(one for track in tracks for one in track.artists)
        rows = list(artists.items())
        return shapes.page("/search", rows, lambda one: shapes.full_artist(*one), **part)
    if kind == "album":
        albums = list({track.album_id: track for track in tracks}.values())
        return shapes.page("/search", albums, shapes.album, **part)
    return shapes.page("/search", [], lambda one: one, **part)


def _track(world: World, id_: str) -> Track | None:
    return world.catalogue.track(_id(id_), invent=world.switches.open_catalogue)


def _episode(world: World, id_: str) -> Episode | None:
    return world.catalogue.episode(_id(id_))


def _album(world: World, id_: str) -> list[Track]:
    found = world.catalogue.album(_id(id_))
    if not found:
        raise _not_found()
    return found


def _ids(call: Call) -> list[str]:
    ids = [id_ for id_ in call.arg("ids").split(",") if id_]
    if not ids or len(ids) > MOST_IDS:
        raise Refused(web_error(400, "Invalid ids"))
    return ids


def _id(id_: str) -> str:
    if not ID.fullmatch(id_):
        raise Refused(web_error(400, "Invalid base62 id"))
    return id_


def _not_found() -> Refused:
    return Refused(web_error(404, "Resource not found"))
