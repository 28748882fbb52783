"""The control API for tests and benchmarks: `Control("http://127.0.0.1:8100")`."""

from __future__ import annotations

import time
from typing import Any

import requests

Json = dict[str, Any]


class ControlError(Exception):
    """The simulator did not understand a control call."""


class Control:
    """Arranges the simulator's world and reads what happened in it."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def call(self, method: str, path: str, body: Json | None = None, /, **query: Any) -> Json:
        params = {key: str(value) for key, value in query.items() if value not in (None, "")}
        url = f"{self.base_url}/_sim/{path}"
        answer = self._session.request(method, url, json=body, params=params, timeout=30)
        if not answer.ok:
            raise ControlError(f"{method} {path}: {answer.status_code} {answer.text}")
        data: Json = answer.json()
        return data

    def wait_until_up(self, *, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                self.call("GET", "health")
            except requests.ConnectionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    # The world

    def reset(self, world: str = "empty") -> None:
        self.call("POST", "reset", {"world": world})

    def add_user(self, id_: str, **values: Any) -> Json:
        made: Json = self.call("POST", "users", {"users": [{"id": id_, **values}]})["users"][0]
        return made

    def add_users(self, users: list[Json]) -> list[Json]:
        made: list[Json] = self.call("POST", "users", {"users": users})["users"]
        return made

    def users(self) -> list[Json]:
        rows: list[Json] = self.call("GET", "users")["users"]
        return rows

    def remove_user(self, user: str) -> None:
        self.call("DELETE", f"users/{user}")

    def add_app(self, client_id: str, secret: str, redirect_uris: list[str]) -> None:
        body = {"client_id": client_id, "secret": secret, "redirect_uris": redirect_uris}
        self.call("POST", "apps", body)

    def add_playlist(self, owner: str, **values: Any) -> str:
        """Load a playlist (name, uris or items, public, ...) and return its id."""
        body = {"playlists": [{"owner": owner, **values}]}
        made: list[str] = self.call("POST", "playlists", body)["ids"]
        return made[0]

    def playlists(self, user: str = "") -> list[Json]:
        rows: list[Json] = self.call("GET", "playlists", user=user)["playlists"]
        return rows

    def playlist(self, id_: str) -> Json:
        return self.call("GET", f"playlists/{id_}")

    def uris(self, id_: str) -> list[str]:
        uris: list[str] = self.playlist(id_)["uris"]
        return uris

    def remove_playlist(self, id_: str) -> None:
        self.call("DELETE", f"playlists/{id_}")

    def catalogue(self, limit: int = 100) -> list[str]:
        """Return that many URIs of tracks that exist."""
        uris: list[str] = self.call("GET", "catalogue", limit=limit)["uris"]
        return uris

    def change_catalogue(self, **values: Any) -> Json:
        return self.call("POST", "catalogue", values)

    def saved(self, user: str) -> list[str]:
        """Return the URIs in a person's library, newest first."""
        uris: list[str] = self.call("GET", "saved", user=user)["uris"]
        return uris

    def load_saved(self, user: str, **values: Any) -> None:
        """Put a library in place (tracks, albums: URIs, newest first), or save and unsave URIs."""
        self.call("POST", "saved", {"user": user, **values})

    def load_heard(self, user: str, **values: Any) -> None:
        """Say what a person plays most (top, by time range) and played last (recent)."""
        self.call("POST", "heard", {"user": user, **values})

    # Consents and tokens

    def consent(self, query: str, user: str, **values: Any) -> str:
        """Decide on an authorize address or query for a person; return where it leads."""
        body = {"query": query, "user": user, **values}
        location: str = self.call("POST", "consent", body)["location"]
        return location

    def revoke(self, user: str, *, access_tokens: bool = False) -> int:
        body = {"user": user, "access_tokens": access_tokens}
        ended: int = self.call("POST", "revoke", body)["ended"]
        return ended

    def tokens(self, user: str, scopes: list[str], **values: Any) -> Json:
        """Give a person's access and refresh token without a consent page."""
        body = {"user": user, "scopes": scopes, **values}
        made: Json = self.call("POST", "tokens", body)["tokens"][user]
        return made

    def many_tokens(self, users: list[str], scopes: list[str], **values: Any) -> dict[str, Json]:
        body = {"users": users, "scopes": scopes, **values}
        made: dict[str, Json] = self.call("POST", "tokens", body)["tokens"]
        return made

    def expire_access_tokens(self, user: str = "") -> int:
        ended: int = self.call("POST", "tokens/expire", {"user": user})["ended"]
        return ended

    def grants(self, user: str = "") -> list[Json]:
        rows: list[Json] = self.call("GET", "grants", user=user)["grants"]
        return rows

    def allow(self, *users: str) -> None:
        self.call("PUT", "allow-list", {"users": list(users)})

    # Behaviour

    def switch(self, **values: Any) -> Json:
        return self.call("POST", "switches", values)

    def switches(self) -> Json:
        return self.call("GET", "switches")

    def fault(self, **values: Any) -> int:
        """Order a fault (method, path, user, skip, times, kind, when, ...); return its number."""
        made: int = self.call("POST", "faults", values)["id"]
        return made

    def faults(self) -> list[Json]:
        rows: list[Json] = self.call("GET", "faults")["faults"]
        return rows

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def clear_fault(self, number: int) -> None:
        self.call("DELETE", f"faults/{number}")

    def clock(self) -> Json:
        return self.call("GET", "clock")

    def advance(self, *, seconds: float = 0, days: float = 0) -> float:
        now: float = self.call("POST", "clock", {"advance": seconds + days * 86_400})["now"]
        return now

    def set_clock(self, moment: str | float) -> float:
        now: float = self.call("POST", "clock", {"set": moment})["now"]
        return now

    def stop_clock(self) -> None:
        self.call("POST", "clock", {"stopped": True})

    def start_clock(self) -> None:
        self.call("POST", "clock", {"stopped": False})

    # What happened

    def log(self, **filters: Any) -> list[Json]:
        """Return calls, oldest first; filters: method, path, user, status, since, limit."""
        rows: list[Json] = self.call("GET", "log", **filters)["log"]
        return rows

    def clear_log(self) -> None:
        self.call("DELETE", "log")

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.call("GET", "counts")["counts"]
        return counts

    # Facebook

    def facebook_users(self) -> list[Json]:
        rows: list[Json] = self.call("GET", "facebook/users")["users"]
        return rows

    def facebook_token(self, user: str, **values: Any) -> Json:
        return self.call("POST", "facebook/token", {"user": user, **values})

    def facebook_revoke(self, user: str) -> None:
        self.call("POST", "facebook/revoke", {"user": user})

    def signed_request(self, user: str, kind: str = "deauthorize", **values: Any) -> Json:
        """Sign a Facebook callback; with `url` it is posted there, and `answer` tells the end."""
        return self.call("POST", "facebook/signed_request", {"user": user, "kind": kind, **values})
