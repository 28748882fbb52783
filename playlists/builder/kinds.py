"""What a form asks for each kind of source, rule, condition and time, in the schema's names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from playlists.builder import sorting
from playlists.builder.controls import Choices, Control

Part = Literal["sources", "rules", "conditions", "entries"]
KEPT = "kept"  # what a form cannot show: it stands there as JSON


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of block: what it is called, and its fields."""

    name: str
    label: str
    controls: tuple[Control, ...] = ()
    has_conditions: bool = False


def _by_name(*kinds: Kind) -> Mapping[str, Kind]:
    return {kind.name: kind for kind in kinds}


_ACCOUNT = Control(
    "account",
    "By which account",
    "choice",
    "Whose access reads it.",
    choices=(("", "The account of the target"),),
    offers="accounts",
)
_UNREADABLE = Control(
    "if_unreadable",
    "If it cannot be read",
    "choice",
    choices=(("fail", "The run ends, and nothing changes"), ("skip", "The run goes on without it")),
    initial="fail",
)
_READS = (_ACCOUNT, _UNREADABLE)
_SAME_TRACK: Choices = (
    ("track", "The same track"),
    ("song", "The same song, on another album, too"),
)
_SAME = Control("same", "What counts as the same", "choice", choices=_SAME_TRACK, initial="track")
_TEXT_FIELD = Control(
    "field",
    "Of which text",
    "choice",
    choices=(("title", "Title"), ("artist", "Artist"), ("album", "Album")),
    initial="title",
)
_DATE_FIELD = Control(
    "field",
    "Which date",
    "choice",
    choices=(("added", "Added"), ("released", "Released")),
    initial="added",
)

WEIGHTS = Control(
    "weights",
    "How many from each in a turn",
    "numbers",
    "A number for each source, such as 2, 1. Left empty: one of each.",
)

SOURCES = _by_name(
    Kind(
        "playlist",
        "A playlist of mine",
        (
            Control(
                "playlist",
                "Which playlist",
                "choice",
                "One that you own or work on with others.",
                choices=(("", "Choose one"),),
                offers="playlists",
            ),
            *_READS,
        ),
    ),
    Kind("liked", "My liked songs", _READS),
    Kind("albums", "My saved albums", _READS),
    Kind(
        "top",
        "My top tracks",
        (
            Control(
                "range",
                "What was heard most in",
                "choice",
                choices=(
                    ("4 weeks", "The last 4 weeks"),
                    ("6 months", "The last 6 months"),
                    ("year", "The last year"),
                ),
                initial="4 weeks",
            ),
            *_READS,
        ),
    ),
    Kind("recent", "What I played last", _READS),
    Kind(
        "list",
        "A list that I paste or upload",
        (
            Control(
                "list",
                "Which stored list",
                "choice",
                choices=(("", "Choose one, or bring a new one below"),),
                offers="lists",
            ),
            Control(
                "paste",
                "Or a new list: links to tracks, one a line",
                "paste",
                "It is stored with whatever button you press next.",
            ),
            Control("file", "Or a file with them", "file", "Text, CSV, JSON, JSPF, XSPF or M3U8."),
            *_READS,
        ),
    ),
    Kind(
        "version",
        "A playlist as it once was",
        (
            Control(
                "version",
                "Which version",
                "choice",
                choices=(("", "Choose one"),),
                offers="versions",
            ),
            *_READS,
        ),
    ),
    Kind(
        "uris",
        "Tracks written into the recipe",
        (Control("uris", "Links to tracks, one a line", "lines"), *_READS),
    ),
)

RULES = _by_name(
    Kind("keep", "Keep only tracks that …", has_conditions=True),
    Kind("drop", "Leave out tracks that …", has_conditions=True),
    Kind("block", "Leave out what is on my block list"),
    Kind(
        "duplicates",
        "No duplicates",
        (
            _SAME,
            Control(
                "keep",
                "Which one stays",
                "choice",
                choices=(
                    ("first", "The first"),
                    ("last", "The last"),
                    ("oldest", "The one added first"),
                    ("newest", "The one added last"),
                    ("longest", "The longest"),
                    ("shortest", "The shortest"),
                ),
                initial="first",
            ),
        ),
    ),
    Kind("sort", "Sort", sorting.KEYS),
    Kind(
        "shuffle",
        "Shuffle",
        (
            Control(
                "seed", "Seed", "text", "Any word: another one gives another order.", initial="one"
            ),
            Control(
                "again",
                "Shuffled anew",
                "choice",
                choices=(
                    ("never", "Never"),
                    ("day", "Every day"),
                    ("week", "Every week"),
                    ("month", "Every month"),
                ),
                initial="never",
            ),
        ),
    ),
    Kind(
        "space",
        "Space out artists",
        (
            Control(
                "apart", "How many tracks of others lie between two of one", "number", initial="3"
            ),
        ),
    ),
    Kind(
        "interleave",
        "Take from each source in turn",
        (WEIGHTS,),
    ),
    Kind(
        "limit",
        "No more than …",
        (
            Control("most", "How many", "number", initial="50"),
            Control(
                "unit",
                "Of what",
                "choice",
                choices=(("tracks", "Tracks"), ("minutes", "Minutes")),
                initial="tracks",
            ),
            Control(
                "per",
                "In",
                "choice",
                choices=(
                    ("list", "The whole list"),
                    ("artist", "Each artist"),
                    ("source", "Each source"),
                ),
                initial="list",
            ),
            Control(
                "which",
                "Which ones stay",
                "choice",
                choices=(("first", "The first"), ("last", "The last")),
                initial="first",
            ),
        ),
    ),
)

