"""Which URI makes Spotify refuse a call: the call is halved until the cause is alone.

A 502 on a write may be for ever, because of one dead URI in it (spotify-api.md 3.7). A URI is
called dead only where other writes work meanwhile: an outage must not cost a track.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from playlists.plan import Add, Edit, Replace

PATIENCE = 3  # refusals of a call, one settle wait apart
PATIENCE_ONCE_HALVED = 2


@dataclass(frozen=True, slots=True)
class Halving:
    """What is set aside, and what was found."""

    aside: tuple[tuple[str, ...], ...] = ()  # halves that wait for their turn, the next one last
    doubted: tuple[str, ...] = ()  # refused alone, while it was not known whether others work
    dead: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        aside = tuple(tuple(group) for group in value.get("aside", ()))
        return cls(aside, tuple(value.get("doubted", ())), tuple(value.get("dead", ())))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def left(self) -> frozenset[str]:
        """Return what is not to be brought now."""
        return frozenset(self.dead).union(*self.aside)

    def next_try(self) -> Self:
        """Take the next group back in."""
        return replace(self, aside=self.aside[:-1])

    def after_refusal(self, edit: Edit, *, refusals: int, others_work: bool) -> Self | None:
        """Go on without a part of ``edit``; None where it is simply tried again."""
        if not isinstance(edit, Add | Replace):
            return None
        if refusals < (PATIENCE_ONCE_HALVED if self.aside or self.doubted else PATIENCE):
            return None
        uris = tuple(dict.fromkeys(edit.uris))
        if len(uris) > 1:
            half = len(uris) // 2
            return replace(self, aside=(*self.aside, uris[half:]))
        is_doubted = uris[0] in self.doubted
        if others_work and (is_doubted or not self.aside):
            return replace(self, dead=(*self.dead, *uris))
        if self.aside and not is_doubted:
            others = self.aside[:-1]
            return replace(self, aside=(uris, *others), doubted=(*self.doubted, *uris))
        return None
