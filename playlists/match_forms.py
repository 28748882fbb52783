"""The form that brings a list from elsewhere."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms

from playlists import formats
from playlists.formats import Reading
from playlists.forms import ACCEPTED, TOO_BIG
from playlists.lists import NotAList

_NAME_LETTERS = 100  # as many as a playlist's may have
_UNNAMED = "A list"


class BringForm(forms.Form):
    """A list, pasted or as a file, and what it is to be called."""

    list = forms.CharField(
        label="The list, one track a line",
        help_text="Artist - title, links, or ISRCs.",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "spellcheck": "false",
                "placeholder": "Queen - One Vision\nGBUM71029604\nhttps://open.spotify.com/track/...",
            }
        ),
    )
    file = forms.FileField(
        label="Or a file with it",
        help_text="Text, CSV, JSON, JSPF, XSPF or M3U8, as other programs write them.",
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    name = forms.CharField(label="What it is called", required=False, max_length=_NAME_LETTERS)

    def __init__(self, *args: Any, too_big: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._too_big = too_big

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            self._clean_source(data)
        if not self.errors:
            name = " ".join(str(data.get("name", "")).split())
            data["name"] = name or self._name_of(data["reading"], data.get("file"))
        return data

    def _clean_source(self, data: dict[str, Any]) -> None:
        """Read the list from the one place where it was given."""
        text, file = data.get("list", ""), data.get("file")
        if self._too_big:
            return self.add_error("file", TOO_BIG)
        if file and text.strip():
            return self.add_error("file", "Either paste the list or upload a file, not both.")
        if not file and not text.strip():
            return self.add_error("list", "Paste a list, or choose a file.")
        field = "file" if file else "list"
        try:
            reading = formats.read(file.read() if file else text, name=file.name if file else "")
        except NotAList as exc:
            return self.add_error(field, str(exc))
        if not reading.lines:
            return self.add_error(field, _nothing_found(reading))
        data["reading"] = reading
        return None

    def _name_of(self, reading: Reading, file: Any) -> str:
        stem = PurePath(str(file.name)).stem if file else ""
        name = " ".join((reading.name or stem).replace("\0", "").split())
        return name[:_NAME_LETTERS] or _UNNAMED


def _nothing_found(reading: Reading) -> str:
    if not reading.unmatched:
        return "There is no track in it."
    first = reading.unmatched[0]
    return f"There is no track in it. Line {first.number}: {first.reason}."
