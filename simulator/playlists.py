"""The Web API's playlist calls, with the rules that Spotify really applies."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from simulator.catalogue import ID, URI
from simulator.fields import chosen
from simulator.gate import Caller
from simulator.messages import Answer, Call, Json, Refused, json_answer, web_error
from simulator.model import (
    Add,
    Cover,
    Describe,
    Edit,
    Move,
    OutOfBounds,
    Playlist,
    Remove,
    Replace,
    TooLong,
)
from simulator.shapes import Shapes, bounds
from simulator.state import World

MOST_URIS = 100
MOST_COVER_BYTES = 256 * 1024
MOST_DESCRIPTION = 300
MOST_NAME = 200


def mine(world: World, call: Call, caller: Caller) -> Answer:
    person, shapes = caller.person(world), Shapes(world, call)
    lists = [world.playlists[id_] for id_ in person.playlists if id_ in world.playlists]
    if "playlist-read-collaborative" not in caller.scopes:
        lists = [one for one in lists if one.owner == person.id or not one.collaborative]
    page = shapes.page("/me/playlists", lists, shapes.listed_playlist, **bounds(call))
    return json_answer(page)


def create(world: World, call: Call, caller: Caller) -> Answer:
    person, body = caller.person(world), _object(call)
    edit = _description(body)
    if not edit.name:
        raise _bad("Missing required field: name")
    public = True if edit.public is None else edit.public
    _need_modify(caller, public=public)
    own = [id_ for id_ in person.playlists if world.playlists[id_].owner == person.id]
    if len(own) >= world.switches.playlists_per_user:
        raise _bad("You have reached the maximum number of playlists.")
    if edit.collaborative and public:
        raise _bad("Collaborative playlists can only be private.")
    playlist = world.new_playlist(person, edit.name)
    playlist.description, playlist.public = edit.description, public
    playlist.collaborative = bool(edit.collaborative)
    return json_answer(_whole(world, call, playlist), 201)


def create_for_user(world: World, call: Call, caller: Caller, user: str) -> Answer:
    if user != caller.user:
        raise _forbidden()
    return create(world, call, caller)


def read(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    playlist, shapes = _find(world, id_), Shapes(world, call)
    if shapes.extended or _may_edit(playlist, caller):
        whole = _whole(world, call, playlist)
    else:  # development mode shows no contents of other people's lists
        whole = shapes.playlist(playlist) | {"followers": {"href": None, "total": 0}}
    return json_answer(chosen(whole, call.arg("fields")))


def change(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    playlist, edit = _find(world, id_), _description(_object(call))
    if playlist.owner != caller.user:
        raise _forbidden()
    _need_modify(caller, public=playlist.public)
    public = playlist.public if edit.public is None else edit.public
    if edit.collaborative and public:
        raise _bad("Collaborative playlists can only be private.")
    if edit.name == "":
        raise _bad("Playlist name must not be empty")
    playlist.apply(edit)
    return Answer(200)


def items(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    playlist, shapes = _find(world, id_), Shapes(world, call)
    if not (shapes.extended or _may_edit(playlist, caller)):
        raise _forbidden()
    page = _items(shapes, playlist, **bounds(call, most=100 if shapes.extended else 50))
    return json_answer(chosen(page, call.arg("fields")))


def add(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    playlist = _writable(world, caller, id_)
    body = _object(call) if call.body.strip() else {}
    uris = _uris(world, call, body)
    position = _position(body, call)
    if not uris:
        raise _bad("No uris provided")
    snapshot = _apply(world, playlist, Add(uris, caller.user, position))
    return json_answer({"snapshot_id": snapshot}, 201)


def put(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    """Replace everything, or reorder: the body tells which, and may not ask for both."""
    playlist = _writable(world, caller, id_)
    body = _object(call) if call.body.strip() else {}
    reorders = any(key in body for key in ("range_start", "insert_before", "range_length"))
    replaces = "uris" in body or bool(call.arg("uris"))
    if reorders and replaces:
        raise _bad("Cannot reorder and replace in the same request.")
    if reorders:
        edit: Edit = _move(playlist, body)
    elif replaces or "uris" in dict(call.query):
        edit = Replace(_uris(world, call, body), caller.user)
    else:
        raise _bad("No uris provided")
    return json_answer({"snapshot_id": _apply(world, playlist, edit)})


def remove(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    """Take out every copy of each URI; `positions` are not looked at."""
    playlist = _writable(world, caller, id_)
    body = _object(call)
    rows = body.get("tracks" if call.path.endswith("/tracks") else "items")
    if not isinstance(rows, list) or not rows:
        raise _bad("No uris provided")
    if len(rows) > MOST_URIS:
        raise _bad(f"You can remove a maximum of {MOST_URIS} tracks per request.")
    _check_snapshot(playlist, body)
    uris = tuple(row.get("uri") if isinstance(row, dict) else None for row in rows)
    wanted = [uri for uri in uris if isinstance(uri, str)]
    if len(wanted) < len(uris):
        raise _bad("Invalid track uri: null")
    gone = [uri for uri in wanted if _may_remove(world, uri)]
    return json_answer({"snapshot_id": _apply(world, playlist, Remove(tuple(gone)))})


def cover(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    playlist = _find(world, id_)
    if playlist.owner != caller.user:
        raise _forbidden()
    if "ugc-image-upload" not in caller.scopes:
        raise Refused(web_error(401, "Unauthorized."))
    _need_modify(caller, public=playlist.public)
    if len(call.body) > MOST_COVER_BYTES:
        raise Refused(web_error(413, "Payload too large"))
    try:
        jpeg = base64.b64decode(call.body, validate=True)
    except binascii.Error as exc:
        raise _bad("Invalid base64 image data") from exc
    if not jpeg.startswith(b"\xff\xd8\xff"):
        raise _bad("The image is not a JPEG")
    playlist.apply(Cover(call.body.decode()))
    return Answer(202)


def covers(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    return json_answer(Shapes(world, call).playlist(_find(world, id_))["images"])


def follow(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    person, playlist = caller.person(world), _find(world, id_)
    if playlist.id not in person.playlists:
        person.playlists.insert(0, playlist.id)
    return Answer(200)


def unfollow(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    """Take the list out of the library. It lives on, and can be read: that is Spotify's delete."""
    person = caller.person(world)
    if id_ in person.playlists:
        person.playlists.remove(id_)
    return Answer(200)


