"""What can be done with a list of tracks, one rule after the other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from playlists.recipes import conditions
from playlists.recipes.conditions import Condition, Same
from playlists.recipes.parts import Count, Part, Text, refuse

Which = Literal["first", "last"]
Period = Literal["never", "day", "week", "month"]
SortField = Literal[
    "title",
    "artist",
    "album",
    "added",
    "released",
    "duration",
    "explicit",
    "isrc",
    "source",
    "position",
]
Weight = Annotated[int, Field(ge=1, le=100)]


class Filter(Part):
    when: Condition

    @model_validator(mode="after")
    def _is_not_too_deep(self) -> Filter:
        if conditions.depth(self.when) > conditions.DEEPEST:
            raise refuse(
                f"has more than {conditions.DEEPEST} groups of conditions inside one another"
            )
        return self


class Keep(Filter):
    """Keep only the tracks for which the answer is yes."""

    kind: Literal["keep"]


class Drop(Filter):
    """Take out the tracks for which the answer is yes."""

    kind: Literal["drop"]


class DropBlocked(Part):
    """Take out what is on the person's block list."""

    kind: Literal["block"]


class Duplicates(Part):
    """Of tracks that are the same keep one, where it stands."""

    kind: Literal["duplicates"]
    same: Same = "track"
    """song: also those with the same ISRC, or the same title and artist within 2 seconds."""
    keep: Literal["first", "last", "oldest", "newest", "longest", "shortest"] = "first"
    """oldest and newest go by the date on which a track was added."""


class Key(Part):
    field: SortField
    order: Literal["ascending", "descending"] = "ascending"


class Sort(Part):
    """Order by the first field, equal ones by the next; what is unknown comes last."""

    kind: Literal["sort"]
    by: Annotated[tuple[Key, ...], Field(min_length=1, max_length=5)]


class Shuffle(Part):
    """Put in an order that chance decides once for each period: a new track moves no other."""

    kind: Literal["shuffle"]
    seed: Text
    again: Period = "never"


class Space(Part):
    """Let other artists come between two tracks of one, as far as there are enough."""

    kind: Literal["space"]
    apart: Annotated[int, Field(ge=1, le=50)]
    """How many tracks of others lie between."""


class Interleave(Part):
    """Take from each source in turn."""

    kind: Literal["interleave"]
    weights: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=20)] | None = None
    """How many to take in each turn, one number for each source; 1 where it is left out."""


class Limit(Part):
    """Keep no more than this."""

    kind: Literal["limit"]
    most: Count
    unit: Literal["tracks", "minutes"] = "tracks"
    per: Literal["list", "artist", "source"] = "list"
    """artist: the one who is named first."""
    which: Which = "first"


Rule = Annotated[
    Keep | Drop | DropBlocked | Duplicates | Sort | Shuffle | Space | Interleave | Limit,
    Field(discriminator="kind"),
]
