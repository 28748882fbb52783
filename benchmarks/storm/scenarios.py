"""The runs: a list as it is, what is wanted of it, and what it must be in the end."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.storm.faults import Fault

Uris = tuple[str, ...]
LOCAL = "spotify:local:Me:Demo:Song:180"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run. ``expected`` is written down here, not worked out by the engine."""

    name: str
    current: Uris
    wanted: Uris
    expected: Uris
    mode: str = "replace"
    dates: str = "budget"
    by_hand: str = "keep"
    context: Uris = ()
    earlier: Uris | None = None  # what an earlier run put there, so that the site manages the list
    at_once: bool = False  # that run has ended just now
    is_new: bool = False  # the playlist is still to be made
    slices: bool = False  # each worker makes one write and gives the run back


@dataclass(frozen=True, slots=True)
class Case:
    """A run, what befalls it, and the seed of everything else."""

    scenario: Scenario
    faults: tuple[Fault, ...] = ()
    stale: float = 0.0
    seed: int = 0
    again: bool = False  # once it is done, it is made again: then nothing may be left to do

    def __str__(self) -> str:
        return f"{self.scenario.name} | {'; '.join(map(str, self.faults)) or 'in peace'}"


def tracks(*numbers: int) -> Uris:
    return tuple(f"spotify:track:{number:022d}" for number in numbers)


def _put(name: str, current: Uris, wanted: Uris, **values: str | bool) -> Scenario:
    return Scenario(name, current, wanted, wanted, **values)  # type: ignore[arg-type]


def _append(name: str, current: Uris, wanted: Uris, **values: str | bool) -> Scenario:
    return Scenario(name, current, wanted, current + wanted, mode="append", **values)  # type: ignore[arg-type]


MANAGED = tracks(*range(10))
BY_PERSON = tracks(0, 1, 70, 2, 3, 5, 6, 7, 8, 9)  # 70 was put in, 4 taken out
NEXT = tracks(*range(2, 9), 11, 12, 0)

# All of them need at most six writes.
SCENARIOS = (
    _append("append", tracks(*range(5)), tracks(*range(10, 15))),
    _append("append copies", tracks(1, 2, 1), tracks(1, 2, 1)),
    _append("append three batches", tracks(1), tracks(*range(10, 230))),
    _append("append to nothing", (), tracks(1, 2, 3)),
    _put("remove and add", tracks(*range(8)), tracks(0, 1, 9, 3, 4, 10, 6, 7)),
    _put("only removals", tracks(*range(8)), tracks(1, 2, 5)),
    _put("move blocks", tracks(*range(12)), tracks(8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3)),
    _put("copies", tracks(1, 2, 1, 3, 1, 4), tracks(1, 3, 2, 4, 4)),
    _put("all at once", tracks(*range(30)), tracks(*range(40, 70)), dates="cheapest"),
    _put("strict", tracks(*range(6)), tracks(5, 0, 3, 7, 1, 4), dates="strict", slices=True),
    _put("empty it", tracks(1, 2, 3, 2), ()),
    _put("nothing to do", tracks(1, 2, 3, 2), tracks(1, 2, 3, 2)),
    _put("a local file moves", (*tracks(1, 2), LOCAL, *tracks(3)), (LOCAL, *tracks(3, 2, 5))),
    _put("exchange over a hundred", tracks(*range(110)), tracks(*range(200, 310)), slices=True),
    _put("make a playlist", (), tracks(1, 2, 3, 1), is_new=True),
    Scenario(
        "put back",
        current=tracks(1, 3, 5, 6),
        wanted=tracks(2, 4, 7),
        expected=tracks(1, 2, 3, 4, 5, 7, 6),  # 7 stood next to 5
        mode="insert",
        context=tracks(1, 2, 3, 4, 5, 7),
    ),
    Scenario(
        "keep what was done by hand",
        current=BY_PERSON,
        wanted=NEXT,
        expected=tracks(2, 3, 5, 6, 7, 8, 11, 12, 0, 70),
        earlier=MANAGED,
    ),
    Scenario(
        "overwrite what was done by hand",
        current=BY_PERSON,
        wanted=NEXT,
        expected=NEXT,
        by_hand="overwrite",
        earlier=MANAGED,
    ),
    Scenario(
        "one run after another",
        current=MANAGED,
        wanted=NEXT,
        expected=NEXT,
        earlier=MANAGED,
        at_once=True,
    ),
)
