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
_WITH = re.compile(r"with\s+(.+)", re.IGNORECASE)
_NAMES = re.compile(
    r"\s*[,;/&+|]\s*|\s+(?:and|und|y|et|x|vs|feat|ft|featuring|with|presents|pres)\b\.?\s*",
    re.IGNORECASE,
)
_MAIN = re.compile(r"\s*[,;]\s*|\s+(?:feat|ft|featuring|vs|x)\b\.?\s*", re.IGNORECASE)
_UNKNOWN = {"various artists", "various", "unknown artist", "unknown", "va", "n a"}
_COUNTED = {"part", "pt", "no", "nr", "vol", "volume", "act", "chapter", "book", "op", "opus"}
# Not "i", "v" and "x" by themselves: those are words.
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
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
        "rerecorded": r"taylors version|re ?recorded|re ?recording|new recording",
        "remaster": r"(?:digital(?:ly)? )?re ?master(?:ed|ing)?|(?:19|20)\d\d (?:stereo )?mix",
        "instrumental": "instrumentals?|inst",
        "acapella": "a ?cap+ell?a",
        "speed": "sped up|speed up|slowed(?: down)?|reverb|nightcore|8d",
        "extended": "extended(?: (?:mix|version|edit))?|long version"
        "|12 ?(?:inch|in|mix|version)(?: mix| version)?",
        "edit": "(?:radio|single|short|video|7 inch) (?:edit|mix|version)|edit(?:ed)?",
        "demo": r"demos?|rough mix|(?:alternate|early) (?:take|version|mix)|take \d+|outtake",
        "live": "live|unplugged|in concert|(?:en|ao) vivo|en directo|dal vivo|sessions?",
        "acoustic": "acoustic|acustic[oa]|akustik|stripped|piano version|unplugged",
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
_NEUTRAL = re.compile(
    r"\b(?:album version|original (?:mix|version|recording|cast.*)|main (?:mix|version)"
    r"|bonus(?: track)?|explicit|clean|deluxe.*|mono|stereo|from .*|theme from.*|soundtrack.*"
    r"|(?:official )?(?:music |lyric |lyrics )?(?:video|audio|visualizer)|lyrics?|hd|hq|4k"
    r"|remaster.*|\d{4}|version|stereo mix|mono mix|album mix)\b"
)


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
    short: str  # without any bracket or subtitle
    segments: tuple[Segment, ...]
    loose: frozenset[str]  # kinds of which some word stands anywhere
    numbers: frozenset[str]
    guests: tuple[str, ...]
    asked: str  # the core as it was written, to search for
    extra: str  # words to search for beside it

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(segment.kind for segment in self.segments)


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
    core, brackets = _cut_brackets(text)
    core, *behind = _DASH.split(core)
    core, guests = _cut_guests(core)
    kept, segments, said = [], [], []
    for part in (*brackets, *behind):
        if found := _guests_in(part):
            guests.append(found)
        elif parts := _segments(normal(part)):
            segments += parts
            said.append(_searched(parts, part))
        elif not _NEUTRAL.fullmatch(normal(part)):
            kept.append(part)
    whole, short = normal(_without_guests(text)), normal(core)
    full = normal(" ".join([core, *kept]))
    return Title(
        whole=whole,
        core=full or whole,
        short=short or full or whole,
        segments=tuple(segments),
        loose=frozenset(segment.kind for segment in _segments(whole)),
        numbers=_numbers(full or whole),
        guests=tuple(name for guest in guests for name in names(guest)),
        asked=" ".join([core, *kept]).strip() or text,
        extra=" ".join(filter(None, said)),
    )


def names(text: str) -> tuple[str, ...]:
    """Return the artists in a text, each in its normal form, none where they are unknown."""
    if normal(text) in _UNKNOWN:
        return ()
    parts = [_without_the(normal(part)) for part in split_names(text)]
    return tuple(dict.fromkeys(part for part in parts if part))


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


def _cut_brackets(text: str) -> tuple[str, list[str]]:
    inside = [match[1].strip() for match in _BRACKETS.finditer(text)]
    outside = " ".join(_BRACKETS.sub(" ", text).split())
    # A title that is nothing but a bracket is the title.
    return (outside, [part for part in inside if part]) if outside else (text, [])


def _cut_guests(text: str) -> tuple[str, list[str]]:
    match = _GUESTS.search(text)
    if match is None or not text[: match.start()].strip():
        return text, []
    return text[: match.start()].strip(), [match[1]] if match[1] else []


def _guests_in(part: str) -> str:
    match = _GUESTS.match(part) or _WITH.fullmatch(part)
    return match[1] if match else ""


def _without_guests(text: str) -> str:
    """Take guests out, in brackets or up to the end, and leave what stands around them."""
    text = _BRACKETS.sub(lambda match: " " if _guests_in(match[1].strip()) else match[0], text)
    first, *behind = _DASH.split(text)
    return " - ".join([_cut_guests(first)[0], *behind])


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
    """Return the words that find such a recording: a remix by its maker, others by their kind."""
    kinds = [part.kind for part in parts]
    if "remix" in kinds:
        return " ".join(text.split()[:5])
    words = {"remaster": "", "rerecorded": "version", "speed": "", "edit": "", "language": ""}
    return " ".join(filter(None, (words.get(kind, kind) for kind in kinds)))


def _numbers(words: str) -> frozenset[str]:
    found, before = set(), ""
    for word in words.split():
        number = _ROMAN.get(word) or _NUMBERS.get(word, word if word.isdecimal() else "")
        if not number and before in _COUNTED:
            number = _ROMAN_LETTERS.get(word, "")
        if number:
            found.add(number)
        before = word
    return frozenset(found)


def _without_the(name: str) -> str:
    if name.endswith(" the"):  # "Beatles, The"
        name = name.removesuffix(" the")
    return name.removeprefix("the ") if len(name) > 4 else name
