"""What the buttons of the form do to a sheet: add, remove, up, down."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playlists.builder import kinds, sheet
from playlists.builder.sheet import Block, Rows, Sheet

_ACTION = re.compile(r"(add|remove|up|down) (sources|rules|entries)(?: (\d{1,3}))?(?: (\d{1,3}))?")


def act(on: Sheet, action: str, *, kind: str) -> str:
    """Do what a button says; return the prefix of the block to look at next, empty for none.

    ``kind`` is that of a block to be added. What is not understood changes nothing.
    """
    match = _ACTION.fullmatch(action)
    if match is None:
        return ""
    verb, part, *numbers = match.groups()
    places = [int(one) for one in numbers if one is not None]
    rows = on.rows(_rows(part))
    if verb == "add" and not places:
        return _added(on, _rows(part), kind)
    if not places or places[0] >= len(rows):
        return ""
    prefix = f"{part}-{places[0]}"
    if len(places) == 2 or verb == "add":
        return _conditions(rows[places[0]], verb, places[1:], kind, prefix)
    return _moved(on, _rows(part), verb, places[0])


def _rows(part: str) -> Rows:
    return next(one for one in sheet.ROWS if one == part)


def _added(on: Sheet, part: Rows, kind: str) -> str:
    if kind not in kinds.PARTS[part]:
        return ""
    if part == "sources":
        _weigh(on, [*range(len(on.sources)), None])
    on.rows(part).append(sheet.new(part, kind))
    return f"{part}-{len(on.rows(part)) - 1}"


def _moved(on: Sheet, part: Rows, verb: str, place: int) -> str:
    rows = on.rows(part)
    order = [one for one in range(len(rows)) if one != place]
    to = {"up": max(place - 1, 0), "down": place + 1}.get(verb)
    if to is not None:
        order.insert(to, place)
    if part == "sources":
        _weigh(on, order)
    rows[:] = [rows[one] for one in order]
    return f"{part}-{order.index(place)}" if place in order else ""


def _conditions(rule: Block, verb: str, places: list[int], kind: str, prefix: str) -> str:
    if verb == "add" and kind in kinds.CONDITIONS:
        rule.conditions.append(sheet.new("conditions", kind))
        if rule.first("group") == "one" and len(rule.conditions) > 1:
            rule.values["group"] = ["all"]
        return f"{prefix}-{len(rule.conditions) - 1}"
    if verb == "remove" and places and places[0] < len(rule.conditions):
        del rule.conditions[places[0]]
    return prefix


def _weigh(on: Sheet, order: Sequence[int | None]) -> None:
    """Have the weights of rules that interleave go with their sources; a new one weighs 1."""
    for rule in on.rules:
        weights = kinds.WEIGHTS.words(rule.first("weights"))
        if rule.kind == "interleave" and len(weights) == len(on.sources):
            kept = ["1" if one is None else weights[one] for one in order]
            rule.values["weights"] = [", ".join(kept)]
