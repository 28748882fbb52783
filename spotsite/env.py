"""Settings from the environment: NAME, or the contents of the file that NAME_FILE points at.

A value that cannot be used is noted in ``problems`` and its safe default is taken, so that a system
check can say all that is wrong at once, each with an id and a hint; web and worker then refuse to
start.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

problems: dict[str, str] = {}
"""What is wrong with a setting, by its name."""

_FLAGS = {"True": True, "False": False, "": False}


def text(name: str, default: str = "") -> str:
    """Return ``name``, or the contents of the file that ``name``_FILE names, stripped."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            problems[name] = f"{name}_FILE cannot be read ({type(exc).__name__})."
            return default
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """Return True for "True", False for "False" or nothing."""
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
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return the words of a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, default: str) -> str:
    """Return an http or https address without a slash at its end."""
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port  # raises where it is no number
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        problems[name] = f"{name} is not an http or https address."
        return default
    return value


def service(name: str, default: str, *, schemes: set[str]) -> str:
    """Return the address of a server that speaks one of ``schemes``."""
    value = text(name)
    if not value:
        problems[name] = f"{name} is not set."
        return default
    if urlsplit(value).scheme not in schemes:
        problems[name] = f"{name} does not begin with {' or '.join(sorted(schemes))}."
        return default
    return value


def choice(name: str, default: str, allowed: set[str]) -> str:
    """Return one of ``allowed``."""
    value = text(name, default)
    if value not in allowed:
        problems[name] = f"{name} is none of {', '.join(sorted(allowed))}."
        return default
    return value
