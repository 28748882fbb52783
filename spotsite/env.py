"""Settings from the environment: NAME, or the contents of the file that NAME_FILE points at.

What is empty is not set, in a variable as in a file: container tools pass on what nobody gave so.

A value that cannot be used is noted in ``problems`` and its safe default is taken, so that a system
check can say all that is wrong at once, each with an id and a hint; web and worker then refuse to
start.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

problems: dict[str, str] = {}
"""What is wrong with a setting, by its name."""

_FLAGS = {"True": True, "False": False}
# More than any setting has a use for, and little enough for every date and column.
_LARGEST = 1_000_000


def text(name: str, default: str = "") -> str:
    """Return ``name``, or the contents of the file that ``name``_FILE names, stripped."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip() or default
        except (OSError, UnicodeDecodeError) as exc:
            problems[name] = f"{name}_FILE cannot be read ({type(exc).__name__})."
            return default
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """Return True for "True", False for "False"."""
    value = text(name, str(default))
    if value not in _FLAGS:
        problems[name] = f'{name} is neither "True" nor "False".'
        return default
    return _FLAGS[value]


def number(name: str, default: int) -> int:
    """Return a whole number that is not negative."""
    value = text(name, str(default))
    if not value.isdecimal():
        problems[name] = f"{name} is not a whole number."
        return default
    if len(value) > len(str(_LARGEST)) or int(value) > _LARGEST:
        problems[name] = f"{name} is larger than {_LARGEST}."
        return default
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return the words of a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, default: str) -> str:
    """Return an http or https address without a slash at its end."""
    value = text(name, default).rstrip("/")
    parts = split(value)
    usable = parts is not None and parts.scheme in {"http", "https"} and bool(parts.hostname)
    if parts is None or not usable or parts.query or parts.fragment or "@" in parts.netloc:
        problems[name] = f"{name} is not an http or https address."
        return default
    return value


def service(name: str, default: str, *, schemes: set[str], path: str) -> str:
    """Return the address of a server that speaks one of ``schemes``; ``path`` is a pattern."""
    value = text(name)
    if not value:
        problems.setdefault(name, f"{name} is not set.")
        return default
    parts = split(value)
    # A "/", "?" or "#" in a password ends the host, so that the rest is no path.
    if parts is None or parts.fragment or not re.fullmatch(path, parts.path):
        problems[name] = f"{name} is no whole address, or its password is not percent-encoded."
        return default
    if parts.scheme not in schemes:
        allowed = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
        problems[name] = f"{name} does not begin with {allowed}."
        return default
    return value


def split(address: str) -> SplitResult | None:
    """Take an address apart; None where it is none."""
    if any(character.isspace() or not character.isprintable() for character in address):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts


def choice(name: str, default: str, allowed: set[str]) -> str:
    """Return one of ``allowed``."""
    value = text(name, default)
    if value not in allowed:
        problems[name] = f"{name} is none of {', '.join(sorted(allowed))}."
        return default
    return value
