"""What a recipe makes of its sources: the list, and what each rule left out and why.

Pure: the same sources and surroundings give the same list, so a run that is repeated changes
nothing. What no call can put into a playlist (local files, items that are not available) is left
out first, so that it takes no place of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from playlists.recipes import judging, limiting, ordering
from playlists.recipes.candidates import Candidate
from playlists.recipes.definition import Definition
from playlists.recipes.judging import NO, UNKNOWN, YES, Answers, Surroundings
from playlists.recipes.rules import (
    Drop,
    DropBlocked,
    Duplicates,
    Interleave,
    Keep,
    Limit,
    Rule,
    Shuffle,
    Sort,
    Space,
)

EXAMPLES = 5
_LOCAL = "a local file"
_UNAVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Example:
    """A track that was left out."""

    track: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the list at one rule."""

    rule: int  # its place in the definition
    before: int
    after: int
    unknown: int = 0  # tracks for which the answer is not known
    examples: tuple[Example, ...] = ()

    @property
    def dropped(self) -> int:
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The list that a recipe wants, and how it came about."""

    tracks: tuple[Candidate, ...]
    steps: tuple[Step, ...]
    local: int = 0  # local files that no call can put into a playlist
    unavailable: int = 0  # items of which Spotify says nothing
    unputtable: tuple[Example, ...] = ()  # some of both

    @property
    def uris(self) -> list[str]:
        return [track.uri for track in self.tracks]


def evaluate(recipe: Definition, tracks: Iterable[Candidate], around: Surroundings) -> Evaluation:
    """Return what the rules make of the tracks of all sources, which come in their order."""
    everything = list(tracks)
    found = [track for track in everything if track.can_be_put]
    odd = [track for track in everything if not track.can_be_put]
    steps = []
    for place, rule in enumerate(recipe.rules):
        before = found
        found, answers, reasons = _applied(rule, before, recipe=recipe, around=around)
        steps.append(
            Step(
                rule=place,
                before=len(before),
                after=len(found),
                unknown=answers.count(UNKNOWN),
                examples=_examples(before, reasons),
            )
        )
    local = sum(track.is_local for track in odd)
    return Evaluation(
        tracks=tuple(found),
        steps=tuple(steps),
        local=local,
        unavailable=len(odd) - local,
        unputtable=tuple(
            Example(track, _LOCAL if track.is_local else _UNAVAILABLE) for track in odd[:EXAMPLES]
        ),
    )


def _applied(
    rule: Rule, tracks: list[Candidate], *, recipe: Definition, around: Surroundings
) -> tuple[list[Candidate], Answers, Mapping[int, str]]:
    """Return the tracks after the rule, the answers to its condition, and why tracks are out."""
    answers, reasons = b"", {}
    match rule:
        case Keep() | Drop():
            answers = judging.judge(rule.when, tracks, recipe=recipe, around=around)
            reasons = _unkept(answers) if isinstance(rule, Keep) else _dropped(answers)
        case DropBlocked():
            answers = judging.blocked(tracks, around=around)
            reasons = _dropped(answers)
        case Duplicates():
            reasons = limiting.doubled(tracks, rule)
        case Limit():
            reasons = limiting.beyond(tracks, rule)
        case Sort() | Shuffle() | Space() | Interleave():
            return _ordered(rule, tracks, recipe=recipe, around=around), b"", {}
    kept = [track for place, track in enumerate(tracks) if place not in reasons]
    return kept, answers, reasons


def _ordered(
    rule: Sort | Shuffle | Space | Interleave,
    tracks: Sequence[Candidate],
    *,
    recipe: Definition,
    around: Surroundings,
) -> list[Candidate]:
    match rule:
        case Sort():
            return ordering.ordered(tracks, rule.by)
        case Shuffle():
            today = around.now.astimezone(around.zone).date()
            return ordering.shuffled(tracks, rule, today=today)
        case Space():
            return ordering.spaced(tracks, apart=rule.apart)
        case Interleave():
            return ordering.interleaved(tracks, sources=len(recipe.sources), weights=rule.weights)


def _unkept(answers: Answers) -> dict[int, str]:
    reasons = {NO: "does not fit", UNKNOWN: "not known"}
    return {place: reasons[answer] for place, answer in enumerate(answers) if answer != YES}


def _dropped(answers: Answers) -> dict[int, str]:
    return {place: "fits" for place, answer in enumerate(answers) if answer == YES}


def _examples(tracks: Sequence[Candidate], reasons: Mapping[int, str]) -> tuple[Example, ...]:
    return tuple(Example(tracks[place], reasons[place]) for place in sorted(reasons)[:EXAMPLES])
