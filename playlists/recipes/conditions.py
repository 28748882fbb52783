"""What can be asked of a track, alone or in groups; the answer is yes, no or unknown.

Unknown is an answer of its own (Kleene's logic): the negation of unknown is unknown, too. Rules act
only on a yes, so nobody loses a track over a fact that Spotify did not tell by a rule that drops.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from playlists.recipes import patterns
from playlists.recipes.parts import Account, Day, Days, Part, PlaylistId, Seconds, Text, refuse

P = TypeVar("P", bound=Part)

DEEPEST = 5
Same = Literal["track", "song"]
TextField = Literal["title", "artist", "album"]
DateField = Literal["added", "released"]


class Contains(Part):
    kind: Literal["contains"]
    field: TextField
    text: Text
    """Upper and lower case are the same."""


class Is(Part):
    kind: Literal["is"]
    field: TextField
    text: Text
    """The whole of it; upper and lower case are the same. Of several artists, one is enough."""


class Matches(Part):
    kind: Literal["matches"]
    field: TextField
    pattern: Annotated[str, Field(min_length=1, max_length=patterns.LONGEST)]
    """A regular expression in RE2's syntax, found anywhere in the text."""
    exact_case: bool = False

    @field_validator("pattern")
    @classmethod
    def _can_be_used(cls, pattern: str) -> str:
        try:
            patterns.compiled(pattern)
        except patterns.Refused as exc:
            raise refuse(f"is not a regular expression that can be used: {exc}") from None
        return pattern


class On(Part):
    """A date between two days, both included, in the time zone of the schedule."""

    kind: Literal["date"]
    field: DateField
    since: Day | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> On:
        return _bounded(self, "since", "until")


class Age(Part):
    """How long ago the date is, counted from the run."""

    kind: Literal["age"]
    field: DateField
    at_least_days: Days | None = None
    at_most_days: Days | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Age:
        return _bounded(self, "at_least_days", "at_most_days")


class Duration(Part):
    kind: Literal["duration"]
    at_least: Seconds | None = None
    at_most: Seconds | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> Duration:
        return _bounded(self, "at_least", "at_most")


class Explicit(Part):
    kind: Literal["explicit"]


class InPlaylist(Part):
    """In at least one of these playlists."""

    kind: Literal["in_playlist"]
    playlists: Annotated[tuple[PlaylistId, ...], Field(min_length=1, max_length=50)]
    account: Account | None = None
    """Whose access reads them; that of the target where it is left out."""
    same: Same = "track"


class InMyPlaylists(Part):
    """In at least one playlist that the account owns, the target left aside."""

    kind: Literal["in_my_playlists"]
    account: Account | None = None
    same: Same = "track"


class IsLiked(Part):
    kind: Literal["liked"]
    account: Account | None = None
    same: Same = "track"


class Blocked(Part):
    """On the person's block list of tracks and artists."""

    kind: Literal["blocked"]


class All(Part):
    kind: Literal["all"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=20)]


class Any(Part):
    kind: Literal["any"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=20)]


class Not(Part):
    kind: Literal["not"]
    of: Condition


Single = (
    Contains
    | Is
    | Matches
    | On
    | Age
    | Duration
    | Explicit
    | InPlaylist
    | InMyPlaylists
    | IsLiked
    | Blocked
)
Condition = Annotated[Single | All | Any | Not, Field(discriminator="kind")]
for _group in (All, Any, Not):
    _group.model_rebuild()


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield the condition and all that it is made of."""
    yield condition
    for part in parts(condition):
        yield from walk(part)


def parts(condition: Condition) -> tuple[Condition, ...]:
    if isinstance(condition, All | Any):
        return condition.of
    return (condition.of,) if isinstance(condition, Not) else ()


def depth(condition: Condition) -> int:
    """Return how many groups lie inside one another."""
    inner = parts(condition)
    return 1 + max(map(depth, inner)) if inner else 0


def _bounded(part: P, low: str, high: str) -> P:
    least, most = getattr(part, low), getattr(part, high)
    if least is None and most is None:
        raise refuse(f"needs {low} or {high}, or both")
    if least is not None and most is not None and least > most:
        raise refuse(f"has {low} beyond {high}: no track can be both")
    return part
