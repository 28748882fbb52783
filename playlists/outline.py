"""What a plan does, call by call, in words and with titles; it asks Spotify for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playlists import versions
from playlists.models import Track
from playlists.planning.edits import Add, Edit, Move, Remove, Replace, apply

SHOWN = 100  # calls that are told one by one
SAMPLE = 3  # items that a call is told with


@dataclass(frozen=True, slots=True)
class Line:
    """One call, as a page says it."""

    number: int
    words: str
    tracks: list[Track]
    more: int  # items that are not named


def of(base: Sequence[str], edits: Sequence[Edit]) -> dict[str, Any]:
    """Return the outline of edits that begin at the list ``base``, ready for JSON."""
    now, steps = base, []
    for edit in edits[:SHOWN]:
        steps.append(_step(edit, now))
        now = apply(edit, now)
    return {"calls": len(edits), "steps": steps}


def lines(report: Mapping[str, Any]) -> list[Line]:
    """Return the calls of the outline in a run's report, with the titles that are known."""
    steps = report.get("outline", {}).get("steps", ())
    uris = [uri for step in steps for uri in step["uris"]]
    tracks = dict(zip(uris, versions.titled(uris), strict=True))
    return [
        Line(
            number,
            _words(step),
            [tracks[uri] for uri in step["uris"]],
            step["count"] - len(step["uris"]),
        )
        for number, step in enumerate(steps, start=1)
    ]


def untold(report: Mapping[str, Any]) -> int:
    """Return how many calls the outline has besides those that it tells."""
    outline = report.get("outline", {})
    return int(outline.get("calls", 0)) - len(outline.get("steps", ()))


def _step(edit: Edit, now: Sequence[str]) -> dict[str, Any]:
    match edit:
        case Remove(uris):
            gone = set(uris)
            count = sum(uri in gone for uri in now)
            return {"does": "remove", "count": count, "uris": list(uris[:SAMPLE])}
        case Add(position, uris):
            at = "end" if position >= len(now) else position + 1
            step = {"does": "add", "count": len(uris), "at": at}
            return step | {"uris": list(uris[:SAMPLE])}
        case Move(start, length, before):
            to = before if before <= start else before - length
            step = {"does": "move", "count": length, "from": start + 1, "at": to + 1}
            return step | {"uris": list(now[start : start + min(length, SAMPLE)])}
        case Replace(uris):
            return {"does": "replace", "count": len(uris), "uris": list(uris[:SAMPLE])}


def _words(step: Mapping[str, Any]) -> str:
    count = step["count"]
    items = f"{count:,} item" if count == 1 else f"{count:,} items"
    match step["does"]:
        case "remove":
            return f"Take out {items}"
        case "add":
            return f"Add {items} at {_place(step['at'])}"
        case "move":
            return f"Move {items} from {_place(step['from'])} to {_place(step['at'])}"
        case _:
            return f"Write {items} over the whole list"


def _place(at: int | str) -> str:
    return "the end" if at == "end" else f"place {at:,}"