GROUP = Control(
    "group",
    "Which tracks",
    "choice",
    choices=(
        ("one", "Those for which the condition holds"),
        ("all", "Those for which all conditions hold (AND)"),
        ("any", "Those for which at least one condition holds (OR)"),
        ("not_all", "Those for which not all conditions hold"),
        ("not_any", "Those for which no condition holds"),
    ),
    initial="one",
    path=("when",),
)
NOT = Control("no", "The opposite: it must not be so (NOT)", "check")

CONDITIONS = _by_name(
    Kind("contains", "A text contains …", (_TEXT_FIELD, Control("text", "Words", "text"))),
    Kind("is", "A text is …", (_TEXT_FIELD, Control("text", "The whole text", "text"))),
    Kind(
        "matches",
        "A text matches a pattern",
        (
            _TEXT_FIELD,
            Control("pattern", "Pattern", "text", "A regular expression in RE2's syntax."),
            Control("exact_case", "Tell upper from lower case", "check"),
        ),
    ),
    Kind(
        "date",
        "A date lies between …",
        (
            _DATE_FIELD,
            Control("since", "Since", "date", "Left empty: any day before."),
            Control("until", "Until", "date", "Left empty: any day after."),
        ),
    ),
    Kind(
        "age",
        "A date is so long ago",
        (
            _DATE_FIELD,
            Control("at_least_days", "At least how many days ago", "number"),
            Control("at_most_days", "At most how many days ago", "number"),
        ),
    ),
    Kind(
        "duration",
        "It is so long",
        (
            Control("at_least", "At least how many seconds", "number"),
            Control("at_most", "At most how many seconds", "number"),
        ),
    ),
    Kind("explicit", "It is explicit"),
    Kind(
        "in_playlist",
        "It is in a certain playlist",
        (
            Control(
                "playlists",
                "In at least one of these",
                "several",
                offers="playlists",
            ),
            _SAME,
            _ACCOUNT,
        ),
    ),
    Kind("in_my_playlists", "It is in any playlist of mine", (_SAME, _ACCOUNT)),
    Kind("liked", "I like it", (_SAME, _ACCOUNT)),
    Kind("blocked", "It is on my block list"),
)

_AT = Control("at", "At", "time", initial="05:00")
ENTRIES = _by_name(
    Kind(
        "hourly", "Every so many hours", (Control("every_hours", "Hours", "number", initial="6"),)
    ),
    Kind("daily", "Every day", (_AT,)),
    Kind(
        "weekly",
        "On days of the week",
        (
            Control(
                "days",
                "Days",
                "several",
                choices=tuple(
                    (day, day.capitalize())
                    for day in (
                        *("monday", "tuesday", "wednesday", "thursday"),
                        *("friday", "saturday", "sunday"),
                    )
                ),
                initial="monday",
            ),
            _AT,
        ),
    ),
    Kind(
        "monthly",
        "On a day of the month",
        (
            Control(
                "day",
                "Day",
                "number",
                "31 is the last day of every month.",
                initial="1",
            ),
            _AT,
        ),
    ),
    Kind(
        "cron",
        "By cron text",
        (
            Control(
                "text",
                "Cron text",
                "text",
                "Minute, hour, day of month, month, day of week: 30 6 * * MON-FRI",
            ),
        ),
    ),
)

_JSON = Control(
    "json",
    "As JSON",
    "json",
    "It stays as it is, unless you change the text.",
    path=("json",),
)
_ANY_KIND = Kind(KEPT, "More than fields can show", (_JSON,))
PARTS: Mapping[Part, Mapping[str, Kind]] = {
    "sources": SOURCES,
    "rules": RULES,
    "conditions": CONDITIONS,
    "entries": ENTRIES,
}


def kind(part: Part, name: str) -> Kind:
    """Return a kind by its name; what is not known has no fields, and the schema refuses it."""
    if name == KEPT:
        return _ANY_KIND
    return PARTS[part].get(name) or Kind(name, "Unknown")


def controls(part: Part, name: str) -> tuple[Control, ...]:
    """Return all fields of a block of this kind."""
    found = kind(part, name)
    if found.has_conditions:
        return (GROUP,)
    if part == "conditions" and name != KEPT:
        return (*found.controls, NOT)
    return found.controls
