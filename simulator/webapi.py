"""The Web API: which call exists in which mode, what it needs, who answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator import gate, library, limits, music, playlists
from simulator.gate import Caller
from simulator.messages import Answer, Call, Refused, web_error
from simulator.state import World

Handler = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the Web API. `old` ones are gone in development mode."""

    method: str
    path: re.Pattern[str]
    handler: Handler
    bucket: str
    scope: str = ""
    old: bool = False


def _route(
    line: str, handler: Handler, bucket: str, scope: str = "", *, old: bool = False
) -> Route:
    method, path = line.split()
    pattern = re.sub(r"\{\w+\}", r"([^/]+)", path)
    return Route(method, re.compile(f"/v1{pattern}"), handler, bucket, scope, old)


READ = "playlist-read-private"
ROUTES = (
    _route("GET /playlists/{id}/items", playlists.items, "playlist-read", READ),
    _route("POST /playlists/{id}/items", playlists.add, "playlist-write"),
    _route("PUT /playlists/{id}/items", playlists.put, "playlist-write"),
    _route("DELETE /playlists/{id}/items", playlists.remove, "playlist-write"),
    _route("GET /playlists/{id}", playlists.read, "playlist-read"),
    _route("PUT /playlists/{id}", playlists.change, "playlist-write"),
    _route("GET /playlists/{id}/images", playlists.covers, "playlist-read"),
    _route("PUT /playlists/{id}/images", playlists.cover, "cover"),
    _route("GET /me", library.me, "me"),
    _route("GET /me/playlists", playlists.mine, "playlist-read", READ),
    _route("POST /me/playlists", playlists.create, "playlist-write"),
    _route("PUT /me/library", library.save, "library"),
    _route("DELETE /me/library", library.unsave, "library"),
    _route("GET /me/library/contains", library.contains, "library", "user-library-read"),
    _route("GET /me/tracks", library.saved_tracks, "library", "user-library-read"),
    _route("GET /me/albums", library.saved_albums, "library", "user-library-read"),
    _route("GET /me/top/tracks", library.top_tracks, "me", "user-top-read"),
    _route("GET /me/top/artists", library.top_artists, "me", "user-top-read"),
    _route(
        "GET /me/player/recently-played",
        library.recently_played,
        "me",
        "user-read-recently-played",
    ),
    _route("GET /tracks/{id}", music.track, "catalogue"),
    _route("GET /episodes/{id}", music.episode, "catalogue"),
    _route("GET /albums/{id}", music.album, "catalogue"),
    _route("GET /albums/{id}/tracks", music.album_tracks, "catalogue"),
    _route("GET /search", music.search, "search"),
    _route("GET /tracks", music.tracks, "catalogue", old=True),
    _route("GET /episodes", music.episodes, "catalogue", old=True),
    _route("GET /playlists/{id}/tracks", playlists.items, "playlist-read", READ, old=True),
    _route("POST /playlists/{id}/tracks", playlists.add, "playlist-write", old=True),
    _route("PUT /playlists/{id}/tracks", playlists.put, "playlist-write", old=True),
    _route("DELETE /playlists/{id}/tracks", playlists.remove, "playlist-write", old=True),
    _route("POST /users/{id}/playlists", playlists.create_for_user, "playlist-write", old=True),
    _route("GET /users/{id}/playlists", playlists.of_user, "playlist-read", READ, old=True),
    _route("GET /users/{id}", library.user, "me", old=True),
    _route("PUT /playlists/{id}/followers", playlists.follow, "playlist-write", old=True),
    _route("DELETE /playlists/{id}/followers", playlists.unfollow, "playlist-write", old=True),
    _route("PUT /me/tracks", library.save_tracks, "library", "user-library-modify", old=True),
    _route("DELETE /me/tracks", library.unsave_tracks, "library", "user-library-modify", old=True),
    _route(
        "GET /me/tracks/contains", library.contains_tracks, "library", "user-library-read", old=True
    ),
)

# Gone in development mode since February 2026, and not pretended in extended mode either.
GONE = re.compile(
    r"/v1/(albums|artists|episodes|shows|audiobooks|chapters|markets"
    r"|artists/[^/]+/(top-tracks|related-artists)|browse/.*|recommendations.*"
    r"|audio-(features|analysis).*|me/(albums|episodes|shows|audiobooks|following)(/contains)?"
    r"|playlists/[^/]+/followers/contains)"
)
STILL_THERE = re.compile(r"/v1/me/(albums|episodes|shows|audiobooks|following)")


def respond(world: World, call: Call, caller: Caller | None = None) -> Answer:
    """Answer a call; a caller that was let in before is not asked again."""
    try:
        if caller is None:
            caller = gate.identify(world, call)
            gate.admit(world, caller)
            return _answer(world, call, caller, counted=True)
        return _answer(world, call, caller, counted=False)
    except Refused as refused:
        return refused.answer


def _answer(world: World, call: Call, caller: Caller, *, counted: bool) -> Answer:
    route, values = _find(call)
    bucket = route.bucket if route else "other"
    if counted and (refusal := limits.refuse(world, caller.client_id, bucket)):
        return refusal
    development = world.switches.mode == "development"
    if development and (route.old if route else _is_gone(call)):
        return web_error(403, "Forbidden")
    if route is None:
        return web_error(404, "Service not found")
    if route.scope:
        caller.need(route.scope)
    return route.handler(world, call, caller, *values)


def _find(call: Call) -> tuple[Route | None, tuple[str, ...]]:
    for route in ROUTES:
        if route.method == call.method and (found := route.path.fullmatch(call.path)):
            return route, found.groups()
    return None, ()


def _is_gone(call: Call) -> bool:
    if call.method == "GET" and STILL_THERE.fullmatch(call.path):
        return False
    return GONE.fullmatch(call.path) is not None
