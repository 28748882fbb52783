"""The settings of the site's processes: what the person gave wins, the rest is made up here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from runner import dotenv, places, postgres, valkey
from runner.errors import Refusal
from runner.state import Secrets, State

DEMO_CLIENT_ID = "spotsite-demo"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
DEMO_CLIENT_SECRET = "spotsite-demo-secret"  # noqa: S105 -- known to everyone, valid in the simulator only
NAMES = (
    *("PUBLIC_URL", "SECRET_KEY", "DEBUG", "DEMO", "ALLOWED_HOSTS", "TRUSTED_PROXIES"),
    *("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "MAIL_FROM", "LOG_LEVEL"),
    *("TOKEN_KEYS", "DEMO_STAFF_PASSWORD"),
    *("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_MODE"),
    *("SPOTIFY_AUTHORIZE_URL", "SPOTIFY_ACCOUNTS_URL", "SPOTIFY_API_URL"),
    *("SPOTIFY_CALLS_PER_SECOND", "SPOTIFY_BURST", "SPOTIFY_CALLS_PER_PERSON"),
    *("FACEBOOK_CLIENT_ID", "FACEBOOK_CLIENT_SECRET"),
    *("FACEBOOK_DIALOG_URL", "FACEBOOK_GRAPH_URL"),
    *("BACKGROUND_SLOTS", "SETTLE_SECONDS", "GUARD_SHARE", "GUARD_CALLS"),
    *("VERSION_DAYS", "VERSION_COUNT", "LIST_DAYS", "LIST_COUNT"),
)


def text(settings: Mapping[str, str], name: str) -> str:
    """The value of NAME, or what the file says that NAME_FILE names; empty if there is none."""
    if path := settings.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise Refusal(f"{name}_FILE={path} cannot be read: correct the path.") from exc
    return settings.get(name, "")


def host_of(address: str) -> str:
    """The host of an address; empty where it is none, which the site's checks report."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def without_site_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as if no setting of the site had been given."""
    return {n: value for n, value in environment.items() if n.removesuffix("_FILE") not in NAMES}


def settings_of_the_site(environment: Mapping[str, str]) -> dict[str, str]:
    """What of this environment is a setting of the site."""
    return {n: value for n, value in environment.items() if n.removesuffix("_FILE") in NAMES}


class Given:
    """What the person set, in the environment or in `.env`; the environment wins."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # An empty value, as a copied .env.example has it, is no setting.
        self.values = {
            name: value
            for name, value in environment.items()
            if value or name.removesuffix("_FILE") not in NAMES
        }

    @classmethod
    def read(cls) -> Given:
        settings = dotenv.read(Path(os.environ.get("SPOTSITE_ENV_FILE") or places.DOTENV))
        for name in list(settings):
            # NAME in the environment also replaces NAME_FILE of the file, and the reverse.
            stem = name.removesuffix("_FILE")
            if os.environ.get(stem) or os.environ.get(f"{stem}_FILE"):
                del settings[name]
        return cls({**settings, **os.environ})

    def __contains__(self, name: str) -> bool:
        return name in self.values or f"{name}_FILE" in self.values

    @property
    def own_database(self) -> bool:
        return "DATABASE_URL" in self

    @property
    def own_redis(self) -> bool:
        return "REDIS_URL" in self

    @property
    def simulated(self) -> list[str]:
        """The providers that the simulator plays: no client id given, nor all their addresses."""
        left_to_us = {name for name in self._simulated(port=1) if name not in self}
        return [
            provider
            for provider in ("Spotify", "Facebook")
            if any(n.startswith(provider.upper()) and n.endswith("_URL") for n in left_to_us)
        ]

    def settings(
        self,
        state: State,
        secrets: Secrets,
        ports: Mapping[str, int],
        *,
        public_url: str,
    ) -> dict[str, str]:
        """The whole environment of the site's processes."""
        host = host_of(text(self.values, "PUBLIC_URL") or public_url)
        made_up = {
            "PUBLIC_URL": public_url,
            "SECRET_KEY": secrets.secret_key,
            "DEBUG": "False",
            # A demo has a known staff account and shows all mail: for this machine only.
            "DEMO": str(host in LOOPBACK),
            "TRUSTED_PROXIES": "0",
            "DATABASE_URL": postgres.url(
                port=ports[postgres.NAME], password=secrets.postgres_password
            ),
            "REDIS_URL": valkey.url(port=ports[valkey.NAME], password=secrets.valkey_password),
            "EMAIL_URL": f"file://{quote(str(state.mail))}",
            "TOKEN_KEYS": secrets.token_keys,
            "DEMO_STAFF_PASSWORD": secrets.staff_password,
            **self._simulated(port=ports["simulator"]),
        }
        settings = {name: value for name, value in made_up.items() if name not in self}
        if "ALLOWED_HOSTS" not in self:
            settings["ALLOWED_HOSTS"] = ",".join(sorted({"127.0.0.1", host or "127.0.0.1"}))
        inherited = dict(self.values)
        # The first would cost each process seconds, the second would hide the checkout.
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH"):
            inherited.pop(name, None)
        for name in ("NO_PROXY", "no_proxy"):
            # The simulator is here, whatever proxy the way out needs.
            inherited[name] = ",".join(filter(None, (inherited.get(name), "127.0.0.1")))
        return {**inherited, "PYTHONUNBUFFERED": "1", **settings}

    def _simulated(self, *, port: int) -> dict[str, str]:
        """The simulator as each provider for which no client id was given."""
        simulator = f"http://127.0.0.1:{port}"
        settings: dict[str, str] = {}
        if "SPOTIFY_CLIENT_ID" not in self:
            settings |= {
                "SPOTIFY_CLIENT_ID": DEMO_CLIENT_ID,
                "SPOTIFY_CLIENT_SECRET": DEMO_CLIENT_SECRET,
                "SPOTIFY_AUTHORIZE_URL": f"{simulator}/authorize",
                "SPOTIFY_ACCOUNTS_URL": simulator,
                "SPOTIFY_API_URL": f"{simulator}/v1",
                # The simulator bears what a demo or a test may ask of it.
                "SPOTIFY_CALLS_PER_SECOND": "2000",
                "SPOTIFY_BURST": "2000",
                "SPOTIFY_CALLS_PER_PERSON": "100000",
            }
        if "FACEBOOK_CLIENT_ID" not in self:
            settings |= {
                "FACEBOOK_CLIENT_ID": DEMO_CLIENT_ID,
                "FACEBOOK_CLIENT_SECRET": DEMO_CLIENT_SECRET,
                "FACEBOOK_DIALOG_URL": f"{simulator}/v24.0/dialog/oauth",
                "FACEBOOK_GRAPH_URL": f"{simulator}/v24.0",
            }
        return settings
