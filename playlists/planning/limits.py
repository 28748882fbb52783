"""What no plan may overstep, and what is out of reach within it."""

from __future__ import annotations

BATCH = 100  # URIs in a call
MOST_ITEMS = 10_000  # as long as a list may be


class Unreachable(ValueError):
    """No such calls exist within the limits."""


class Unwritable(Unreachable):
    """A local file or an item that is not available would have to go: no call does that."""


def floor(current: int, wanted: int, batch: int) -> int:
    """Return the fewest items that the list may hold on its way from one length to the other."""
    return min(current, wanted) - batch
