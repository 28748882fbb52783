"""Which field a problem of a definition is about, and what is said there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from playlists.builder import kinds, singles
from playlists.builder.controls import Control
from playlists.builder.kinds import KEPT, Part
from playlists.builder.sheet import ROWS, Block, Sheet
from playlists.recipes.problems import Path, Problem

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(slots=True)
class Faults:
    """What is wrong: by the prefix of a block and the name of its field, and in general."""

    fields: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    general: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.fields or self.general)

    def of(self, prefix: str) -> dict[str, list[str]]:
        """Return what is wrong in one block, by field."""
        return {name: said for (block, name), said in self.fields.items() if block == prefix}

    def add(self, prefix: str, name: str, sentence: str) -> None:
        self.fields.setdefault((prefix, name), []).append(sentence)


def of(problems: Iterable[Problem], on: Sheet) -> Faults:
    """Put each problem to the field that it is about."""
    found = Faults()
    for problem in problems:
        place = _place(_path(problem.path), on)
        if place is None:
            found.general.append(str(problem))
        else:
            found.add(*place, _said(problem))
    return found


def _said(problem: Problem) -> str:
    reason = problem.reason[:1].upper() + problem.reason[1:]
    return f"{reason}. Allowed: {problem.allowed}." if problem.allowed else f"{reason}."


def _path(text: str) -> Path:
    return tuple(int(number) if number else name for number, name in _STEP.findall(text))


def _place(path: Path, on: Sheet) -> tuple[str, str] | None:
    """Return the prefix of the block and the name of the field, None where there is no such."""
    match path:
        case ["target", *rest]:
            return _field("target", singles.TARGET, rest)
        case ["schedule", "entries", int(place), *rest]:
            return _row(on, "entries", place, rest)
        case ["schedule", *rest]:
            return _field("schedule", singles.SCHEDULE, rest)
        case [str(part), int(place), *rest] if part in ROWS:
            return _row(on, part, place, rest)
    return None


def _row(on: Sheet, part: Part, place: int, path: Sequence[str | int]) -> tuple[str, str] | None:
    rows = {"sources": on.sources, "rules": on.rules, "entries": on.entries}[part]
    if place >= len(rows):
        return None
    block, prefix = rows[place], f"{part}-{place}"
    if path[:1] == ["when"] and block.kind != KEPT:
        return _in_group(block, prefix, path[1:])
    return _field(prefix, kinds.controls(part, block.kind), path)


def _in_group(rule: Block, prefix: str, path: Sequence[str | int]) -> tuple[str, str]:
    """Return the field of a condition: what leads through groups only says which one."""
    number = next((step for step in path if isinstance(step, int)), 0)
    is_one = rule.first("group") == "one" and len(rule.conditions) == 1
    last = next((step for step in reversed(path) if isinstance(step, str) and step != "of"), "")
    if number < len(rule.conditions) and (is_one or any(isinstance(one, int) for one in path)):
        condition = rule.conditions[number]
        fields = kinds.controls("conditions", condition.kind)
        found = _field(f"{prefix}-{number}", fields, _after_groups(path, last))
        if found is not None:
            return found
    return prefix, kinds.GROUP.name


def _after_groups(path: Sequence[str | int], last: str) -> Sequence[str | int]:
    return [last, *path[path.index(last) + 1 :]] if last else []


def _field(
    prefix: str, fields: Sequence[Control], path: Sequence[str | int]
) -> tuple[str, str] | None:
    """Return the field whose value the path leads to or through, else the first one."""
    steps = [str(step) for step in path]
    fitting = [one for one in fields if steps[: len(one.where)] == [*map(str, one.where)]]
    fitting.sort(key=lambda one: -len(one.where))
    near = [one for one in fields if steps and str(one.where[0]) == steps[0]]
    found = next(iter([*fitting, *near, *fields]), None)
    return (prefix, found.name) if found else None
