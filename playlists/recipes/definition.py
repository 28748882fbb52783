"""The definition of a recipe: one schema, checked whenever it is saved, previewed, due or imported.

``read`` takes JSON text, ``check`` the same as plain data; both raise ``NotADefinition``, whose
problems name the field and what is allowed. ``data`` and ``text`` give back what was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator

from playlists.recipes import conditions, patterns, problems, reading
from playlists.recipes.conditions import Condition
from playlists.recipes.parts import MOST_ITEMS, Part, refuse
from playlists.recipes.problems import NotADefinition, Problem
from playlists.recipes.rules import Drop, Interleave, Keep, Rule
from playlists.recipes.sources import Source, Uris
from playlists.recipes.target import Target

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

Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class Hourly(Part):
    kind: Literal["hourly"]
    every_hours: Annotated[int, Field(ge=1, le=744)]


class Daily(Part):
    kind: Literal["daily"]
    at: Time


class Weekly(Part):
    kind: Literal["weekly"]
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    at: Time

    @field_validator("days")
    @classmethod
    def _are_different(cls, days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
        if len(set(days)) < len(days):
            raise refuse("name a day twice")
        return days


class Monthly(Part):
    kind: Literal["monthly"]
    day: Annotated[int, Field(ge=1, le=31)]
    """A month that is too short for it has it on its last day, so 31 is always the last."""
    at: Time


class Cron(Part):
    kind: Literal["cron"]
    text: Annotated[str, Field(min_length=9, max_length=100)]
    """Five fields: minute, hour, day of the month, month, day of the week."""

    @field_validator("text")
    @classmethod
    def _has_five_fields(cls, text: str) -> str:
        if len(text.split()) != 5:
            raise refuse('is not cron text: it needs five fields, as in "0 5 * * 1"')
        return text


Entry = Annotated[Hourly | Daily | Weekly | Monthly | Cron, Field(discriminator="kind")]


class Quiet(Part):
    """Hours in which no run starts; they may go past midnight."""

    start: Time
    end: Time

    @model_validator(mode="after")
    def _is_not_all_day(self) -> Quiet:
        if self.start == self.end:
            raise refuse("starts when it ends")
        return self


class Schedule(Part):
    """When runs start by themselves."""

    entries: Annotated[tuple[Entry, ...], Field(max_length=10)] = ()
    """None: only when somebody says so."""
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    quiet: Quiet | None = None
    paused: bool = False

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
            raise refuse('is not a time zone such as "Europe/Berlin"') from None
        return name


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
