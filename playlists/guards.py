"""What a run must not do without a person's word: each guard says how far it was overstepped.

A run that trips one is held: nothing is written until somebody approves it. An approval counts for
as much as was shown: where more would happen by then, the run is held again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from playlists.models import Run
from playlists.plan import Plan
from playlists.spotify import Item

EMPTY = "empty"
SHRINKS = "shrinks"
PARTIAL = "partial"
EPISODES = "episodes"
COSTLY = "costly"
QUARREL = "quarrel"

# In the order in which they are named: the gravest first.
SENTENCES = {
    EMPTY: "The list is empty now: all {number} items would be taken out of the playlist.",
    PARTIAL: "What the list is made of could be read only in part.",
    SHRINKS: "{number} items would be taken out of the playlist: more than {share} %.",
    EPISODES: "{number} episode{s} would be taken out of the playlist.",
    COSTLY: "It would take {number} changes at Spotify; at most {most} are made without asking.",
    QUARREL: "Something else has undone our change again ({number} items): it keeps changing the "
    "playlist back.",
}
_EPISODE = "spotify:episode:"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a run is about to do to a playlist."""

    now: Sequence[Item]
    goal: Sequence[str]
    plan: Plan
    partial: bool = False
    undone: int = 0  # items that something else changed back, for the second time


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a run may go without a person's word."""

    share: int  # per cent of the playlist that may go
    calls: int  # changes at Spotify


def limits_of(run: Run) -> Limits:
    """Return what the run's recipe says, and what the site says where it is silent."""
    own = run.target.get("guards", {})
    return Limits(
        share=own.get("share") or settings.GUARD_SHARE,
        calls=own.get("calls") or settings.GUARD_CALLS,
    )


def tripped(prospect: Prospect, limits: Limits) -> dict[str, int]:
    """Return how far each guard is overstepped; empty where none is."""
    leaving = Counter(item.uri for item in prospect.now) - Counter(prospect.goal)
    removed, length = leaving.total(), len(prospect.now)
    episodes = sum(copies for uri, copies in leaving.items() if uri.startswith(_EPISODE))
    is_empty = not prospect.goal and length > 0
    found = {
        EMPTY: length if is_empty else 0,
        PARTIAL: int(prospect.partial),
        SHRINKS: removed if removed * 100 > limits.share * length and not is_empty else 0,
        EPISODES: episodes if not is_empty else 0,
        COSTLY: prospect.plan.calls if prospect.plan.calls > limits.calls else 0,
        QUARREL: prospect.undone,
    }
    return {code: number for code, number in found.items() if number}


def standing(tripped: Mapping[str, int], approved: Mapping[str, int]) -> dict[str, int]:
    """Return what a person has not approved yet, or not as far as it goes."""
    return {code: number for code, number in tripped.items() if number > approved.get(code, 0)}


def sentences(tripped: Mapping[str, int], limits: Limits) -> list[str]:
    return [
        words.format(
            number=f"{tripped[code]:,}",
            s="" if tripped[code] == 1 else "s",
            share=limits.share,
            most=f"{limits.calls:,}",
        )
        for code, words in SENTENCES.items()
        if code in tripped
    ]
