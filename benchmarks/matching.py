"""How often lines as people write them find their track, and how often a wrong one.

Each track gets recordings that are easily taken for it: live, a remix, a karaoke version, an
instrumental, another singer's, a remaster. A search that counts common words offers ten of all.
The lines are variants of what the track is called; some ask for the live version or the remix, and
some for a track that is not there.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import json
import random
import re
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import table
from playlists import matching, spelling
from playlists.formats import Line, freetext
from playlists.matching import MOST_CANDIDATES, State
from playlists.spotify import Item

DEFAULT_FILE = Path(__file__).parents[2] / "shared" / "playlist-histories" / "tracks.jsonl.gz"
_SAME_MS = 10_000
_COMMON = 400  # a word of more tracks than this finds nothing by itself
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Dice = random.Random
Write = Callable[[Item, Dice], str | Line]


@dataclass(frozen=True, slots=True)
class Case:
    """A line, and what it means; nothing is what is not there."""

    variant: str
    line: Line
    item: Item  # that the line was made of
    meant: Item | None


class Search:
    """Finds what shares the most and the rarest words with a line, as one of many would."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, item in enumerate(items):
            for word in set(_words(f"{item.title} {item.artists}")):
                self._places[word].append(place)

    def find(self, line: Line, *, without: Item | None = None) -> list[Item]:
        points: dict[int, float] = defaultdict(float)
        words = set(_words(f"{line.title} {line.artists}"))
        rare = {word: self._places[word] for word in words if word in self._places}
        least = min(map(len, rare.values()), default=0)
        for _, places in sorted(rare.items()):
            if len(places) <= max(_COMMON, least):
                for place in places:
                    points[place] += 1 / (10 + len(places))
        best = heapq.nlargest(40, points, key=lambda place: (points[place], -place))
        found = [self._items[place] for place in best]
        there = (item for item in found if without is None or not means(without, item))
        return list(there)[:MOST_CANDIDATES]


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("file", nargs="?", type=Path, default=DEFAULT_FILE, help="facts of tracks")
    options.add_argument("--tracks", type=int, default=2_000, help="tracks that lines are made of")
    options.add_argument("--seed", type=int, default=4, help="of the sample and the slips")
    options.add_argument("--wrong", action="store_true", help="name what was matched wrongly")
    given = options.parse_args()
    began = time.perf_counter()
    rows, totals, wrong = measure(list(facts(given)), tracks=given.tracks, seed=given.seed)
    totals["seconds"] = time.perf_counter() - began
    for one in wrong if given.wrong else ():
        print(one)
    table.show("Lines and what they are taken for", rows, totals=totals, as_json=given.json)


def facts(given: argparse.Namespace) -> Iterator[Item]:
    with gzip.open(given.file, "rt", encoding="utf-8") as lines:
        for one in map(json.loads, lines):
            yield Item(
                f"spotify:track:{one['id']}",
                title=one["title"],
                artists=", ".join(artist["name"] for artist in one["artists"]),
                album=one["album"],
                duration_ms=one["duration_s"] * 1000,
            )


def measure(
    items: list[Item], *, tracks: int, seed: int = 4
) -> tuple[list[table.Row], dict[str, float | int], list[str]]:
    """Return a row for each variant, the sums, and what was matched wrongly."""
    dice = random.Random(seed)
    plain = [item for item in items if item.title and item.artists]
    chosen = dice.sample(plain, min(tracks, len(plain)))
    search = Search([*plain, *(other for item in chosen for other in others(item))])
    tallies: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    for case in cases(chosen, dice):
        outcome, said = judged(case, search)
        tallies[case.variant][outcome] += 1
        if outcome == "wrong":
            wrong.append(said)
    rows = [_row(variant, tally) for variant, tally in tallies.items()]
    asked = Counter[str]()
    for variant, tally in tallies.items():
        if variant not in ABSENT | UNSURE:
            asked.update(tally)
    wrong_count = sum(tally["wrong"] for tally in tallies.values())
    precision = asked["right"] / max(1, asked["right"] + wrong_count)
    recall = asked["right"] / max(1, sum(asked.values()))
    there = (asked["right"] + asked["ask"]) / max(1, sum(asked.values()))
    return rows, {"precision": precision, "recall": recall, "found_or_asked": there}, wrong


def judged(case: Case, search: Search) -> tuple[str, str]:
    """Return what became of a line: right, wrong, ask (it is among what is offered) or lost."""
    without = case.item if case.variant in ABSENT else None
    verdict = matching.judge(case.line, search.find(case.line, without=without))
    best = verdict.matches[0].item if verdict.matches else None
    if verdict.state == State.MATCHED and best is not None:
        if case.meant is not None and means(case.meant, best):
            return "right", ""
        return "wrong", f"{case.variant}: {case.line.text} -> {best.artists} - {best.title}"
    if case.meant is None:
        return "none", ""
    offered = any(means(case.meant, match.item) for match in verdict.matches)
    return ("ask" if offered else "lost"), ""


def means(meant: Item, found: Item) -> bool:
    """Say whether two are one recording: the same, or the same on another album."""
    if meant.uri == found.uri:
        return True
    one, two = spelling.title(meant.title), spelling.title(found.title)
    same = one.kinds - {"remaster"} == two.kinds - {"remaster"}
    same &= all(one.detail(kind) == two.detail(kind) for kind in ("remix", "live"))
    artists = set(spelling.names(meant.artists)) & set(spelling.names(found.artists))
    close = abs(meant.duration_ms - found.duration_ms) <= _SAME_MS
    return same and one.core == two.core and bool(artists) and close


