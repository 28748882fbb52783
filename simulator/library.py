"""The Web API's calls about a person, what they saved and heard, and the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from simulator import playlists
from simulator.catalogue import ID, URI, Track
from simulator.clock import iso
from simulator.gate import Caller
from simulator.messages import Answer, Call, Json, Refused, json_answer, web_error
from simulator.shapes import Shapes, bounds
from simulator.state import Person, World

MOST_URIS = 40
MINUTE_S = 60.0


def me(world: World, call: Call, caller: Caller) -> Answer:
    return json_answer(Shapes(world, call).me(caller.person(world), caller.scopes))


def user(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    person = world.people.get(id_)
    if person is None:
        raise Refused(web_error(404, "Resource not found"))
    return json_answer(Shapes(world, call).user(person))


def saved_tracks(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    rows = [(at, track) for at, track in _saved(world, caller.person(world), "track")]
    page = shapes.page(
        "/me/tracks",
        rows,
        lambda row: {"added_at": iso(row[0]), "track": shapes.track(row[1])},
        **bounds(call),
    )
    return json_answer(page)


def saved_albums(world: World, call: Call, caller: Caller) -> Answer:
    """Write saved albums; an album is known by any track of it in the catalogue."""
    shapes = Shapes(world, call)
    rows = _saved(world, caller.person(world), "album")
    page = shapes.page(
        "/me/albums",
        rows,
        lambda row: {"added_at": iso(row[0]), "album": shapes.whole_album(row[1])},
        **bounds(call),
    )
    return json_answer(page)


def top_tracks(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    heard = _heard(world, caller.person(world))
    return json_answer(shapes.page("/me/top/tracks", heard, shapes.track, **bounds(call)))


def top_artists(world: World, call: Call, caller: Caller) -> Answer:
    shapes = Shapes(world, call)
    names = dict(one for track in _heard(world, caller.person(world)) for one in track.artists)
    page = shapes.page(
        "/me/top/artists",
        list(names.items()),
        lambda one: shapes.full_artist(*one),
        **bounds(call),
    )
    return json_answer(page)


def recently_played(world: World, call: Call, caller: Caller) -> Answer:
    """Write the last tracks, one every three minutes before now."""
    shapes = Shapes(world, call)
    limit: int = bounds(call)["limit"]
    now = int(world.clock())
    plays = [
        {
            "track": shapes.track(track),
            "played_at": iso(now - 3 * MINUTE_S * (place + 1)),
        }
        for place, track in enumerate(_heard(world, caller.person(world))[:limit])
    ]
    return json_answer(
        {
            "href": f"{shapes.base}/me/player/recently-played?limit={limit}",
            "limit": limit,
            "cursors": {"after": str(now * 1000), "before": str((now - 86_400) * 1000)},
            "total": len(plays),
            "items": plays,
        }
    )


def track(world: World, call: Call, caller: Caller, id_: str) -> Answer:
    return json_answer(Shapes(world, call).track(_track(world, id_)))


def tracks(world: World, call: Call, caller: Caller) -> Answer:
    ids = [id_ for id_ in call.arg("ids").split(",") if id_]
    if not ids or len(ids) > 50:
        raise Refused(web_error(400, "Invalid ids"))
    shapes = Shapes(world, call)
    return json_answer({"tracks": [shapes.track(_track(world, id_)) for id_ in ids]})


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


KINDS = ("track", "artist", "album", "playlist", "show", "episode", "audiobook")


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


def _track(world: World, id_: str) -> Track:
    if not ID.fullmatch(id_):
        raise Refused(web_error(400, "Invalid base62 id"))
    found = world.catalogue.track(id_, invent=world.switches.open_catalogue)
    if found is None:
        raise Refused(web_error(404, "Resource not found"))
    return found


def _saved(world: World, person: Person, kind: str) -> list[tuple[float, Track]]:
    """Return what a person saved, newest first."""
    rows = []
    albums = {track.album_id: track for track in world.catalogue.tracks.values()}
    for uri, at in person.saved.items():
        _, what, id_ = uri.split(":")
        if what != kind:
            continue
        found = albums.get(id_) if kind == "album" else world.catalogue.track(id_, invent=True)
        if found:
            rows.append((at, found))
    return sorted(rows, key=lambda row: -row[0])


def _heard(world: World, person: Person) -> list[Track]:
    """Invent a taste that stays the same: a person's own slice of the catalogue."""
    known = list(world.catalogue.tracks.values())
    if not known:
        return []
    start = sum(person.id.encode()) * 37 % len(known)
    return (known[start:] + known[:start])[:50]
