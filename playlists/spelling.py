"""Titles and names, however people and programs write them, brought to one form to compare."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_LONGEST = 400  # letters that are compared
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f]")
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
_DISGUISED = re.compile(r"(?<=\w)[$!](?=\w)|^\$(?=\w)")  # Ke$ha, P!nk, $uicideboy$
_APOSTROPHES = re.compile("(?<=\\w)['`\u2018\u2019\u02bc\u00b4\u2032](?=\\w)")
_AND = re.compile(r"\s*[&+]\s*|\s+n\s+")
_DASH = re.compile("\\s+[-\u2010-\u2015\u2212]+\\s+")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]{0,200})[)\]}]")
_GUESTS = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s*(.*)", re.IGNORECASE)
# Not at the very start: "Ft. Worth Blues".
_OPEN_GUESTS = re.compile(r"(?<=\S)\s+(?:feat|ft|featuring)\b\.?\s*([^()\[\]{}]*)", re.IGNORECASE)
_WITH = re.compile(r"with\s+(.+)", re.IGNORECASE)
_NAMES = re.compile(
    r"\s*[,;/&+|]\s*|\s+(?:and|und|y|et|x|vs|feat|ft|featuring|with|presents|pres)\b\.?\s*",
    re.IGNORECASE,
)
_MAIN = re.compile(r"\s*[,;]\s*|\s+(?:feat|ft|featuring|vs|x)\b\.?\s*", re.IGNORECASE)
_UNKNOWN = {"various artists", "various", "unknown artist", "unknown", "va", "n a"}
_COUNTED = {"part", "no", "volume", "act", "chapter", "book", "op"}
_SHORTENED = {"pt": "part", "pts": "part", "nr": "no", "vol": "volume", "opus": "op"}
# Not "i", "v" and "x" by themselves: those are words.
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_DIGITS = re.compile(r"\d+")
_ROMAN_LETTERS = {"i": "1", "v": "5", "x": "10"}  # only behind one of _COUNTED
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {word: str(number) for number, word in enumerate(_WORDS, start=1)}

# What a recording is besides the song, by the words that say so in a bracket or behind a dash.
# The first that fits takes its words away: "Radio Mix" is an edit and no remix.
KINDS: dict[str, re.Pattern[str]] = {
    kind: re.compile(rf"\b(?:{words})\b")
    for kind, words in {
        "karaoke": "karaoke|in the style of|originally performed|made (?:famous|popular)|tribute"
        "|backing track|cover version|cover|lullaby",
        "rerecorded": r"taylors version|re ?recorded|re ?recording|new recording|reimagined",
        "remaster": r"(?:digital(?:ly)? )?re ?master(?:ed|ing)?|(?:19|20)\d\d (?:stereo )?mix",
        "instrumental": "instrumentals?|inst",
        "acapella": "a ?cap+ell?a",
        "speed": "sped up|speed up|slowed(?: down)?|reverb|nightcore|8d",
        "extended": "extended(?: (?:mix|version|edit))?|long version"
        "|12 ?(?:inch|in|mix|version)(?: mix| version)?",
        "edit": "(?:radio|single|short|video|7 inch) (?:edit|mix|version)|edit(?:ed)?",
        "demo": r"demos?|rough mix|(?:alt|alternat(?:e|ive)|early) (?:take|version|mix)|take \d+"
        "|outtake",
        "live": "live|unplugged|in concert|(?:en|ao) vivo|en directo|dal vivo|sessions?"
        "|spotify singles",
        "acoustic": "acoustic|acustic[oa]|akustik|stripped|unplugged"
        "|(?:solo )?piano(?: solo| version)?",
        "orchestral": "orchestral|symphonic|string quartet",
        "language": "(?:spanish|english|french|german|italian|japanese|korean|chinese) version"
        "|en espanol|spanglish|espanol",
        "commentary": "commentary|interlude version",
        "reprise": "reprise",
    }.items()
}
_NO_REMIX = re.compile(r"\b(?:original|album|stereo|mono|main) mix\b")
_REMIX = re.compile(r"\b(?:remix(?:es|ed)?|rmx|rework|bootleg|mash ?up|dub|vip|mix|flip)\b")
# Words that say nothing about the recording.
_NEUTRAL = set(
    """album audio bonus cast clean explicit hd hq lyric lyrics main mix mono motion music official
    original picture recording soundtrack stereo track version video visualizer""".split()  # noqa: SIM905
)
_NEUTRAL_START = ("from ", "theme from ", "music from ", "deluxe", "as heard ", "as featured ")


@dataclass(frozen=True, slots=True)
class Segment:
    """What a bracket or a dash adds to a title: that it is another recording, and which."""

    kind: str
    detail: str  # the other words: who made the remix, where it is live


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart."""

    whole: str  # all of it, without guests
    core: str  # without what names a recording
    short: str  # and without any bracket
    first: str  # and without what stands behind a dash
    segments: tuple[Segment, ...]
    numbers: frozenset[str]
    guests: tuple[str, ...]
    asked: str  # the core as it was written, to search for
    extra: str  # words to search for beside it

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(segment.kind for segment in self.segments)

    def besides(self, *names: str) -> frozenset[str]:
        """Return the kinds that words beside the given names say, with or without brackets."""
        named = set(" ".join(names).split())
        rest = " ".join(word for word in self.whole.split() if word not in named)
        return frozenset(segment.kind for segment in _segments(rest))

    def detail(self, kind: str) -> str:
        """Return all that the title says of one kind, in one order."""
        details = {segment.detail for segment in self.segments if segment.kind == kind}
        return " ".join(sorted(filter(None, details)))


