"""Everything that a value says to somebody who takes it apart, without any key."""

from __future__ import annotations

import base64
import binascii
import json
import pickle
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

DEPTH = 6
_NO_PICKLE = (AttributeError, EOFError, ImportError, IndexError, KeyError, TypeError, ValueError)
_CODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def unfold(value: Any, depth: int = DEPTH) -> Iterator[str]:
    """Yield every text that ``value`` holds, without any key."""
    if depth < 0 or value is None or isinstance(value, bool | int | float):
        return
    if isinstance(value, str):
        yield from _text(value, depth)
    elif isinstance(value, bytes | bytearray | memoryview):
        yield from _bytes(bytes(value), depth)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from unfold(list(pair), depth)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from unfold(item, depth)
    else:
        yield str(value)
        yield repr(value)
        yield from unfold(_insides(value), depth - 1)


def _text(text: str, depth: int) -> Iterator[str]:
    yield text
    if text[:1] in '{["':
        with suppress(ValueError):
            yield from unfold(json.loads(text), depth - 1)
    for coded in _CODED.findall(text):
        for plain in _decoded(coded):
            yield from _bytes(plain, depth - 1)


@lru_cache(maxsize=100_000)
def _decoded(coded: str) -> tuple[bytes, ...]:
    bare = coded.rstrip("=")
    found = []
    for altchars in (b"-_", b"+/"):
        with suppress(binascii.Error):
            padded = bare + "=" * (-len(bare) % 4)
            found.append(base64.b64decode(padded, altchars=altchars, validate=True))
    return tuple(set(found))


def _bytes(data: bytes, depth: int) -> Iterator[str]:
    if depth < 0:
        return
    text = data.decode("latin-1")
    yield text
    if data[:1] == b"\x78":
        with suppress(zlib.error):
            yield from _bytes(zlib.decompress(data), depth - 1)
    if data[:1] == b"\x80":
        with suppress(pickle.UnpicklingError, *_NO_PICKLE):
            yield from unfold(pickle.loads(data), depth - 1)  # noqa: S301 -- our own cache
    if text.isprintable() and len(text) > 8:
        yield from _text(text, depth - 1)


def _insides(value: Any) -> Any:
    """Look into an adapter's wrapper (psycopg's Jsonb) as a driver does."""
    return getattr(value, "obj", None) or getattr(value, "__dict__", None)
