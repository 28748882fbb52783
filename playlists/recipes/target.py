"""What a recipe makes of its tracks: which playlist, how, and what must not happen to it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from playlists.recipes.parts import (
    Account,
    Count,
    Days,
    Description,
    Name,
    Part,
    PlaylistId,
    refuse,
)


class Bound(Part):
    """A playlist that is there."""

    kind: Literal["bound"]
    id: PlaylistId


class New(Part):
    """A playlist to be made at the first run, once."""

    kind: Literal["new"]
    name: Name


class Mirror(Part):
    """Hold what the recipe says, in its order, woven into what people did by hand."""

    kind: Literal["mirror"]


class Replace(Part):
    """Hold what the recipe says and nothing else, whatever was done by hand."""

    kind: Literal["replace"]


class AddMissing(Part):
    """Add at the end, once, each track that is not in the playlist; take nothing out."""

    kind: Literal["add_missing"]


class Append(Part):
    """Add at the end what the playlist lacks, as often as the recipe has it; take nothing out."""

    kind: Literal["append"]


class Prepend(Part):
    """Add at the top what the playlist lacks, as often as the recipe has it; take nothing out."""

    kind: Literal["prepend"]


class Rolling(Part):
    """Add what is new, and let go of what the recipe no longer brings: the oldest first.

    What the recipe still brings stays, or it would come again with the next run; of more tracks
    than the window holds, the first ones count.
    """

    kind: Literal["rolling"]
    count: Count | None = None
    """How many tracks the window holds."""
    days: Days | None = None
    """How long a track stays."""
    at: Literal["end", "start"] = "end"
    """Where new tracks go."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Rolling:
        if self.count is None and self.days is None:
            raise refuse("needs count or days, or both")
        return self


Mode = Annotated[
    Mirror | Replace | AddMissing | Append | Prepend | Rolling, Field(discriminator="kind")
]


class Guards(Part):
    """How far a run goes without asking; the site's own bounds where one is left out."""

    share: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many per cent of the playlist a run may take out."""
    calls: Count | None = None
    """How many changes a run may make at Spotify."""


class Target(Part):
    account: Account
    """Whose playlist it is."""
    playlist: Annotated[Bound | New, Field(discriminator="kind")]
    mode: Mode
    by_hand: Literal["keep", "overwrite"] | None = None
    """Whether changes by hand stay. Left out: keep, but overwrite with the mode replace."""
    dates: Literal["budget", "strict", "cheapest"] = "budget"
    """What keeping the date on which a track was added may cost."""
    guards: Guards = Guards()
    name: Name | None = None
    """The name that the playlist gets with each run; left as it is where this is left out."""
    description: Description | None = None
    """The same for its description."""

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Target:
        if self.by_hand == "keep" and isinstance(self.mode, Replace):
            raise refuse(
                "has by_hand keep with the mode replace, which overwrites changes by hand: "
                "take the mode mirror, or leave by_hand out"
            )
        return self

    @property
    def overwrites(self) -> bool:
        """Say whether changes by hand are undone."""
        return self.by_hand == "overwrite" or isinstance(self.mode, Replace)

    @property
    def playlist_id(self) -> str:
        """Return the id, empty while the playlist is not made."""
        return self.playlist.id if isinstance(self.playlist, Bound) else ""
