"""Which track a line means: the one search that asks Spotify, and how far its answers are trusted.

Why it is so, and what was measured: docs/decisions/matching.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from playlists import spelling
from playlists.formats import Line
from playlists.spelling import Title
from playlists.spotify import Item

MOST_CANDIDATES = 10  # a search of a development-mode app gives no more

MATCHED = 0.9  # from here on nobody is asked
AMBIGUOUS = 0.6  # below, nothing that was found looks like the line
_MARGIN = 0.03  # another recording that is so close to the best makes it a question

# The title says more than the artist: artists are written in more ways. With MATCHED it follows
# that a title must be 0.82 alike and an artist 0.78, however perfect the other is.
_TITLE_WEIGHT = 0.55
_ARTIST_WEIGHT = 0.45
# A title alone is no proof; with a length that agrees it is nearly one.
_TITLE_ONLY = 0.75
_TITLE_AND_LENGTH = 0.88
_UNSPLIT_SAME = 0.93  # a line without a separator that holds just the words of artist and title
_UNSPLIT = 0.85

_BRACKET = 0.97  # one side leaves a bracket out
_SUBTITLE = 0.8  # one side leaves out what stands behind a dash: often another recording
_ANOTHER_WORD = 0.8  # some word of one side is nowhere in the other
_NEAR = 0.7  # a word that is so like another may be a slip
_SHORTEST_SLIP = 6  # letters of a title; one letter makes another word of a shorter one
_SWAPPED = 0.02  # the second half is the artist: less usual
_SAME_NAME = 0.85  # names so alike are one artist, with a slip of the hand
_SOME_NAME = 0.75  # only one of several artists is the same
_GUEST_ONLY = 0.92  # the line names a guest, or more artists than the track
_ANOTHER_RECORDING = 0.35  # live, remix, instrumental and so on on one side only
_ANOTHER_LENGTH = 0.12  # radio edit or extended on one side only
_REMASTER_ASKED = 0.06
_REMASTER_FOUND = 0.01  # often nothing else is there
_ANOTHER_PLACE = 0.12
_SAME_PLACE = 0.75  # likeness of the words of where or when it is live
_ANOTHER_YEAR = 0.03
_SAME_MAKER = 0.9  # likeness of who made a remix
_UNNAMED = 0.03
_UNNAMED_REMIX = 0.12
_KARAOKE = 0.5
_NUMBERS = 0.3  # part 1 is not part 2
_ANOTHER_ISRC = 0.08
_ANOTHER_ALBUM = 0.01  # enough to choose between equals
_LIVE_ALBUM = 0.02
_LENGTHS = ((2_000, 0.0), (5_000, 0.02), (10_000, 0.06), (30_000, 0.15))  # up to ms: cost
_WORST_LENGTH = 0.3
_SAME_LENGTH_MS = 2_000
_EQUAL_LENGTH_MS = 10_000  # of two candidates that may pass for one recording

_LONGEST_QUERY = 100  # letters; beyond, Spotify has answered 404 (spotipy-dev/spotipy#845)
_LONGEST_ARTIST = 28
_LONGEST_EXTRA = 20
_OPERATORS = re.compile('["\u201c-\u201f:*|]')
_LINKING = {"and", "by", "the", "von"}
_DASH = re.compile("\\s[-\u2010-\u2015\u2212]+\\s")


class State(StrEnum):
    """What becomes of a line after its search."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate, how sure it is that the line means it, and why not surer."""

    item: Item
    confidence: float  # 0 to 1
    reasons: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Say whether nobody needs to be asked, if nothing else is as likely."""
        return self.confidence >= MATCHED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with a line: take the first, ask, or wait."""

    state: State
    matches: tuple[Match, ...]  # best first, at most MOST_CANDIDATES
    can_search_by_text: bool = False  # the ISRC found nothing, and there is a title to go by

    @property
    def uri(self) -> str:
        """Return the track, where nobody needs to be asked."""
        return self.matches[0].item.uri if self.state == State.MATCHED else ""


def query(line: Line) -> str:
    """Return the one search for a line, empty where there is nothing to search for."""
    return f"isrc:{line.isrc}" if line.isrc else text_query(line)


def text_query(line: Line) -> str:
    """Return the search by title and artist: by plain words where it is a guess which is which."""
    title, artist = spelling.title(line.title), spelling.main_name(line.artists)
    if not spelling.names(line.artists):
        artist = ""
    if line.is_guessed or not artist:
        artists = " ".join(spelling.split_names(line.artists)) if artist else ""
        words = _words(f"{artists} {title.asked} {title.extra}")
        return _cut(words.lower(), _LONGEST_QUERY)
    extra = _cut(_words(title.extra).lower(), _LONGEST_EXTRA)
    rest = f'artist:"{_cut(_words(artist), _LONGEST_ARTIST)}"'
    left = _LONGEST_QUERY - len(f'{extra} track:"" {rest}')
    return f'{extra} track:"{_cut(_words(title.asked), left)}" {rest}'.strip()


