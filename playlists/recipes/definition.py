"""The definition of a recipe: one schema, checked whenever it is saved, previewed, due or imported.

``read`` takes JSON text, ``check`` the same as plain data; both raise ``NotADefinition``, whose
problems name the field and what is allowed. ``data`` and ``text`` give back what was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from playlists.recipes import conditions, patterns, problems, reading
from playlists.recipes.conditions import Condition
from playlists.recipes.parts import MOST_ITEMS, Part, refuse
from playlists.recipes.problems import NotADefinition, Problem
from playlists.recipes.rules import Drop, Interleave, Keep, Rule
from playlists.recipes.sources import Source, Uris
from playlists.recipes.target import Target
from playlists.recipes.timetable import Schedule

__all__ = [
    "VERSION",
    "Definition",
    "NotADefinition",
    "Problem",
    "bound",
    "check",
    "data",
    "json_schema",
    "read",
    "text",
]

VERSION = 1
MOST_CONDITIONS = 200

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
# Each entry makes of a definition of that version one of the next. It is given what somebody
# wrote, unchecked: what it does not understand it leaves for the schema to refuse.
UPGRADES: Mapping[int, Upgrade] = {}


class Definition(Part):
    """A recipe: from these sources, by these rules in order, into this target, at these times."""

    version: Literal[1]
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=20)]
    rules: Annotated[tuple[Rule, ...], Field(max_length=50)] = ()
    target: Target
    schedule: Schedule = Schedule()

    @model_validator(mode="after")
    def _fits_together(self) -> Definition:
        for index, rule in enumerate(self.rules):
            if isinstance(rule, Interleave) and len(rule.weights or self.sources) != len(
                self.sources
            ):
                raise refuse(
                    f"needs one number for each source: {len(self.sources)}",
                    at=("rules", index, "weights"),
                )
        if sum(1 for _ in self.conditions) > MOST_CONDITIONS:
            raise refuse(
                f"have too many conditions: at most {MOST_CONDITIONS} are allowed in all",
                at=("rules",),
            )
        if sum(len(one.uris) for one in self.sources if isinstance(one, Uris)) > MOST_ITEMS:
            raise refuse(
                f"have too many lines: at most {MOST_ITEMS:,} are allowed in all", at=("sources",)
            )
        return self

    @model_validator(mode="after")
    def _has_patterns_that_end(self) -> Definition:
        matches = (one for one in self.conditions if isinstance(one, conditions.Matches))
        steps = (patterns.steps(one.pattern, exact_case=one.exact_case) for one in matches)
        if sum(steps) > patterns.MOST_STEPS:
            raise refuse(
                "have regular expressions that stand for too much together: use fewer, "
                "smaller numbers in braces, or fewer choices",
                at=("rules",),
            )
        return self

    @property
    def conditions(self) -> Iterator[Condition]:
        """Yield every condition of every rule, groups and what is in them."""
        for rule in self.rules:
            if isinstance(rule, Keep | Drop):
                yield from conditions.walk(rule.when)

    def account_of(self, part: Part) -> str:
        """Return the account whose access a source or a condition needs."""
        return getattr(part, "account", None) or self.target.account

    @property
    def accounts(self) -> frozenset[str]:
        """Return every account that the recipe needs: all must be the person's own."""
        parts = [self.target, *self.sources, *self.conditions]
        return frozenset(map(self.account_of, parts))


def read(text: str | bytes) -> Definition:
    """Read a definition from JSON; raise ``NotADefinition``."""
    return _valid(reading.read(text))


def check(data: Any) -> Definition:
    """Read a definition from plain data, as JSON has it; raise ``NotADefinition``."""
    reading.examine(data)
    return _valid(data)


def data(definition: Definition) -> dict[str, Any]:
    """Return the definition as plain data, without what it leaves out."""
    found: dict[str, Any] = definition.model_dump(mode="json", exclude_none=True)
    return found


def text(definition: Definition) -> str:
    """Return the definition as JSON for people to keep."""
    return json.dumps(data(definition), ensure_ascii=False, indent=2) + "\n"


def bound(definition: Definition, playlist_id: str) -> Definition:
    """Return the definition with its playlist made: bound by id, so that it is made only once."""
    made = data(definition)
    made["target"]["playlist"] = {"kind": "bound", "id": playlist_id}
    return check(made)


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema that definitions follow."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Definition.model_json_schema(),
    }


def upgraded(
    given: Any, *, upgrades: Mapping[int, Upgrade] = UPGRADES, newest: int = VERSION
) -> dict[str, Any]:
    """Return data of any version that is known as data of the newest one."""
    if not isinstance(given, dict):
        raise NotADefinition([Problem.at((), "is not an object")])
    data: dict[str, Any] = given
    known = " or ".join(str(one) for one in sorted({newest, *upgrades}))
    while True:
        version = data.get("version")
        if version is None:
            raise NotADefinition([Problem.at(("version",), "is missing", known)])
        if type(version) is not int:
            raise NotADefinition([Problem.at(("version",), "is not a whole number", known)])
        if version == newest:
            return data
        if version not in upgrades:
            raise NotADefinition([Problem.at(("version",), "is not known to this site", known)])
        data = {**upgrades[version](data), "version": version + 1}


def _valid(data: Any) -> Definition:
    data = upgraded(data)
    try:
        # By way of JSON, because lists and dates are what they are there even to strict models.
        return Definition.model_validate_json(json.dumps(data))
    except ValidationError as exc:
        raise NotADefinition(problems.found(exc, json_schema())) from None
