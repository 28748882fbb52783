"""JSON as text, read with a bound on what it may cost, and written piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from playlists.lists import NotAList

# Forty parts for each of 10,000 tracks; ListenBrainz writes about ten.
_MOST_PARTS = 400_000
_MOST_VALUES = 1_500_000


def load(text: str) -> Any:
    """Return what the text says; raise ``NotAList`` with the line where it is no JSON."""
    parts, values = text.count("{") + text.count("["), text.count(",")
    if parts > _MOST_PARTS or values > _MOST_VALUES:
        raise NotAList("There is far more in this JSON file than a list of tracks needs.")
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise NotAList(f"This is not valid JSON: line {exc.lineno}, {_lower(exc.msg)}.") from None
    except RecursionError:
        raise NotAList("This JSON file is nested too deep to be a list of tracks.") from None
    except ValueError:
        raise NotAList("This JSON file holds a number that is too long.") from None


def dump(head: str, entries: Iterable[Any], tail: str) -> Iterator[str]:
    """Yield the entries between head and tail, one a line."""
    yield head
    mark = "\n"
    for entry in entries:
        yield mark + json.dumps(entry, ensure_ascii=False)
        mark = ",\n"
    yield f"\n{tail}\n"


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