def others(item: Item) -> Iterator[Item]:
    """Yield recordings that are easily taken for a track."""
    uri, longer = item.uri, item.duration_ms + 41_000
    live = f"Live at {item.album}"[:40]
    yield replace(item, uri=f"{uri}+live", title=f"{item.title} - Live", duration_ms=longer)
    yield replace(item, uri=f"{uri}+remix", title=f"{item.title} - Night Owl Remix", album=live)
    yield replace(item, uri=f"{uri}+inst", title=f"{item.title} (Instrumental)")
    yield replace(item, uri=f"{uri}+remaster", title=f"{item.title} - Remastered 2011")
    yield replace(item, uri=f"{uri}+cover", artists="The Sunday Singers")
    yield replace(
        item,
        uri=f"{uri}+karaoke",
        title=f"{item.title} (Karaoke Version) [Originally Performed by {item.artists}]",
        artists="Sing Along Stars",
    )


def cases(items: Sequence[Item], dice: Dice) -> Iterator[Case]:
    for item in items:
        for variant, write in VARIANTS.items():
            written = write(item, dice)
            if isinstance(written, str):
                found = list(freetext.entries(1, written))
                if len(found) != 1 or not isinstance(found[0], Line):
                    continue
                line = found[0]
            else:
                line = replace(written, text=f"{written.artists} - {written.title}")
            yield Case(variant, line, item, _meant(variant, item))


def _meant(variant: str, item: Item) -> Item | None:
    if variant in ABSENT:
        return None
    if variant in ASKS:
        kind, title = ASKS[variant]
        return replace(item, uri=item.uri + kind, title=item.title + title)
    return item


def _table_row(item: Item) -> Line:
    return Line(
        1,
        title=item.title,
        artists=item.artists,
        album=item.album,
        duration_ms=item.duration_ms,
    )


def _first(item: Item) -> str:
    return item.artists.split(", ")[0]


def _clock(item: Item) -> str:
    return f"{item.duration_ms // 60_000}:{item.duration_ms // 1000 % 60:02}"


def _typed(text: str) -> str:
    """Return text as somebody types it in a hurry: no capitals, no accents, few marks."""
    text = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in text if c.isalnum() or c in " -" or not c.isascii())


def _slipped(text: str, dice: Dice) -> str:
    """Return text with one letter wrong, left out or twice."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 5:
        return text
    place = dice.choice(places[1:])
    slip = dice.choice(("", dice.choice(_LETTERS), text[place] * 2))
    return text[:place] + slip + text[place + 1 :]


def _bare(item: Item) -> str:
    """Return the title as it is remembered: without guests in brackets."""
    return re.sub(r"\s*[(\[](?:feat|ft|with)\b[^)\]]*[)\]]", "", item.title) or item.title


VARIANTS: dict[str, Write] = {
    "table with length": lambda item, _: _table_row(item),
    "table, length off": lambda item, dice: replace(
        _table_row(item),
        duration_ms=max(1000, item.duration_ms + dice.choice((-4000, 3000))),
        album="",
    ),
    "table without length": lambda item, _: replace(_table_row(item), duration_ms=0, album=""),
    "artist - title": lambda item, _: f"{item.artists} - {item.title}",
    "title - artist": lambda item, _: f"{item.title} - {item.artists}",
    "1. artist – title (3:45)": lambda item, _: (  # noqa: RUF001
        f"7. {item.artists} \u2013 {item.title} ({_clock(item)})"
    ),
    "first artist - title": lambda item, _: f"{_first(item)} - {item.title}",
    "typed in a hurry": lambda item, _: _typed(f"{_first(item)} - {_bare(item)}"),
    "a slip in the title": lambda item, dice: f"{_first(item)} - {_slipped(item.title, dice)}",
    "a slip in the artist": lambda item, dice: f"{_slipped(_first(item), dice)} - {item.title}",
    "artist & artist": lambda item, _: f"{item.artists.replace(', ', ' & ')} - {item.title}",
    "artist ft. artist": lambda item, _: f"{item.artists.replace(', ', ' ft. ', 1)} - {item.title}",
    "title by artist": lambda item, _: f"{item.title} by {_first(item)}",
    "no separator": lambda item, _: f"{_first(item)} {item.title}",
    "title only": lambda item, _: replace(_table_row(item), artists="", album=""),
    "asks for live": lambda item, _: f"{_first(item)} - {item.title} (Live)",
    "asks for the remix": lambda item, _: f"{_first(item)} - {item.title} (Night Owl Remix)",
    "is not there": lambda item, _: f"{item.artists} - {item.title}",
    "table, is not there": lambda item, _: _table_row(item),
}
ABSENT = {"is not there", "table, is not there"}
UNSURE = {"title only"}  # a person is always asked
ASKS = {
    "asks for live": ("+live", " - Live"),
    "asks for the remix": ("+remix", " - Night Owl Remix"),
}


def _words(text: str) -> list[str]:
    return spelling.normal(text).split()


def _row(variant: str, tally: Counter[str]) -> table.Row:
    lines = sum(tally.values())
    return {
        "line": variant,
        "lines": lines,
        **{name: tally[name] for name in ("right", "wrong", "ask", "lost")},
        "right %": 100 * tally["right"] / lines,
    }


if __name__ == "__main__":
    main()