def normal(text: str) -> str:
    """Return words without case, accents and punctuation; letters of every script stay."""
    text = text[:_LONGEST].casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_LETTERS)
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", text)).casefold()
    text = _APOSTROPHES.sub("", _DISGUISED.sub(_undisguised, text))
    text = _AND.sub(" and ", text)
    words = "".join(letter if _is_word(letter) else " " for letter in text).split()
    return " ".join(words) or " ".join(text.split())


def title(text: str) -> Title:
    """Take a title apart."""
    text = " ".join(text[:_LONGEST].split())
    whole = normal(_without_guests(text))
    said = _Said([], [], [])
    first, *behind = _DASH.split(_BRACKETS.sub(said.rest_of, text))
    first = _OPEN_GUESTS.sub(said.guest_of, first)
    core = " ".join(" ".join([first, *(part for part in behind if not said.takes(part))]).split())
    words = _counted(normal(core)) or whole
    short = _counted(normal(_BRACKETS.sub(" ", core))) or words
    return Title(
        whole=whole,
        core=words,
        short=short,
        first=_counted(normal(_BRACKETS.sub(" ", first))) or short,
        segments=tuple(said.segments),
        numbers=_numbers(words),
        guests=tuple(name for guest in said.guests for name in names(guest)),
        asked=core or text,
        extra=" ".join(said.asked),
    )


def names(text: str) -> tuple[str, ...]:
    """Return the artists in a text, each in its normal form, none where they are unknown."""
    whole = normal(text)
    if not whole or whole in _UNKNOWN:
        return ()
    parts = [_without_the(normal(part)) for part in split_names(text)]
    return tuple(dict.fromkeys(part for part in parts if part)) or (whole,)


def split_names(text: str) -> list[str]:
    """Return the artists in a text as they are written."""
    return [part for part in _NAMES.split(text[:_LONGEST].strip()) if part.strip()]


def together(text: str) -> str:
    """Return all artists as one name: some have a comma or an "and" in theirs."""
    whole = _without_the(normal(_GUESTS.sub(r"\1", text)))
    return "" if whole in _UNKNOWN else whole


