"""The switches: every behaviour of the pretend providers that a test may want otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_type_hints


class BadSwitch(ValueError):
    """There is no such switch, or the value is not one that it can take."""


@dataclass(slots=True)
class Switches:
    """How the world behaves. The numbers of the real limits are not public: all are settable."""

    seed: int = 0
    latency_ms: float = 0
    token_marker: str = ""  # stands inside every code and token that is given out

    # The app at Spotify
    mode: str = "development"
    owner_premium: bool = True
    allow_list_size: int = 5

    # Spotify's accounts server
    code_s: float = 600
    access_token_s: float = 3600
    refresh_days: float = 180
    rotate: bool = False
    rotate_grace_s: float = 0
    invalid_client_status: int = 400
    false_invalid_grant_count: int = 0
    false_invalid_grant_share: float = 0
    false_invalid_grant_text: str = "Refresh token revoked"
    scope_missing: bool = False
    silent_consent_restarts: bool = False
    new_consent_kills_old: bool = False

    # Playlists
    item_keys: str = "item"
    items_delay_s: float = 0
    snapshot_delay_s: float = 0
    snapshot_style: str = "mixed"
    stale_read_share: float = 0
    stale_read_s: float = 5
    parallel_500_share: float = 0
    public_false_ignored: bool = False
    playlist_limit: int = 10_000
    playlist_limit_status: int = 403
    playlist_limit_message: str = "Playlist size limit reached."
    playlists_per_user: int = 11_000
    unknown_episode: str = "502"
    unknown_track: str = "accept"
    open_catalogue: bool = True
    local_delete: str = "400"

    # Limits; None and {} mean no limit
    rate_limit: int | None = None
    quota: dict[str, int] = field(default_factory=dict)
    limited_calls_count: bool = False
    retry_after_missing_share: float = 0
    limited_body: str = "json"

    # Facebook
    debug_token_get_only: bool = False
    facebook_token_s: float = 5_400
    facebook_long_token_s: float = 5_184_000

    def set(self, values: dict[str, Any]) -> None:
        """Change some switches; all are checked before the first one moves."""
        for name, value in values.items():
            check(name, value)
        for name, value in values.items():
            setattr(self, name, value)

    def dump(self) -> dict[str, Any]:
        return asdict(self)


CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("development", "extended"),
    "item_keys": ("item", "track", "both"),
    "snapshot_style": ("stale", "third", "mixed"),
    "unknown_episode": ("accept", "400", "502"),
    "unknown_track": ("accept", "400", "502"),
    "local_delete": ("400", "ignore", "remove"),
    "limited_body": ("json", "text", "mixed"),
}
NAMES = frozenset(one.name for one in fields(Switches))
HINTS = get_type_hints(Switches)


def check(name: str, value: Any) -> None:
    if name not in NAMES:
        raise BadSwitch(f"there is no switch {name!r}")
    if name in CHOICES and value not in CHOICES[name]:
        raise BadSwitch(f"{name} is one of {', '.join(CHOICES[name])}")
    if name == "quota":
        good = isinstance(value, dict) and all(_whole(limit) for limit in value.values())
    elif HINTS[name] is bool:
        good = isinstance(value, bool)
    elif HINTS[name] is str:
        good = isinstance(value, str)
    elif HINTS[name] is float:
        good = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    else:
        good = (value is None and name == "rate_limit") or _whole(value)
    if not good:
        raise BadSwitch(f"{value!r} is no value for {name}")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
