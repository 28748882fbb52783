"""The keys of a sort: a select for each, in their order."""

from __future__ import annotations

from playlists.builder.controls import Choices, Control

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


KEYS = tuple(
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