def of_user(world: World, call: Call, caller: Caller, user: str) -> Answer:
    person, shapes = world.people.get(user), Shapes(world, call)
    if person is None:
        raise Refused(web_error(404, "Resource not found"))
    lists = [world.playlists[id_] for id_ in person.playlists if world.playlists[id_].public]
    path = f"/users/{user}/playlists"
    return json_answer(shapes.page(path, lists, shapes.listed_playlist, **bounds(call)))


def _whole(world: World, call: Call, playlist: Playlist) -> Json:
    shapes = Shapes(world, call)
    page = _items(shapes, playlist, limit=100, offset=0)
    return shapes.playlist(playlist) | {
        "followers": {"href": None, "total": 0},
        shapes.contents_key: page,
    }


def _items(shapes: Shapes, playlist: Playlist, *, limit: int, offset: int) -> Json:
    episodes = "episode" in shapes.call.arg("additional_types").split(",")
    return shapes.page(
        f"/playlists/{playlist.id}/{shapes.contents_key}",
        playlist.seen_entries(),
        lambda entry: shapes.entry(entry, episodes=episodes),
        limit=limit,
        offset=offset,
    )


def _find(world: World, id_: str) -> Playlist:
    if not ID.fullmatch(id_):
        raise _bad("Invalid base62 id")
    playlist = world.playlists.get(id_)
    if playlist is None:
        raise Refused(web_error(404, "Resource not found"))
    return playlist


def _writable(world: World, caller: Caller, id_: str) -> Playlist:
    playlist = _find(world, id_)
    if not _may_edit(playlist, caller):
        raise _forbidden()
    _need_modify(caller, public=playlist.public)
    return playlist


