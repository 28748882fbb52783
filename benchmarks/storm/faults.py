"""What can befall a run at one exact place: at one of its calls, or at a write of its rows.

The worker dies or stalls, an answer is lost or is a 502, a read is old, somebody edits the list.
The effect of a call whose answer is lost comes at once, later, or never.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

LATEST_SECONDS = 40.0  # Spotify brings an effect about within the settle wait, or not at all
STALE_SECONDS = 5.0  # so old may a read be; with the above still less than the settle wait
STALL_SECONDS = 25.0  # longer than a lease
OUTAGE_SECONDS = 170.0  # a write is tried three or four times in it


class How(Enum):
    KILL = "the worker dies"
    CUT = "no answer comes"
    FAIL = "the answer is a 502"
    STALL = "it takes longer than the lease, so another worker takes over"
    LIMIT = "the answer is a 429"
    REFUSE = "the answer is a 400"
    OUTAGE = "no write works for three minutes"
    STALE = "the read shows an old list"
    ADD = "somebody adds a track"
    TAKE = "somebody takes a track out"
    MOVE = "somebody moves a track"


@dataclass(frozen=True, slots=True)
class Lands:
    """When a call's effect comes: after so many more calls, or when so much time has passed."""

    calls: int
    seconds: float = LATEST_SECONDS


AT_ONCE = Lands(0, 0.0)
NEVER = None


@dataclass(frozen=True, slots=True)
class Fault:
    at: int
    how: How
    lands: Lands | None = AT_ONCE
    in_rows: bool = False  # ``at`` counts the writes of rows, not the calls

    def __str__(self) -> str:
        place = f"{'row' if self.in_rows else 'call'} {self.at}"
        if self.in_rows or self.how in UNHURT:
            return f"{place}: {self.how.value}"
        lands = self.lands
        if lands is None:
            return f"{place}: {self.how.value}, without effect"
        when = f"{lands.calls} calls or {lands.seconds:.0f} s later"
        return f"{place}: {self.how.value}, effect {'at once' if lands == AT_ONCE else when}"


BY_HAND = (How.ADD, How.TAKE, How.MOVE)
# These say themselves what becomes of the effect.
UNHURT = (How.LIMIT, How.REFUSE, How.OUTAGE, How.STALE, *BY_HAND)
