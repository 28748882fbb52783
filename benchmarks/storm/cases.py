"""Which faults each run meets: all there are, one after the other, or some at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from random import Random

from benchmarks.storm.faults import (
    AT_ONCE,
    BY_HAND,
    LATEST_SECONDS,
    NEVER,
    Fault,
    How,
    Lands,
)
from benchmarks.storm.scenarios import Case, Scenario, Uris, tracks
from benchmarks.storm.trial import Verdict

MOST_WRITES = 6
POSITIONS = (*(Lands(calls) for calls in range(1, 6)), Lands(1_000))
LOST = (How.KILL, How.CUT, How.FAIL)
AGAIN = (How.KILL, *BY_HAND)  # where the books may be wrong though the list is right
# A run that met a fault needs a few more calls and rows than one in peace.
MORE_CALLS, MORE_ROWS = 4, 8
LOOKS = 2  # reads after a fault
STALE_SHARE = 0.05
OUTAGE_SHARE = 0.1
REFUSED_SHARE = 0.2


def everything(scenario: Scenario, peace: Verdict) -> Iterator[Case]:
    """Yield a case for each crash point and each position where a late effect can land.

    Then each late effect together with each crash point, on the way and in what follows; with a
    refusal of what follows; and somebody's edit at each point with a refusal of what follows.
    """
    for fault in (*_at_calls(scenario, peace), *_late(peace), *_at_rows(peace)):
        again = scenario.mode == "replace" and fault.how in AGAIN
        yield Case(scenario, (fault,), again=again)
    for before, at in combinations(peace.writes, 2):
        hiccup, outage = Fault(before, How.FAIL, NEVER), Fault(at + LOOKS, How.OUTAGE)
        yield Case(scenario, (hiccup, outage))
    for at in peace.writes:
        late = Fault(at, How.CUT, Lands(1_000))
        for fault in _crashes(peace, beside=at):
            yield Case(scenario, (late, fault))
        for after in range(1, LOOKS + 3):
            refusal = Fault(at + after, How.REFUSE)
            for before in (late, *(Fault(at, how) for how in _hands(scenario))):
                yield Case(scenario, (before, refusal))


def _hands(scenario: Scenario) -> Iterator[How]:
    """Yield what somebody may do by hand, where it is known what must come of it."""
    yield from (How.ADD, How.TAKE)
    if scenario.mode == "replace":
        yield How.MOVE  # the wanted order is ours


def _at_calls(scenario: Scenario, peace: Verdict) -> Iterator[Fault]:
    for at in range(peace.calls):
        for how in (*LOST, How.STALL):
            yield Fault(at, how, NEVER)
            if at in peace.writes:
                yield Fault(at, how, AT_ONCE)
        for how in (How.LIMIT, How.REFUSE, How.STALE, How.OUTAGE):
            yield Fault(at, how)
        if peace.writes and at >= peace.writes[0]:
            yield from (Fault(at, how) for how in _hands(scenario))


def _late(peace: Verdict) -> Iterator[Fault]:
    for at, how, lands in product(peace.writes, (*LOST, How.STALL), POSITIONS):
        yield Fault(at, how, lands)


def _at_rows(peace: Verdict) -> Iterator[Fault]:
    for at, how in product(range(peace.rows), (How.KILL, How.STALL)):
        yield Fault(at, how, in_rows=True)


def _crashes(peace: Verdict, *, beside: int) -> Iterator[Fault]:
    """Yield every crash point of a run whose call ``beside`` is lost; what follows may write."""
    for at in range(peace.calls + MORE_CALLS):
        if at == beside:
            continue
        yield Fault(at, How.KILL, NEVER)
        if at in peace.writes or at > beside:
            yield Fault(at, How.KILL, AT_ONCE)
    for at in range(peace.rows + MORE_ROWS):
        yield Fault(at, How.KILL, in_rows=True)


def at_random(seed: int, number: int) -> Case:
    """Return a case with up to four faults, an outage, a refusal and two edits by hand.

    It is the same for the same two numbers.
    """
    dice = Random(f"{seed}/{number}")
    scenario = _scenario(dice, f"random {seed}/{number}")
    faults = [_fault(dice) for _ in range(dice.randint(1, 4))]
    if dice.random() < OUTAGE_SHARE:
        faults.append(Fault(dice.randrange(10), How.OUTAGE))
    if dice.random() < REFUSED_SHARE:
        faults.append(Fault(dice.randrange(14), How.REFUSE))
    hands = [_hand(dice, scenario) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
    if scenario.by_hand == "overwrite":
        hands = []
    return Case(
        scenario,
        (*hands, *faults),
        STALE_SHARE,
        seed=dice.randrange(10**9),
        again=scenario.mode == "replace" and bool(hands or scenario.earlier),
    )


def _fault(dice: Random) -> Fault:
    if dice.random() < 0.25:
        return Fault(dice.randrange(40), dice.choice((How.KILL, How.STALL)), in_rows=True)
    how = dice.choice((*LOST, *LOST, How.STALL, How.LIMIT, How.STALE))
    late = Lands(dice.choice((1, 2, 3, 5, 1_000)), dice.uniform(0.5, LATEST_SECONDS))
    return Fault(dice.randrange(14), how, dice.choice((NEVER, AT_ONCE, late, late)))


def _hand(dice: Random, scenario: Scenario) -> Fault:
    return Fault(dice.randrange(10), dice.choice([*_hands(scenario)]))


def _scenario(dice: Random, name: str) -> Scenario:
    kind = dice.choice(("put", "put", "put", "append", "managed", "overwrite", "insert", "new"))
    dates = dice.choice(("budget", "budget", "strict", "cheapest"))
    slices = dice.random() < 0.2
    if kind == "insert":
        return _inserting(dice, name, slices=slices)
    pool = tracks(*range(dice.choice((4, 12, 60))))
    current, wanted, earlier = (_some(dice, pool) for _ in range(3))
    match kind:
        case "append":
            expected = current + wanted
            return Scenario(name, current, wanted, expected, mode="append", slices=slices)
        case "new":
            return Scenario(name, (), wanted, wanted, is_new=True, slices=slices)
        case "managed":
            return Scenario(
                name, earlier, wanted, wanted, dates=dates, earlier=earlier, slices=slices
            )
        case "overwrite":
            return Scenario(
                name,
                current,
                wanted,
                wanted,
                dates=dates,
                by_hand="overwrite",
                earlier=earlier,
                slices=slices,
            )
    return Scenario(name, current, wanted, wanted, dates=dates, slices=slices)


def _some(dice: Random, pool: Uris) -> Uris:
    most = 130 if dice.random() < 0.1 else 25
    return tuple(dice.choices(pool, k=dice.randint(1, most)))


def _inserting(dice: Random, name: str, *, slices: bool) -> Scenario:
    """Put items back into what is left of a list without copies: then it is that list again."""
    whole = tracks(*dice.sample(range(60), k=dice.randint(2, 30)))
    out = set(dice.sample(whole, k=dice.randint(1, len(whole) - 1)))
    left = tuple(uri for uri in whole if uri not in out)
    wanted = tuple(uri for uri in whole if uri in out)
    return Scenario(name, left, wanted, whole, mode="insert", context=whole, slices=slices)
