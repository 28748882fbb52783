"""Settings from the environment: NAME, or the contents of the file that NAME_FILE points at."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_FLAGS = {"True": True, "False": False, "": False}


def text(name: str, default: str = "") -> str:
    """Return ``name``, or the contents of the file ``name``_FILE without the white space around it."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {exc}.") from exc
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """Return True for "True", False for "False" or nothing; anything else is an error."""
    value = text(name, str(default))
    if value not in _FLAGS:
        raise ImproperlyConfigured(f'{name} must be "True" or "False".')
    return _FLAGS[value]


def number(name: str, default: int) -> int:
    """Return a whole number that is not negative."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """Return the words of a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def url(name: str, default: str) -> str:
    """Return an address without a slash at its end."""
    return text(name, default).rstrip("/")
