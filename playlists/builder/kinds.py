"""What a form asks for each kind of source, rule, condition and time, in the schema's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from playlists.builder.controls import Control

Part = Literal["sources", "rules", "conditions", "entries"]
Choices = tuple[tuple[str, str], ...]
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
    ("song", "The same song: by ISRC, or title, artist and length"),
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
    # The keys of a sort stand in selects of their own: see ``sort_keys``.
    Kind("sort", "Sort"),
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
            Control("since", "Since", "text", "A day such as 2026-01-31, or nothing."),
            Control("until", "Until", "text", "A day such as 2026-01-31, or nothing."),
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
    "Too nested for fields: it stays as it is, unless you change the text.",
    path=("json",),
)
_ANY_KIND = Kind(KEPT, "As JSON", (_JSON,))
PARTS: Mapping[Part, Mapping[str, Kind]] = {
    "sources": SOURCES,
    "rules": RULES,
    "conditions": CONDITIONS,
    "entries": ENTRIES,
}

NEW = "new"
TARGET: Sequence[Control] = (
    Control("account", "Whose playlist", "choice", offers="accounts"),
    Control(
        "playlist",
        "Which playlist",
        "choice",
        choices=((NEW, "A new playlist, made once"),),
        offers="playlists",
        initial=NEW,
        path=("playlist", "id"),
    ),
    Control("new_name", "Name of the new playlist", "text", path=("playlist", "name")),
    Control(
        "mode",
        "What becomes of what is in it",
        "choice",
        choices=(
            ("mirror", "It holds what the recipe says, besides what is changed by hand"),
            ("replace", "It holds what the recipe says and nothing else"),
            ("add_missing", "What is missing is added at the end, each once; nothing goes"),
            ("append", "What is new is added at the end; nothing goes"),
            ("prepend", "What is new is added at the top; nothing goes"),
            ("rolling", "What is new is added, and what is old goes: a rolling window"),
        ),
        initial="mirror",
    ),
    Control("count", "The window holds so many tracks", "number", path=("mode", "count")),
    Control("days", "A track stays so many days", "number", path=("mode", "days")),
    Control(
        "at",
        "New tracks go",
        "choice",
        choices=(("end", "To the end"), ("start", "To the top")),
        initial="end",
        path=("mode", "at"),
    ),
    Control(
        "by_hand",
        "What was changed by hand",
        "choice",
        choices=(
            ("", "As usual: it stays, unless the recipe holds nothing else"),
            ("keep", "It stays"),
            ("overwrite", "It is overwritten"),
        ),
    ),
    Control(
        "dates",
        "“Date added” of tracks that stay",
        "choice",
        choices=(
            ("budget", "Keep as many as a few more calls to Spotify allow"),
            ("strict", "Keep every date that can be kept"),
            ("cheapest", "Make the fewest calls"),
        ),
        initial="budget",
    ),
    Control(
        "share",
        "Ask before more of it goes, in %",
        "number",
        "Left empty: the site's own bound.",
        path=("guards", "share"),
    ),
    Control(
        "calls",
        "Ask before more changes in one run",
        "number",
        "Left empty: the site's own bound.",
        path=("guards", "calls"),
    ),
    Control("name", "Name to give it with each run", "text", "Left empty: its name is left alone."),
    Control("describes", "Set its description with each run", "check", path=("describes",)),
    Control("description", "Description", "text"),
)
_SPAN = "Both empty: at any hour."
SCHEDULE: Sequence[Control] = (
    Control("time_zone", "Time zone", "choice", offers="zones", initial="UTC"),
    Control("quiet_start", "No run starts from", "time", _SPAN, path=("quiet", "start")),
    Control("quiet_end", "Until", "time", path=("quiet", "end")),
    Control("paused", "The schedule is paused", "check"),
)

MOST_KEYS = 5
_FIELDS = (
    ("title", "Title", "A to Z", "Z to A"),
    ("artist", "Artist", "A to Z", "Z to A"),
    ("album", "Album", "A to Z", "Z to A"),
    ("added", "Date added", "oldest first", "newest first"),
    ("released", "Release date", "oldest first", "newest first"),
    ("duration", "Length", "shortest first", "longest first"),
    ("explicit", "Explicit", "clean first", "explicit first"),
    ("isrc", "ISRC", "ascending", "descending"),
    ("source", "Source", "first to last", "last to first"),
    ("position", "Place in its source", "first to last", "last to first"),
)
_KEYS: Choices = (
    ("", "Nothing more"),
    *(
        (f"{field} {order}", f"{label}: {words}")
        for field, label, *both in _FIELDS
        for order, words in zip(("ascending", "descending"), both, strict=True)
    ),
)


def sort_keys() -> tuple[Control, ...]:
    """Return the selects of a sort: one for each key, in their order."""
    return tuple(
        Control(
            f"by{place}",
            "By" if place == 0 else "Then by",
            "choice",
            choices=_KEYS[1:] if place == 0 else _KEYS,
            initial="added descending" if place == 0 else "",
            path=("by", str(place)),
        )
        for place in range(MOST_KEYS)
    )


def kind(part: Part, name: str) -> Kind:
    """Return a kind by its name; what is not known has no fields, and the schema refuses it."""
    if name == KEPT:
        return _ANY_KIND
    return PARTS[part].get(name) or Kind(name, "Unknown")


def controls(part: Part, name: str) -> tuple[Control, ...]:
    """Return all fields of a block of this kind."""
    found = kind(part, name)
    if part == "rules" and name == "sort":
        return sort_keys()
    if found.has_conditions:
        return (GROUP,)
    if part == "conditions" and name != KEPT:
        return (*found.controls, NOT)
    return found.controls
