"""The demo world: five people on the allow list, one who is not, and Ada's real lists."""

from __future__ import annotations

from typing import Any

from simulator.catalogue import Episode, stable_id
from simulator.clock import Clock
from simulator.model import Entry, Playlist
from simulator.state import App, FacebookPerson, Person, World

CLIENT_ID = "spotsite-demo"
CLIENT_SECRET = "spotsite-demo-secret"  # public, as the whole demo
NAMES = ("Ada", "Grace", "Linus", "Margaret", "Edsger")
STRANGER = "Zoe, not on the allow list"
DAY_S = 86_400.0
GONE_TRACK = f"spotify:track:{stable_id('demo/gone')}"
EPISODE = Episode(stable_id("demo/episode"), "How playlists forget", "The Long Tail", 2_460)
LOCAL_FILES = (
    "spotify:local:The+Neighbours:Garage+Tapes:Rain+on+Tin:187",
    "spotify:local:::voice+memo+12:43",
)
STRANGE_NAME = "Odds & ends 🎧 <script>alert('no')</script> مرحبا"
LISTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Ada", "murga", {}),
    ("Ada", "All Out 80s", {}),
    ("Ada", "Happy Hits!", {"public": False}),
    ("Ada", "Jazzy Romance", {"description": "Sunday evenings"}),
    ("Ada", "Skatepark Punks", {"public": False, "collaborative": True}),
    ("Grace", "Shoegaze Classics", {}),
    ("Linus", "mosaic", {}),
)
# How many of these lists' tracks somebody likes, the newest first. Ada's likes need three pages.
TASTES: dict[str, tuple[Any, ...]] = {
    "ada": (130, "Jazzy Romance", "All Out 80s"),
    "grace": (45, "mosaic"),
    "linus": (60, "mosaic", "Shoegaze Classics"),
    "margaret": (25, "Happy Hits!"),
    "edsger": (8, "Skatepark Punks"),
}
ALBUMS = 4


def empty(public_url: str, *, clock: Clock | None = None, like: World | None = None) -> World:
    """Make a world with the catalogue and the site's client, and nobody in it."""
    world = World(clock=clock or Clock())
    if like is not None:
        world.data = like.data
    register_site(world, public_url)
    world.catalogue.tracks = dict(world.data.tracks)
    return world


def register_site(world: World, public_url: str) -> None:
    """Put in the site's client, with the callbacks of the address that it has today."""
    callbacks = [f"{public_url}/accounts/{one}/login/callback/" for one in ("spotify", "facebook")]
    world.apps[CLIENT_ID] = App(CLIENT_ID, CLIENT_SECRET, callbacks)


def fill(world: World) -> World:
    """Put the demo's people and lists into an empty world."""
    for place, name in enumerate((*NAMES, STRANGER)):
        _add_person(world, name, place)
    world.allow_list = [name.lower() for name in NAMES]
    world.catalogue.episodes[EPISODE.id] = EPISODE
    world.catalogue.dead.add(GONE_TRACK)
    for owner, name, says in reversed(LISTS):
        playlist = world.new_playlist(
            world.people[owner.lower()], name, id_=stable_id(f"demo/playlist/{name}")
        )
        for key, value in says.items():
            setattr(playlist, key, value)
        playlist.entries = _entries(world, world.data.list(name), owner.lower())
    _share(world)
    _add_odds_and_ends(world)
    _give_tastes(world)
    return world


def _add_person(world: World, name: str, place: int) -> None:
    first_name = name.partition(",")[0]
    id_ = first_name.lower()
    email = f"{id_}@example.org"
    world.people[id_] = Person(id_, stable_id(f"demo/account/{id_}"), name, email)
    facebook_id = f"{10_150_000_000_001 + place * 7_919}"
    world.facebook[facebook_id] = FacebookPerson(facebook_id, first_name, email)


def _entries(world: World, uris: list[str], by: str) -> list[Entry]:
    """Spread the dates over the last months: the older a place in the list, the older the date."""
    now = int(world.clock())
    return [
        Entry(uri, now - DAY_S * (3 + (len(uris) - place) // 5), by)
        for place, uri in enumerate(uris)
    ]


def _share(world: World) -> None:
    shared = _named(world, "Skatepark Punks")
    shared.collaborators = ["grace"]
    world.people["grace"].playlists.append(shared.id)
    world.people["ada"].playlists.append(_named(world, "Shoegaze Classics").id)


def _add_odds_and_ends(world: World) -> None:
    playlist = world.new_playlist(
        world.people["ada"], STRANGE_NAME, id_=stable_id("demo/playlist/odds")
    )
    tracks = world.data.list("Happy Hits!")
    uris = [*tracks[:3], LOCAL_FILES[0], tracks[0], EPISODE.uri, GONE_TRACK, tracks[7]]
    playlist.entries = _entries(world, [*uris, LOCAL_FILES[1]], "ada")


def _give_tastes(world: World) -> None:
    """Let everybody like, save and play what is in one or two of the lists."""
    for name, (count, *sources) in TASTES.items():
        uris = list(dict.fromkeys(uri for one in sources for uri in world.data.list(one)))
        person, now = world.people[name], int(world.clock())
        albums = dict.fromkeys(_album(world, uri) for uri in uris[:ALBUMS])
        person.saved = {uri: now - DAY_S * place for place, uri in enumerate(uris[:count])}
        person.saved |= {album: now - 2 * DAY_S * place for place, album in enumerate(albums, 1)}
        half = len(uris) // 2
        person.top = {
            "short_term": uris[half : half + 50],
            "medium_term": uris[half - 25 : half + 25],
            "long_term": uris[:50],
        }
        person.plays = [[uri, now - 240.0 * place] for place, uri in enumerate(uris[20:70], 1)]


def _album(world: World, uri: str) -> str:
    return f"spotify:album:{world.data.tracks[uri.rsplit(':', 1)[1]].album_id}"


def _named(world: World, name: str) -> Playlist:
    return world.playlists[stable_id(f"demo/playlist/{name}")]