def _may_edit(playlist: Playlist, caller: Caller) -> bool:
    if not caller.user:
        return False
    shared = playlist.collaborative and caller.user in playlist.collaborators
    return playlist.owner == caller.user or shared


def _need_modify(caller: Caller, *, public: bool) -> None:
    caller.need("playlist-modify-public" if public else "playlist-modify-private")


def _apply(world: World, playlist: Playlist, edit: Edit) -> str:
    try:
        return playlist.apply(edit)
    except OutOfBounds as exc:
        raise _bad("Given positions are out of bounds") from exc
    except TooLong as exc:
        switches = world.switches
        status, message = switches.playlist_limit_status, switches.playlist_limit_message
        raise Refused(web_error(status, message)) from exc


def _uris(world: World, call: Call, body: Json) -> tuple[str, ...]:
    """Read the URIs, from the query if they are there: then the body's are ignored."""
    text = call.arg("uris")
    uris: Any = text.split(",") if text else body.get("uris", [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise _bad("Invalid uris")
    if len(uris) > MOST_URIS:
        raise _bad(f"You can add a maximum of {MOST_URIS} tracks per request.")
    for uri in uris:
        _check_uri(world, uri)
    return tuple(uris)


def _check_uri(world: World, uri: str) -> None:
    found = URI.fullmatch(uri)
    if not found or found[1] not in ("track", "episode"):
        raise _bad(f"Invalid track uri: {uri}")
    kind, id_ = found[1], found[2]
    if kind == "episode":
        known, rule = world.catalogue.episode(id_) is not None, world.switches.unknown_episode
    else:
        track = world.catalogue.track(id_, invent=world.switches.open_catalogue)
        known, rule = track is not None, world.switches.unknown_track
    if known or rule == "accept":
        return
    if rule == "400":
        raise _bad("Payload contains a non-existing ID")
    raise Refused(web_error(502, "Error while loading resource"))


def _may_remove(world: World, uri: str) -> bool:
    rule = world.switches.local_delete
    if uri.startswith("spotify:local:"):
        if rule == "400":
            raise _bad(f"Invalid track uri: {uri}")
        return rule == "remove"
    found = URI.fullmatch(uri)
    if not found or found[1] not in ("track", "episode"):
        raise _bad(f"Invalid track uri: {uri}")
    return True


def _position(body: Json, call: Call) -> int | None:
    value: Any = body.get("position")
    if value is None and call.arg("position").isdigit():
        value = int(call.arg("position"))
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise _bad("Invalid position")
    return value


def _move(playlist: Playlist, body: Json) -> Move:
    for name in ("range_start", "insert_before"):
        if name not in body:
            raise _bad(f"Missing {name} parameter")
    values = [body["range_start"], body["insert_before"], body.get("range_length", 1)]
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise _bad("Invalid range")
    _check_snapshot(playlist, body)
    return Move(*values)


def _check_snapshot(playlist: Playlist, body: Json) -> None:
    """An old snapshot is as good as a new one: it is no lock. Only nonsense is refused."""
    snapshot = body.get("snapshot_id")
    if snapshot is not None and not (
        isinstance(snapshot, str) and playlist.knows_snapshot(snapshot)
    ):
        raise _bad("Missing or bad version tag")


def _description(body: Json) -> Describe:
    values = {name: body.get(name) for name in ("name", "description", "public", "collaborative")}
    for name, value in values.items():
        kind = str if name in ("name", "description") else bool
        if value is not None and not isinstance(value, kind):
            raise _bad(f"Invalid {name}")
    edit = Describe(**values)
    text = edit.description or ""
    if len(text) > MOST_DESCRIPTION or "\n" in text:
        raise _bad("Invalid description")
    if len(edit.name or "") > MOST_NAME:
        raise Refused(web_error(500, "Server error."))
    return edit


def _object(call: Call) -> Json:
    body = call.json()
    if not isinstance(body, dict):
        raise _bad("Error parsing JSON.")
    return body


def _bad(message: str) -> Refused:
    return Refused(web_error(400, message))


def _forbidden() -> Refused:
    return Refused(web_error(403, "Forbidden"))
