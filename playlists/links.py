"""A link or a URI as people paste it becomes a Spotify URI, or the reason why it is none."""

from __future__ import annotations

import re

ID = re.compile(r"[0-9A-Za-z]{22}")
BREAKS = re.compile(r"[\s,;<>()\[\]\"'|]+")  # what may stand between the links of a line
LOCAL = "a local file: Spotify's API cannot add those"

_URI = re.compile(r"spotify:(?P<kind>[a-z]+):(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(
    r"(?:https?://)?(?:open|play)\.spotify\.com/(?P<path>[^?#]*)", re.IGNORECASE | re.DOTALL
)
_SHORT = re.compile(r"(?:https?://)?(?:spotify\.link|spoti\.fi|spotify\.app\.link)/", re.IGNORECASE)
_LOCALE = re.compile(r"intl-[a-z-]+", re.IGNORECASE)
_LISTED = {"track", "episode"}
_OTHERS = {"album", "artist", "playlist", "show", "user", "audiobook", "chapter", "concert"}


def read(word: str) -> tuple[str, str]:
    """Return a URI, or the reason why a link to Spotify is none; nothing for other words."""
    if match := _URI.fullmatch(word):
        return _listed(match["kind"].lower(), match["rest"].split("?")[0])
    if match := _LINK.match(word):
        parts = [part for part in match["path"].split("/") if part]
        while parts and (_LOCALE.fullmatch(parts[0]) or parts[0] == "embed"):
            del parts[0]
        if len(parts) < 2:
            return "", "a link to Spotify, but not to a track"
        return _listed(parts[0].lower(), parts[1])
    if _SHORT.match(word):
        return "", "a short link: open it in a browser and copy the address that it leads to"
    return "", ""


def is_local(uri: str) -> bool:
    return uri.lower().startswith("spotify:local:")


def page(uri: str) -> str:
    """Return the address of a track's or an episode's page, and any other URI as it is."""
    kind, _, id_ = uri.removeprefix("spotify:").partition(":")
    if kind in _LISTED and ID.fullmatch(id_):
        return f"https://open.spotify.com/{kind}/{id_}"
    return uri


def _listed(kind: str, id_: str) -> tuple[str, str]:
    if kind == "local":
        return "", LOCAL
    if kind in _LISTED:
        if ID.fullmatch(id_):
            return f"spotify:{kind}:{id_}", ""
        return "", f"not a whole link: the {kind}'s id has 22 letters and digits"
    if kind in _OTHERS:
        article = "an" if kind[0] in "aeiou" else "a"
        return "", f"a link to {article} {kind}, not to a track"
    return "", "a link to Spotify, but not to a track"