def remembered_as(line: Line) -> str:
    """Return the key of a person's choice for a line: the same for every spelling of its words."""
    if line.isrc:
        return f"isrc:{line.isrc}"
    return f"{spelling.together(line.artists)} - {spelling.title(line.title).whole}"


def rank(line: Line, candidates: Iterable[Item]) -> list[Match]:
    """Return the candidates, most likely first; equals stay in Spotify's order."""
    readings = list(_readings(line))
    matches = [_best(readings, _Candidate.of(item)) for item in candidates if item.can_be_written]
    return sorted(matches, key=lambda match: -match.confidence)


def judge(line: Line, candidates: Iterable[Item]) -> Verdict:
    """Say what becomes of a line, given what its search found."""
    matches = tuple(rank(line, candidates)[:MOST_CANDIDATES])
    if not matches:
        can_search = bool(line.isrc) and bool(text_query(line))
        return Verdict(State.MISSING, (), can_search_by_text=can_search)
    best = matches[0]
    if best.is_sure and not any(_is_rival(best, other) for other in matches[1:]):
        return Verdict(State.MATCHED, matches)
    is_likely = best.confidence >= AMBIGUOUS
    return Verdict(State.AMBIGUOUS if is_likely else State.MISSING, matches)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand a line."""

    line: Line
    title: Title
    artists: str  # empty where the line does not say, or holds both in one
    cost: float = 0.0

    @property
    def is_unsplit(self) -> bool:
        return self.line.is_guessed and not self.artists

    @property
    def names(self) -> tuple[str, ...]:
        return spelling.names(self.artists)


@dataclass(frozen=True, slots=True)
class _Candidate:
    item: Item
    title: Title
    names: tuple[str, ...]

    @classmethod
    def of(cls, item: Item) -> _Candidate:
        title = spelling.title(item.title)
        return cls(item, title, (*spelling.names(item.artists), *title.guests))


_Costs = Iterator[tuple[float, str]]


def _readings(line: Line) -> Iterator[_Reading]:
    yield _Reading(line, spelling.title(line.title), line.artists)
    if not line.is_guessed:
        return
    whole = " - ".join(filter(None, (line.artists, line.title)))
    front, by, last = whole.rpartition(" by ")
    if by and front.strip() and last.strip():
        yield _Reading(line, spelling.title(front), last)
    if not line.artists:
        return
    yield _Reading(line, spelling.title(whole), "")  # "Artist Title - Radio Edit"
    yield _Reading(line, spelling.title(line.artists), line.title, _SWAPPED)
    *before, last = _DASH.split(line.title)
    if before:
        front = " - ".join([line.artists, *before])
        yield _Reading(line, spelling.title(front), last, _SWAPPED)


def _best(readings: Iterable[_Reading], candidate: _Candidate) -> Match:
    matches = [_weighed(reading, candidate) for reading in readings]
    return max(matches, key=lambda match: match.confidence)


def _weighed(reading: _Reading, candidate: _Candidate) -> Match:
    """Weigh one candidate against one way to understand the line."""
    line, item = reading.line, candidate.item
    if line.isrc and line.isrc == item.isrc.upper():
        confidence, _ = _less(1.0, _album_costs(line, item))
        return Match(item, confidence, ("the same ISRC",))
    alike, difference = _likeness(reading, candidate)
    confidence, reasons = _less(alike - reading.cost, _costs(reading, candidate))
    return Match(item, confidence, tuple(filter(None, (difference, *reasons))))


def _less(confidence: float, costs: _Costs) -> tuple[float, list[str]]:
    taken = [(cost, why) for cost, why in costs if cost > 0]
    left = max(0.0, confidence - sum(cost for cost, _ in taken))
    return round(left, 3), [why for _, why in taken]


def _likeness(reading: _Reading, candidate: _Candidate) -> tuple[float, str]:
    """Return how alike the words are, before anything is taken off, and what is different."""
    title = _title_likeness(reading.title, candidate.title)
    if reading.is_unsplit:
        return _unsplit_likeness(reading, candidate, title)
    if not reading.names:
        most = _TITLE_AND_LENGTH if _same_length(reading.line, candidate.item) else _TITLE_ONLY
        return most * title, "the line names no artist"
    artist = _artist_likeness(reading, candidate)
    return _TITLE_WEIGHT * title + _ARTIST_WEIGHT * artist, _difference(title, artist)


def _unsplit_likeness(reading: _Reading, candidate: _Candidate, title: float) -> tuple[float, str]:
    """Compare a line that has no separator with artist and title together."""
    mine = set(reading.title.whole.split()) - _LINKING
    named, main = set(candidate.title.core.split()), set(next(iter(candidate.names), "").split())
    together = " ".join([*candidate.names, candidate.title.whole])
    if (named | main) - _LINKING <= mine <= set(together.split()):
        return _UNSPLIT_SAME, ""
    words = _UNSPLIT * fuzz.token_sort_ratio(reading.title.whole, together) / 100
    return max(words, _TITLE_ONLY * title), "it is a guess which words are the artist"


def _title_likeness(mine: Title, theirs: Title) -> float:
    likeness = max(_titles_alike(mine.whole, theirs.whole), _titles_alike(mine.core, theirs.core))
    # Only where one side has none: two that both have one mean it.
    if mine.core == mine.short or theirs.core == theirs.short:
        likeness = max(likeness, _BRACKET * _titles_alike(mine.short, theirs.short))
    if mine.short == mine.first or theirs.short == theirs.first:
        likeness = max(likeness, _SUBTITLE * _titles_alike(mine.first, theirs.first))
    return likeness


def _titles_alike(mine: str, theirs: str) -> float:
    """Compare titles: a slip of the hand is forgiven, another word is not."""
    likeness = _alike(mine, theirs)
    if likeness == 1.0 or mine.replace(" ", "") == theirs.replace(" ", ""):
        return likeness and 1.0
    if min(len(mine), len(theirs)) < _SHORTEST_SLIP or _has_another_word(mine, theirs):
        return min(likeness, _ANOTHER_WORD)
    return likeness


def _has_another_word(mine: str, theirs: str) -> bool:
    """Say whether one side has a word that is no word of the other, nor a slip of one."""
    one, two = set(mine.split()), set(theirs.split())
    return any(
        max(fuzz.ratio(word, other) for other in others) < 100 * _NEAR
        for words, others in ((one - two - _LINKING, two), (two - one - _LINKING, one))
        for word in words
    )


def _artist_likeness(reading: _Reading, candidate: _Candidate) -> float:
    mine, theirs = (*reading.names, *reading.title.guests), candidate.names
    together = _alike(spelling.together(reading.artists), spelling.together(candidate.item.artists))
    if not mine or not theirs:
        return together
    found = [max(_alike(name, other) for other in theirs) for name in mine]
    back = [max(_alike(name, other) for name in mine) for other in theirs]
    if min(found) >= _SAME_NAME:
        apart = sum(found) / len(found) * (1.0 if back[0] >= _SAME_NAME else _GUEST_ONLY)
    elif min(back) >= _SAME_NAME:
        apart = sum(back) / len(back) * _GUEST_ONLY
    else:
        apart = max(found) * _SOME_NAME
    return max(together, apart)


def _alike(mine: str, theirs: str) -> float:
    if not mine or not theirs:
        return 0.0
    if mine == theirs:
        return 1.0
    in_order, sorted_ = fuzz.ratio(mine, theirs), fuzz.token_sort_ratio(mine, theirs)
    return max(in_order, 0.98 * sorted_) / 100


def _difference(title: float, artist: float) -> str:
    names = [name for name, value in (("title", title), ("artist", artist)) if value < _BRACKET]
    if not names:
        return ""
    how = "different" if min(title, artist) < _ANOTHER_WORD else "a little different"
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} {how}"


def _costs(reading: _Reading, candidate: _Candidate) -> _Costs:
    line, item = reading.line, candidate.item
    same_length = _same_length(line, item)
    yield from _kind_costs(reading, candidate, same_length=same_length)
    yield from _length_costs(line, item)
    if not reading.is_unsplit and reading.title.numbers != candidate.title.numbers:
        yield _NUMBERS, "another number in the title"
    if _is_karaoke(item) and not _asks_for_karaoke(line):
        yield _KARAOKE, "a karaoke or tribute recording"
    if line.isrc and item.isrc:
        yield _ANOTHER_ISRC, "another ISRC"
    yield from _album_costs(line, item)


def _kind_costs(reading: _Reading, candidate: _Candidate, *, same_length: bool) -> _Costs:
    """Yield what it costs that the line and the candidate name different recordings."""
    mine, theirs, album = reading.title, candidate.title, spelling.kinds_in(candidate.item.album)
    loosely = mine.besides(theirs.core, *candidate.names)
    for kind in sorted(mine.kinds - theirs.kinds - theirs.besides(mine.core) - album):
        yield _kind_cost(kind, _REMASTER_ASKED, same_length=same_length), f"not {_named(kind)}"
    for kind in sorted(theirs.kinds - mine.kinds - loosely):
        yield _kind_cost(kind, _REMASTER_FOUND, same_length=same_length), f"{_named(kind)}"
    if "live" in album - mine.kinds - loosely - theirs.kinds:
        yield _LIVE_ALBUM, "from a live album"
    for kind in sorted(mine.kinds & theirs.kinds):
        yield _detail_cost(kind, mine.detail(kind), theirs.detail(kind))


def _kind_cost(kind: str, remaster: float, *, same_length: bool) -> float:
    if kind == "remaster":
        return remaster
    if kind in {"edit", "extended"}:
        return _UNNAMED if same_length else _ANOTHER_LENGTH
    return _KARAOKE if kind == "karaoke" else _ANOTHER_RECORDING


def _detail_cost(kind: str, mine: str, theirs: str) -> tuple[float, str]:
    """Compare who made a remix, where it is live, of which year a remaster is."""
    if mine == theirs or kind in {"edit", "extended", "karaoke"}:
        return 0.0, ""
    if not mine or not theirs:
        return (_UNNAMED_REMIX if kind == "remix" else _UNNAMED), f"{_named(kind)}, without details"
    if kind == "remaster":
        return _ANOTHER_YEAR, "a remaster of another year"
    if kind == "live":  # one may say more of the place than the other
        is_same = fuzz.token_set_ratio(mine, theirs) >= 100 * _SAME_PLACE
        return (0.0, "") if is_same else (_ANOTHER_PLACE, "live at another place or time")
    if fuzz.token_sort_ratio(mine, theirs) >= 100 * _SAME_MAKER:
        return 0.0, ""
    return _ANOTHER_RECORDING, f"{_named(kind)}, but another one"


def _named(kind: str) -> str:
    return {
        "acapella": "an a cappella version",
        "acoustic": "an acoustic version",
        "commentary": "a commentary",
        "demo": "a demo",
        "edit": "an edit",
        "extended": "an extended version",
        "instrumental": "an instrumental version",
        "karaoke": "a karaoke or cover version",
        "language": "a version in another language",
        "live": "a live recording",
        "orchestral": "an orchestral version",
        "remaster": "a remaster",
        "remix": "a remix",
        "reprise": "a reprise",
        "rerecorded": "a new recording",
        "speed": "a faster or slower version",
    }[kind]


def _length_costs(line: Line, item: Item) -> _Costs:
    if not line.duration_ms or not item.duration_ms:
        return
    apart = abs(line.duration_ms - item.duration_ms)
    cost = next((cost for most, cost in _LENGTHS if apart <= most), _WORST_LENGTH)
    than = "longer" if item.duration_ms > line.duration_ms else "shorter"
    yield cost, f"{round(apart / 1000)} s {than}"


def _album_costs(line: Line, item: Item) -> _Costs:
    if line.album and _alike(spelling.normal(line.album), spelling.normal(item.album)) < 0.8:
        yield _ANOTHER_ALBUM, "another album"


def _same_length(line: Line, item: Item) -> bool:
    known = bool(line.duration_ms and item.duration_ms)
    return known and abs(line.duration_ms - item.duration_ms) <= _SAME_LENGTH_MS


def _is_karaoke(item: Item) -> bool:
    return "karaoke" in spelling.kinds_in(item.artists) or "karaoke" in item.album.casefold()


def _asks_for_karaoke(line: Line) -> bool:
    return "karaoke" in spelling.kinds_in(f"{line.title} {line.artists} {line.album}")


def _is_rival(best: Match, other: Match) -> bool:
    """Say whether another recording is so likely that a person must choose."""
    if not other.is_sure or best.confidence - other.confidence >= _MARGIN:
        return False
    one, two = best.item, other.item
    if one.isrc and one.isrc == two.isrc:
        return False
    if one.duration_ms and two.duration_ms:
        return abs(one.duration_ms - two.duration_ms) > _EQUAL_LENGTH_MS
    return False


def _words(text: str) -> str:
    """Return the text without what a search takes for an operator."""
    words = (word.lstrip("-") for word in _OPERATORS.sub(" ", text).split())
    return " ".join(word for word in words if any(letter.isalnum() for letter in word))


def _cut(text: str, most: int) -> str:
    """Cut between words where that leaves something."""
    if len(text) <= most:
        return text
    return text[:most].rpartition(" ")[0] or text[:most]
