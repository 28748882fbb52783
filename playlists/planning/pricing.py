"""How many additions and moves it takes to keep some pieces of a list where they are wanted.

Seen backwards, from the wanted list: strips are kept items that stand together now and then, and
between them are gaps of new items. Moves exchange two neighbouring parts; gaps that meet are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from playlists.planning.edits import NEW

# A wanted list as strips, numbered as they stand now, and gaps (their lengths below zero). The
# first and the last number are the strips at the ends, which may be empty.
Pattern = tuple[int, ...]
# Cut a list at three places: the two parts between exchange their places.
Cut = tuple[int, int, int]

# How many exchanges are looked at for one answer.
MOST_LOOKS = 5
# Not looked at is what costs more than so many calls too many.
MOST_OVER = 2
# Longer patterns than this are priced by their best chain alone.
MOST_PIECES = 48
# A chain is looked for so many strips back.
MOST_BACK = 40


class Pricer:
    """Says which patterns so many additions and moves can make, and remembers it."""

    def __init__(self, batch: int) -> None:
        self.steps = 0
        self._looks = 0
        self._batch = batch
        self._chains: dict[Pattern, int] = {}
        self._cuts: dict[tuple[Pattern, int], Cut | None] = {}

    def fits(self, pattern: Pattern, calls: int) -> bool:
        self._looks = MOST_LOOKS
        return self._within(pattern, calls)

    def _within(self, pattern: Pattern, calls: int) -> bool:
        return self._by_chain(pattern) <= calls or self.cut(pattern, calls) is not None

    def _by_chain(self, pattern: Pattern) -> int:
        price = self._chains.get(pattern)
        if price is None:
            self.steps += 10 + len(pattern) * min(len(pattern), MOST_BACK) // 4
            price = self._chains[pattern] = chain_price(pattern, self._batch)
        return price

    def cut(self, pattern: Pattern, calls: int) -> Cut | None:
        """Return an exchange after which one call less is enough, or None where that is not so."""
        over = self._by_chain(pattern) - calls
        if not 0 < over <= MOST_OVER:
            return None
        gaps = [piece for piece in pattern if piece < 0]
        # An addition fills one gap, and a move makes one of two at most.
        if len(gaps) > calls:
            return None
        new = -sum(gaps)
        # An addition joins two pairs of pieces at most, a move three.
        spare = 3 * calls - -(-new // self._batch) - (len(pattern) - 1)
        if spare < 0 or len(pattern) > MOST_PIECES:
            return None
        key = (pattern, calls)
        if key not in self._cuts:
            self._cuts[key] = None
            self._cuts[key] = self._search(pattern, calls, spare)
        return self._cuts[key]

    def _search(self, pattern: Pattern, calls: int, spare: int) -> Cut | None:
        self.steps += 4 * len(pattern)
        for cut in joining(pattern, least=3 if not spare else 2):
            other = exchanged(pattern, cut, self._batch)
            self.steps += 15 + len(pattern)
            self._looks -= 1
            if self._within(other, calls - 1):
                return cut
            if self._looks <= 0:
                break
        return None


def exchanged(pattern: Pattern, cut: Cut, batch: int) -> Pattern:
    """Exchange two parts; merge what stands together now and gaps that meet; number anew."""
    i, j, k = cut
    pieces = pattern[: i + 1] + pattern[j + 1 : k + 1] + pattern[i + 1 : j + 1] + pattern[k + 1 :]
    merged: list[int] = []
    last = -1 << 60
    for piece in pieces:
        if piece < 0 and last < 0 and merged:
            merged[-1] += piece
        elif piece != last + 1 or piece < 1:
            merged.append(piece)
        last = piece
    return numbered(merged, batch)


def numbered(pieces: Sequence[int], batch: int) -> Pattern:
    """Number the strips without a hole; gaps have a size where one call could not fill them all."""
    numbers = {piece: n for n, piece in enumerate(sorted([p for p in pieces if p >= 0]))}
    one_call = -sum([piece for piece in pieces if piece < 0]) <= batch
    return tuple([numbers[piece] if piece >= 0 else NEW if one_call else piece for piece in pieces])


def chain_price(pattern: Pattern, batch: int) -> int:
    """Return the fewest calls if a chain of strips stays and each other strip moves by itself."""
    price = [0] * len(pattern)
    for t in range(1, len(pattern)):
        own = pattern[t]
        if own < 0:
            continue
        best = len(pattern) * batch
        new = moves = 0
        for s in range(t - 1, -1, -1):
            piece = pattern[s]
            if piece < 0:
                new += piece
                continue
            if moves >= best or moves > MOST_BACK:
                break
            if piece < own:
                cost = price[s] + moves - new // batch
                if cost < best:  # noqa: PLR1730 -- a call of min takes longer than all the rest
                    best = cost
            moves += 1
        price[t] = best
    return price[-1]


def joining(pattern: Pattern, *, least: int) -> Iterator[Cut]:
    """Yield the exchanges that join three pairs of pieces, then, if asked, those that join two."""
    where = {piece: place for place, piece in enumerate(pattern) if piece >= 0}
    gaps = [place for place, piece in enumerate(pattern) if piece < 0]
    last = len(pattern) - 1
    # What may follow a piece, and what may stand before it.
    after = [gaps if p < 0 else [where[p + 1]] if p + 1 in where else [] for p in pattern]
    before = [gaps if p < 0 else [where[p - 1]] if p > 0 else [] for p in pattern]
    twos: dict[Cut, None] = {}
    for i in range(last - 1):
        ks = [k for k in before[i + 1] if i + 1 < k < last]
        js = [v - 1 for v in after[i] if v - 1 > i]
        for j in js:
            for k in ks:
                if j < k and k + 1 in after[j]:
                    yield i, j, k
                elif j < k:
                    twos[i, j, k] = None
            for z in after[j]:
                if z - 1 > j and z - 1 not in ks:
                    twos[i, j, z - 1] = None
        for k in ks:
            for j in before[k + 1]:
                if i < j < k and j not in js:
                    twos[i, j, k] = None
    if least < 3:
        yield from twos


def pieces(order: Sequence[int], origin: Sequence[int], batch: int) -> tuple[Pattern, list[int]]:
    """Return the pattern of ``order`` (indexes of wanted items) and where each piece ends."""
    rank = {place: n for n, place in enumerate(sorted(p for p in origin if p != NEW))}
    found = [0]
    ends = [0]
    last = -1
    for end, index in enumerate(order, start=1):
        if origin[index] == NEW:
            number = NEW
            joined = found[-1] < 0
            if joined:
                found[-1] -= 1
        else:
            number = rank[origin[index]]
            joined = found[-1] >= 0 and number == last + 1
        if joined:
            ends[-1] = end
        else:
            found.append(number + 1 if number != NEW else NEW)
            ends.append(end)
        last = number
    if found[-1] < 0 or last != len(rank) - 1:
        found.append(len(rank) + 1)
        ends.append(len(order))
    return numbered(found, batch), ends
