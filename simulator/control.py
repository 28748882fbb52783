"""The control API under /_sim/: tests and people arrange the world and read what happened."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator import accounts, demo, facebook, pages
from simulator.catalogue import ID, URI, Episode, Track, isrc, stable_id
from simulator.clock import from_iso, iso
from simulator.engine import Engine
from simulator.faults import BadFault, Fault
from simulator.messages import Answer, Call, Json, Refused, json_answer
from simulator.model import Entry, Playlist
from simulator.state import RANGES, App, FacebookPerson, Person
from simulator.switches import BadSwitch

Later = Callable[[], Answer]


class Wrong(Exception):
    """The control call makes no sense; the text says why."""


def respond(engine: Engine, public_url: str, call: Call) -> Answer | Later:
    """Answer a control call; one that has to wait for another program comes back as a function."""
    engine.settle()
    path = "/_sim/" if call.path == "/_sim" else call.path
    for method, template, handler, _ in ROUTES:
        pattern = template.replace("{id}", "([^/]+)")
        if method == call.method and (found := re.fullmatch(pattern, path)):
            try:
                return handler(Desk(engine, public_url, call), *found.groups())
            except (Wrong, BadSwitch, BadFault) as exc:
                return json_answer({"error": str(exc)}, 400)
            except (KeyError, TypeError, ValueError) as exc:
                return json_answer({"error": f"{type(exc).__name__}: {exc}"}, 400)
            except Refused as refused:
                return refused.answer
    return json_answer({"error": f"no such control call: {call.method} {call.path}"}, 404)


class Desk:
    """One control call at work."""

    def __init__(self, engine: Engine, public_url: str, call: Call) -> None:
        self.engine = engine
        self.world = engine.world
        self.public_url = public_url
        self.call = call

    @property
    def body(self) -> Json:
        data = self.call.json()
        if data is None:
            return {}
        if not isinstance(data, dict):
            raise Wrong("the body is a JSON object")
        return data

    def person(self, name: str) -> Person:
        found = self.world.person(name)
        if found is None:
            raise Wrong(f"nobody is called {name!r}")
        return found

    def playlist(self, id_: str) -> Playlist:
        if id_ not in self.world.playlists:
            raise Wrong(f"there is no playlist {id_!r}")
        return self.world.playlists[id_]

    def index(self) -> Answer:
        return pages.index(self.world, [(f"{one[0]} {one[1]}", one[3]) for one in ROUTES])

    def health(self) -> Answer:
        return json_answer({"status": "ok", "people": len(self.world.people)})

    # The world

    def reset(self) -> Answer:
        """Start over; the log, the faults, the switches and the clock too."""
        kind = self.body.get("world", "empty")
        if kind not in ("empty", "demo"):
            raise Wrong("world is empty or demo")
        clock = self.world.clock
        clock.reset()
        world = demo.empty(self.public_url, clock=clock, like=self.world)
        self.engine.world = demo.fill(world) if kind == "demo" else world
        self._clear_log()
        return json_answer({"world": kind})

    def users(self) -> Answer:
        rows = [asdict(one) for one in self.world.people.values()]
        for row in rows:
            row["allowed"] = row["id"] in self.world.allow_list
        return json_answer({"users": rows})

    def load_users(self) -> Answer:
        made = [self._load_user(row) for row in self.body["users"]]
        return json_answer({"users": made}, 201)

    def _load_user(self, row: Json) -> Json:
        id_ = row["id"]
        name = str(row.get("name") or id_)
        account_id = str(row.get("account_id") or stable_id(f"account/{id_}"))
        plain = {key: row[key] for key in ("email", "country", "product") if key in row}
        old = self.world.people.get(id_)
        person = Person(id_, account_id, name, **plain)
        if old:
            person.playlists, person.saved = old.playlists, old.saved
            person.top, person.plays = old.top, old.plays
        self.world.people[id_] = person
        if row.get("allowed", False) and id_ not in self.world.allow_list:
            self._set_allow_list([*self.world.allow_list, id_])
        face = row.get("facebook", {})
        if face is not None:
            facebook_id = str(face.get("id", _digits(f"facebook/{id_}")))
            email = face.get("email", person.email)
            self.world.facebook[facebook_id] = FacebookPerson(
                facebook_id, face.get("name", name), email
            )
            return {"id": id_, "account_id": account_id, "facebook_id": facebook_id}
        return {"id": id_, "account_id": account_id}

    def remove_user(self, name: str) -> Answer:
        del self.world.people[self.person(name).id]
        return json_answer({})

    def load_app(self) -> Answer:
        known = {one.name for one in fields(App)}
        app = App(**{key: value for key, value in self.body.items() if key in known})
        self.world.apps[app.client_id] = app
        return json_answer(asdict(app), 201)

    def load_catalogue(self) -> Answer:
        """Add tracks and episodes by name, and kill or revive URIs."""
        body, catalogue = self.body, self.world.catalogue
        for row in body.get("tracks", []):
            artists = tuple((stable_id(f"artist/{one}"), one) for one in row.get("artists", ["?"]))
            id_ = row.get("id") or stable_id(f"track/{row['title']}/{artists}")
            number = row.get("isrc") or isrc(len(catalogue.tracks))
            album, seconds = row.get("album", "?"), row.get("duration_s", 200)
            more = bool(row.get("explicit", False)), str(row.get("released", ""))
            catalogue.add_track(Track(id_, row["title"], artists, album, seconds, number, *more))
        for row in body.get("episodes", []):
            id_ = row.get("id") or stable_id(f"episode/{row['title']}")
            show = row.get("show", "?")
            catalogue.episodes[id_] = Episode(id_, row["title"], show, row.get("duration_s", 1800))
        catalogue.dead |= set(body.get("dead", []))
        catalogue.dead -= set(body.get("alive", []))
        return json_answer({"tracks": len(catalogue.tracks), "dead": sorted(catalogue.dead)})

    def catalogue(self) -> Answer:
        """Return URIs that exist: first those with a name, then invented ones."""
        wanted = int(self.call.arg("limit", "100"))
        known = [track.uri for track in self.world.catalogue.tracks.values()][:wanted]
        more = [f"spotify:track:{stable_id(f'more/{n}')}" for n in range(wanted - len(known))]
        return json_answer({"uris": known + more, "named": len(known)})

    def load_playlists(self) -> Answer:
        made = [self._load_playlist(row).id for row in self.body["playlists"]]
        return json_answer({"ids": made}, 201)

    def _load_playlist(self, row: Json) -> Playlist:
        owner, id_ = self.person(row["owner"]), row.get("id", "")
        if id_ and not ID.fullmatch(id_):
            raise Wrong("a playlist id has 22 letters and digits")
        if id_ in self.world.playlists:
            playlist = self.world.playlists[id_]
        else:
            playlist = self.world.new_playlist(owner, row.get("name", "List"), id_=id_)
        plain = ("name", "description", "public", "collaborative", "collaborators", "cover")
        for key in plain:
            if key in row:
                setattr(playlist, key, row[key])
        for follower in [*row.get("followers", []), *playlist.collaborators]:
            lists = self.person(follower).playlists
            if playlist.id not in lists:
                lists.append(playlist.id)
        if "items" in row or "uris" in row:
            self._fill(playlist, row["items"] if "items" in row else row["uris"], owner.id)
        return playlist

    def _fill(self, playlist: Playlist, rows: Iterable[Any], owner: str) -> None:
        """Take URIs, or objects with uri, added_at (ISO or seconds) and added_by."""
        now = float(int(self.world.clock()))
        entries = []
        for row in rows:
            one = {"uri": row} if isinstance(row, str) else row
            at = one.get("added_at", now)
            moment = from_iso(at) if isinstance(at, str) else float(at)
            entries.append(Entry(one["uri"], moment, one.get("added_by", owner)))
        playlist.entries = entries
        playlist.revision += 1

    def playlists(self) -> Answer:
        user = self.call.arg("user")
        if user:
            person = self.person(user)
            lists = [self.world.playlists[id_] for id_ in person.playlists]
        else:
            lists = list(self.world.playlists.values())
        return json_answer({"playlists": [self._about(one) for one in lists]})

    def one_playlist(self, id_: str) -> Answer:
        """Tell the truth about a list, whatever readers are shown."""
        playlist = self.playlist(id_)
        items = [
            {"uri": one.uri, "added_at": iso(one.added_at), "added_by": one.added_by}
            for one in playlist.entries
        ]
        return json_answer(self._about(playlist) | {"uris": playlist.uris, "items": items})

    def remove_playlist(self, id_: str) -> Answer:
        playlist = self.playlist(id_)
        del self.world.playlists[playlist.id]
        for person in self.world.people.values():
            person.playlists = [one for one in person.playlists if one != playlist.id]
        return json_answer({})

    def _about(self, playlist: Playlist) -> Json:
        data = playlist.dump()
        del data["entries"], data["cover"]
        return data | {
            "total": len(playlist.entries),
            "has_cover": bool(playlist.cover),
            "snapshot_id": playlist.snapshot_id,
            "in_library_of": [
                one.id for one in self.world.people.values() if playlist.id in one.playlists
            ],
        }

    def saved(self) -> Answer:
        """Tell what is in a person's library, newest first."""
        person = self.person(self.call.arg("user"))
        rows = sorted(person.saved.items(), key=lambda row: -row[1])
        items = [{"uri": uri, "added_at": iso(at)} for uri, at in rows]
        return json_answer({"uris": [uri for uri, _ in rows], "items": items})

    def load_saved(self) -> Answer:
        """Put another library in place: tracks or albums, newest first; or change single URIs."""
        person, now = self.person(self.body["user"]), self.world.clock()
        for kind in ("track", "album"):
            if f"{kind}s" in self.body:
                kept = {u: at for u, at in person.saved.items() if f":{kind}:" not in u}
                person.saved = kept | dict(self._dated(self.body[f"{kind}s"], "added_at"))
        for uri in self.body.get("unsave", []):
            person.saved.pop(uri, None)
        person.saved |= {_known(uri): now for uri in self.body.get("save", [])}
        return json_answer({"saved": len(person.saved)}, 201)

    def load_heard(self) -> Answer:
        """Say what a person plays most, by range, and what they played last, newest first."""
        person, body = self.person(self.body["user"]), self.body
        if not set(body.get("top", {})) <= set(RANGES):
            raise Wrong(f"the ranges are {', '.join(RANGES)}")
        for name, uris in body.get("top", {}).items():
            person.top[name] = [_known(uri) for uri in uris]
        if "recent" in body:
            person.plays = [list(row) for row in self._dated(body["recent"], "played_at")]
        return json_answer({"plays": len(person.plays)}, 201)

    def _dated(self, rows: Iterable[Any], key: str) -> Iterator[tuple[str, float]]:
        """Take URIs, a minute older each, or objects with a uri and a date."""
        now = float(int(self.world.clock()))
        for place, row in enumerate(rows):
            one = {"uri": row} if isinstance(row, str) else row
            at = one.get(key, now - 60 * place)
            yield _known(one["uri"]), from_iso(at) if isinstance(at, str) else float(at)

    # Consents and tokens

    def consent(self) -> Answer:
        """Decide as a person would on the consent page; `query` may be the whole address."""
        body = self.body
        query = body["query"]
        query = urlsplit(query).query or query
        if body.get("provider") == "facebook" or "/dialog/oauth" in body["query"]:
            return self._facebook_consent(query, body)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        asked = accounts.read(self.world, pairs)
        deny = bool(body.get("deny"))
        person = self.person(body["user"])
        location = accounts.consent(self.world, asked, person, scopes=body.get("scopes"), deny=deny)
        return json_answer({"location": location})

    def _facebook_consent(self, query: str, body: Json) -> Answer:
        location = facebook.consent(
            self.world,
            query,
            user=self._facebook_id(body["user"]),
            declined=body.get("declined"),
            deny=bool(body.get("deny")),
        )
        return json_answer({"location": location})

    def revoke(self) -> Answer:
        """Take the app out of a person's account page."""
        body = self.body
        person = self.person(body["user"])
        dead = bool(body.get("access_tokens"))
        return json_answer({"ended": accounts.revoke(self.world, person.id, access_tokens=dead)})

    def mint(self) -> Answer:
        """Give tokens without a consent page; for one person, or for many at once."""
        body = self.body
        users = body["users"] if "users" in body else [body["user"]]
        client_id = body.get("client_id", demo.CLIENT_ID)
        scopes = body.get("scopes", [])
        at = body.get("consented_at", self.world.clock())
        moment = from_iso(at) if isinstance(at, str) else float(at)
        made = {user: self._mint(self.person(user), client_id, scopes, moment) for user in users}
        return json_answer({"tokens": made}, 201)

    def _mint(self, person: Person, client_id: str, scopes: list[str], at: float) -> Json:
        grant = accounts.new_grant(self.world, client_id, person.id, scopes, at=at)
        person.approvals[client_id] = {"scopes": scopes, "at": at}
        access = accounts.new_access_token(self.world, grant)
        return {
            "access_token": access.secret,
            "refresh_token": accounts.new_refresh_token(self.world, grant).secret,
            "expires_in": int(self.world.switches.access_token_s),
            "scope": " ".join(scopes),
        }

    def expire(self) -> Answer:
        user = self.body.get("user", "")
        id_ = self.person(user).id if user else ""
        return json_answer({"ended": accounts.expire_access(self.world, id_)})

    def grants(self) -> Answer:
        tokens: dict[str, list[str]] = {}
        for one in self.world.refresh_tokens.values():
            if one.dies_at is None:
                tokens.setdefault(one.grant, []).append(one.secret)
        user = self.call.arg("user")
        rows = [
            asdict(one) | {"consented": iso(one.consented_at), "refresh_tokens": tokens.get(one.id)}
            for one in self.world.grants.values()
            if user in ("", one.user)
        ]
        return json_answer({"grants": rows})

    def allow_list(self) -> Answer:
        return json_answer({"users": self.world.allow_list})

    def put_allow_list(self) -> Answer:
        self._set_allow_list([self.person(one).id for one in self.body["users"]])
        return self.allow_list()

    def _set_allow_list(self, users: list[str]) -> None:
        most = self.world.switches.allow_list_size
        if len(users) > most:
            raise Wrong(f"the allow list takes {most} people (switch allow_list_size)")
        self.world.allow_list = users

    # Behaviour

    def switches(self) -> Answer:
        return json_answer(self.world.switches.dump())

    def set_switches(self) -> Answer:
        values = self.body
        self.world.switches.set(values)
        if "seed" in values:
            self.world.reseed()
        return self.switches()

    def faults(self) -> Answer:
        return json_answer({"faults": [one.dump() for one in self.world.faults]})

    def add_fault(self) -> Answer:
        fault = Fault.load({**self.body, "seen": 0, "hit": 0})
        self.world.made += 1
        fault.id = self.world.made
        self.world.faults.append(fault)
        return json_answer(fault.dump(), 201)

    def clear_faults(self) -> Answer:
        """Clear the orders; late effects of earlier ones still come."""
        self.world.faults.clear()
        return json_answer({"faults": []})

    def clear_fault(self, id_: str) -> Answer:
        self.world.faults = [one for one in self.world.faults if one.id != int(id_)]
        return self.faults()

    def clock(self) -> Answer:
        clock = self.world.clock
        now = clock()
        stopped = clock.stopped_at is not None
        pending = len(self.world.pending)
        return json_answer({"now": now, "iso": iso(now), "stopped": stopped, "pending": pending})

    def move_clock(self) -> Answer:
        """Take `advance` (seconds), `set` (ISO or seconds), `stopped` (true or false), `reset`."""
        body, clock = self.body, self.world.clock
        unknown = set(body) - {"advance", "set", "stopped", "reset"}
        if unknown:
            raise Wrong(f"the clock does not know {', '.join(sorted(unknown))}")
        if body.get("reset"):
            clock.reset()
        if "stopped" in body:
            clock.stop() if body["stopped"] else clock.go()
        if "set" in body:
            moment = body["set"]
            clock.set(from_iso(moment) if isinstance(moment, str) else float(moment))
        clock.advance(float(body.get("advance", 0)))
        self.engine.settle()
        return self.clock()

    # What happened

    def log(self) -> Answer:
        rows = [row for row in self.engine.log if self._wants(row)]
        limit = int(self.call.arg("limit", "0"))
        return json_answer({"log": rows[-limit:] if limit else rows, "last": self.engine.numbered})

    def _wants(self, row: Json) -> bool:
        """Match method, user, status, path (a regular expression) and since (a number)."""
        call = self.call
        if int(call.arg("since", "0")) >= row["number"]:
            return False
        if call.arg("path") and not re.search(call.arg("path"), row["path"]):
            return False
        asked = {key: call.arg(key) for key in ("method", "user", "status", "client_id")}
        return all(str(row[key]) == value for key, value in asked.items() if value)

    def clear_log(self) -> Answer:
        self._clear_log()
        return json_answer({})

    def _clear_log(self) -> None:
        self.engine.log.clear()
        self.engine.counts.clear()

    def counts(self) -> Answer:
        counts = dict(self.engine.counts)
        return json_answer({"counts": counts, "total": sum(counts.values())})

    # Facebook

    def facebook_people(self) -> Answer:
        return json_answer({"users": [asdict(one) for one in self.world.facebook.values()]})

    def _facebook_id(self, name: str) -> str:
        """Find a Facebook person by number, by name, or by the Spotify id of the same name."""
        if name in self.world.facebook:
            return name
        person = self.world.person(name)
        names = {name, person.name.split(",")[0] if person else name}
        found = [one.id for one in self.world.facebook.values() if one.name in names]
        if not found:
            raise Wrong(f"nobody at Facebook is called {name!r}")
        return found[0]

    def facebook_token(self) -> Answer:
        """Give a token of any app, also of one that is not ours."""
        body = self.body
        token = facebook.new_token(
            self.world,
            body.get("app_id", demo.CLIENT_ID),
            self._facebook_id(body["user"]),
            body.get("scopes", ["email", "public_profile"]),
            body.get("lasts_s", self.world.switches.facebook_token_s),
        )
        return json_answer(asdict(token), 201)

    def facebook_revoke(self) -> Answer:
        body = self.body
        app_id = body.get("app_id", demo.CLIENT_ID)
        facebook.withdraw(self.world, app_id, self._facebook_id(body["user"]))
        return json_answer({})

    def signed_request(self) -> Answer | Later:
        """Sign a callback; with `url`, post it there as Facebook would and tell what came back."""
        body = self.body
        app = self.world.apps[body.get("app_id", demo.CLIENT_ID)]
        user = self._facebook_id(body["user"])
        kind = body.get("kind", "deauthorize")
        if kind not in ("deauthorize", "deletion"):
            raise Wrong("kind is deauthorize or deletion")
        facebook.withdraw(self.world, app.client_id, user)
        forged = bool(body.get("forged"))
        signed = facebook.signed_request(self.world, app, user, forged=forged)
        data = {"signed_request": signed, "user_id": user, "kind": kind}
        if "url" not in body:
            return json_answer(data)
        url = str(body["url"])
        return lambda: json_answer(data | {"answer": _post(url, {"signed_request": signed})})


