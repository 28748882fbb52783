"""JSON from strangers: too deep, too long, ambiguous or not finite is refused before it is used.

Python's own reader takes NaN, lets the last of two equal keys win, and runs out of stack on deep
lists; and what Postgres cannot store (NUL, half of a surrogate pair) must not get that far.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from playlists.recipes.problems import NotADefinition, Path, Problem

MOST_BYTES = 1_000_000
DEEPEST = 40  # six groups of conditions need 20
_MOST_PARTS = 200_000
_LARGEST = 2**53  # beyond it JavaScript reads another number
# Strings are skipped whole; one that never ends counts, too, so that the search stays linear.
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)


class _Doubled(dict[str, Any]):
    """An object that names something twice."""

    twice = ""


def read(text: str | bytes) -> Any:
    """Return what the JSON says; raise ``NotADefinition``."""
    if len(text) > MOST_BYTES:
        raise _refusal(f"is too long: at most {MOST_BYTES:,} bytes are allowed")
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise _refusal("is not UTF-8 text") from None
    if _depth(text) > DEEPEST:
        raise _refusal(_TOO_DEEP)
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as exc:
        raise _refusal(f"is not JSON: line {exc.lineno}, column {exc.colno}: {exc.msg}") from None
    examine(data)
    return data


def examine(data: Any) -> None:
    """Refuse plain data that JSON could not carry safely; raise ``NotADefinition``."""
    problems = []
    for count, (path, value) in enumerate(_walk(data)):
        if count > _MOST_PARTS:
            raise _refusal(f"has too many parts: at most {_MOST_PARTS:,} are allowed")
        if len(path) > DEEPEST:
            raise _refusal(_TOO_DEEP)
        if reason := _reason(value):
            problems.append(Problem.at(path, reason))
    if problems:
        raise NotADefinition(problems)


_TOO_DEEP = f"is too deep: at most {DEEPEST} levels are allowed"


def _refusal(reason: str) -> NotADefinition:
    return NotADefinition([Problem.at((), reason)])


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = _Doubled(found)
    doubled.twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return doubled


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else math.inf


def _walk(data: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every value with its path, without a call for each level."""
    left: list[tuple[Path, Any]] = [((), data)]
    while left:
        path, value = left.pop()
        yield path, value
        if len(path) > DEEPEST:
            continue
        if isinstance(value, dict):
            left += [((*path, key), one) for key, one in value.items()]
        elif isinstance(value, list | tuple):
            left += [((*path, index), one) for index, one in enumerate(value)]


def _reason(value: Any) -> str:
    match value:
        case None | bool():
            return ""
        case int() | float() if not math.isfinite(value) or abs(value) > _LARGEST:
            return "is not a number that can be used"
        case int() | float():
            return ""
        case str():
            return "" if _can_be_stored(value) else "has a character that cannot be stored"
        case _Doubled():
            return f'has "{value.twice}" twice'
        case dict():
            fine = all(isinstance(key, str) and _can_be_stored(key) for key in value)
            return "" if fine else "has a name that cannot be stored"
        case list() | tuple():
            return ""
    return f"is a {type(value).__name__}, which JSON does not have"


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