def main_name(text: str) -> str:
    """Return the first artist as it is written."""
    return next((part for part in _MAIN.split(text.strip()[:_LONGEST]) if part), "")


def kinds_in(text: str) -> frozenset[str]:
    """Return the kinds of recordings that a text has words for."""
    return frozenset(segment.kind for segment in _segments(normal(text)))


def _is_word(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def _undisguised(match: re.Match[str]) -> str:
    return "s" if match[0] == "$" else "i"


@dataclass(frozen=True, slots=True)
class _Said:
    """Collects what the parts of a title say besides its name."""

    guests: list[str]
    segments: list[Segment]
    asked: list[str]

    def rest_of(self, match: re.Match[str]) -> str:
        """Return what stays of a bracket."""
        return " " if self.takes(match[1]) else match[0]

    def guest_of(self, match: re.Match[str]) -> str:
        self.guests.append(match[1])
        return " "

    def takes(self, part: str) -> bool:
        """Say whether a part is no part of the name, and keep what it says."""
        part, words = part.strip(), normal(part)
        if guests := _guests_in(part):
            self.guests.append(guests)
        elif segments := _segments(words):
            self.segments.extend(segments)
            self.asked.extend(filter(None, [_searched(segments, part)]))
        elif not _is_neutral(words):
            return False
        return True


def _is_neutral(words: str) -> bool:
    if words.startswith(_NEUTRAL_START):
        return True
    return all(word in _NEUTRAL or re.fullmatch(r"(?:19|20)\d\d", word) for word in words.split())


def _guests_in(part: str) -> str:
    match = _GUESTS.match(part) or _WITH.fullmatch(part)
    return match[1] if match else ""


def _without_guests(text: str) -> str:
    """Take guests out, in brackets or up to the next, and leave what stands around them."""
    text = _BRACKETS.sub(lambda match: " " if _guests_in(match[1].strip()) else match[0], text)
    first, *behind = _DASH.split(text)
    kept = [part for part in behind if not _guests_in(part)]
    return " - ".join([_OPEN_GUESTS.sub(" ", first), *kept])


def _segments(words: str) -> list[Segment]:
    """Return what the words say of a recording; what is left over are the details."""
    kinds = []
    for kind, pattern in KINDS.items():
        rest = pattern.sub(" ", words)
        if rest != words:
            kinds.append(kind)
            words = rest
    rest = _REMIX.sub(" ", _NO_REMIX.sub(" ", words))
    if _REMIX.search(_NO_REMIX.sub(" ", words)):
        kinds.append("remix")
    detail = " ".join(word for word in rest.split() if word != "version")
    return [Segment(kind, detail) for kind in kinds]


def _searched(parts: list[Segment], text: str) -> str:
    """Return the words that find it: a remix by its maker, others by what they are."""
    kinds = [part.kind for part in parts]
    if {"remix", "rerecorded", "language"} & set(kinds):
        return " ".join(text.split()[:5])
    words = {"remaster": "", "speed": "", "edit": ""}
    return " ".join(filter(None, (words.get(kind, kind) for kind in kinds)))


def _counted(words: str) -> str:
    """Write parts and volumes in one way: "Pt. II" is "part 2"."""
    found = [""]
    for word in words.split():
        number = _ROMAN.get(word, "")
        if found[-1] in _COUNTED:
            number = number or _ROMAN_LETTERS.get(word, "")
        found.append(number or _SHORTENED.get(word, word))
    return " ".join(found[1:])


def _numbers(words: str) -> frozenset[str]:
    spelled = {_NUMBERS[word] for word in words.split() if word in _NUMBERS}
    return frozenset(spelled.union(_DIGITS.findall(words)))


def _without_the(name: str) -> str:
    if name.endswith(" the"):  # "Beatles, The"
        name = name.removesuffix(" the")
    return name.removeprefix("the ") if len(name) > 4 else name