def _post(url: str, form: dict[str, str]) -> Json:
    if urlsplit(url).scheme not in ("http", "https"):
        return {"status": 0, "body": "not an http address"}
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
            return {"status": answer.status, "body": answer.read().decode(errors="replace")}
    except urllib.error.HTTPError as exc:
        return {"status": exc.code, "body": exc.read().decode(errors="replace")}
    except OSError as exc:
        return {"status": 0, "body": str(exc)}


def _known(uri: str) -> str:
    if not URI.fullmatch(uri):
        raise Wrong(f"{uri!r} is no URI")
    return uri


def _digits(text: str) -> str:
    return str(10**14 + sum(ord(letter) * 131**place for place, letter in enumerate(text)) % 10**14)


ROUTES: tuple[tuple[str, str, Callable[..., Answer | Later], str], ...] = (
    ("GET", "/_sim/", Desk.index, "this page"),
    ("GET", "/_sim/health", Desk.health, "is it up"),
    ("POST", "/_sim/reset", Desk.reset, "start over: world empty or demo"),
    ("GET", "/_sim/users", Desk.users, "people"),
    ("POST", "/_sim/users", Desk.load_users, "load people"),
    ("DELETE", "/_sim/users/{id}", Desk.remove_user, "take a person away"),
    ("POST", "/_sim/apps", Desk.load_app, "load a client: client_id, secret, redirect_uris"),
    ("GET", "/_sim/catalogue", Desk.catalogue, "URIs that exist: limit"),
    ("POST", "/_sim/catalogue", Desk.load_catalogue, "load tracks, episodes, dead, alive"),
    ("GET", "/_sim/playlists", Desk.playlists, "playlists: user"),
    ("POST", "/_sim/playlists", Desk.load_playlists, "load playlists"),
    ("GET", "/_sim/playlists/{id}", Desk.one_playlist, "the truth about a playlist"),
    ("DELETE", "/_sim/playlists/{id}", Desk.remove_playlist, "take a playlist away: 404"),
    ("GET", "/_sim/saved", Desk.saved, "a person's library: user"),
    ("POST", "/_sim/saved", Desk.load_saved, "load it: user, tracks, albums, save, unsave"),
    ("POST", "/_sim/heard", Desk.load_heard, "load what was played: user, top, recent"),
    ("POST", "/_sim/consent", Desk.consent, "decide for a person: query, user, scopes, deny"),
    ("POST", "/_sim/revoke", Desk.revoke, "end a person's consents: user, access_tokens"),
    ("POST", "/_sim/tokens", Desk.mint, "give tokens: user or users, scopes, consented_at"),
    ("POST", "/_sim/tokens/expire", Desk.expire, "end access tokens now: user"),
    ("GET", "/_sim/grants", Desk.grants, "consents with their refresh tokens: user"),
    ("GET", "/_sim/allow-list", Desk.allow_list, "the app's allow list"),
    ("PUT", "/_sim/allow-list", Desk.put_allow_list, "set the allow list: users"),
    ("GET", "/_sim/switches", Desk.switches, "all switches"),
    ("POST", "/_sim/switches", Desk.set_switches, "set some switches"),
    ("GET", "/_sim/faults", Desk.faults, "faults on order, with their counts"),
    ("POST", "/_sim/faults", Desk.add_fault, "order a fault"),
    ("DELETE", "/_sim/faults", Desk.clear_faults, "clear all faults"),
    ("DELETE", "/_sim/faults/{id}", Desk.clear_fault, "clear one fault"),
    ("GET", "/_sim/clock", Desk.clock, "the simulator's time"),
    ("POST", "/_sim/clock", Desk.move_clock, "move it: advance, set, stopped, reset"),
    ("GET", "/_sim/log", Desk.log, "calls: method, path, user, status, since, limit"),
    ("DELETE", "/_sim/log", Desk.clear_log, "forget log and counts"),
    ("GET", "/_sim/counts", Desk.counts, "calls by endpoint"),
    ("GET", "/_sim/facebook/users", Desk.facebook_people, "people at Facebook"),
    ("POST", "/_sim/facebook/token", Desk.facebook_token, "give a token: user, app_id, scopes"),
    ("POST", "/_sim/facebook/revoke", Desk.facebook_revoke, "take the app away: user"),
    (
        "POST",
        "/_sim/facebook/signed_request",
        Desk.signed_request,
        "sign a callback: user, kind, url, forged",
    ),
)
