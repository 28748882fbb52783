"""The form that puts a list into a playlist."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms

from playlists import formats
from playlists.library import Target
from playlists.lists import NotAList, TrackList
from playlists.models import Run
from playlists.uploads import MOST_BYTES

NEW = "new"
ACCEPTED = ".txt,.csv,.tsv,.json,.jspf,.xspf,.m3u,.m3u8,text/plain"
Choices = list[tuple[str, str]]  # in the form, "list" is a field
_LINK = re.compile(r"(?:.*open\.spotify\.com/(?:.*/)?playlist/|spotify:playlist:)([0-9A-Za-z]+).*")

NOT_YOURS = (
    "That playlist is not one of yours. Spotify lets you change only playlists that you own or "
    "work on together with others."
)
NOT_SHOWN = "That playlist is not among those that Spotify shows us now."
NOTHING_MATCHED = "No line of this list is a track yet. Choose for its lines first."
TOO_BIG = f"That file is too big. A list can have at most {MOST_BYTES // 1024 // 1024} MB."


class _Open(forms.Select):
    """A choice of which some options cannot be taken now."""

    closed: Mapping[str, str] = {}

    def create_option(
        self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


class PutForm(forms.Form):
    """What goes where, and how."""

    list = forms.CharField(
        label="Links to tracks, one a line",
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 10,
                "spellcheck": "false",
                "placeholder": "https://open.spotify.com/track/...\nspotify:track:...",
            }
        ),
    )
    file = forms.FileField(
        label="Or a file with them",
        help_text="A text file, a CSV with a column of Spotify URIs, as Exportify writes it, or "
        "what was downloaded here: CSV, JSON, JSPF, XSPF or M3U8.",
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    playlist = forms.ChoiceField(
        label="Playlist",
        required=False,
        widget=_Open,
        error_messages={"invalid_choice": NOT_YOURS},
    )
    name = forms.CharField(
        label="Name of the new playlist",
        required=False,
        max_length=100,
        error_messages={"max_length": "Spotify takes names of up to 100 letters."},
    )
    mode = forms.ChoiceField(
        label="And what is in the playlist now?",
        choices=[
            (Run.Mode.APPEND, "Keep it, and add the list to the end"),
            (Run.Mode.REPLACE, "Replace it by the list"),
        ],
        initial=Run.Mode.APPEND,
        required=False,
        widget=forms.RadioSelect,
    )
    by_hand = forms.ChoiceField(
        label="What was changed by hand since the last time",
        help_text="Where it is kept, tracks that somebody added stay, and tracks that somebody "
        "took out are not put back.",
        choices=[(Run.ByHand.KEEP, "Keep it"), (Run.ByHand.OVERWRITE, "Overwrite it")],
        initial=Run.ByHand.KEEP,
        required=False,
        widget=forms.RadioSelect,
    )
    dates = forms.ChoiceField(
        label="“Date added” of tracks that stay",
        help_text="Moving a track keeps its date, taking it out and adding it again does not.",
        choices=[
            (Run.Dates.BUDGET, "Keep as many as a few more calls to Spotify allow"),
            (Run.Dates.STRICT, "Keep every date that can be kept"),
            (Run.Dates.CHEAPEST, "Make the fewest calls"),
        ],
        initial=Run.Dates.BUDGET,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        *args: Any,
        accounts: Sequence[SocialAccount],
        targets: Sequence[Target],
        closed: Mapping[str, str],
        too_big: bool = False,
        tracks: TrackList | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = accounts
        self._targets = targets
        self._closed = closed
        self._too_big = too_big
        self.tracks = tracks  # that are put in, where they are known and no field is asked
        playlist = self.fields["playlist"]
        assert isinstance(playlist, forms.ChoiceField)  # noqa: S101 -- narrows a field
        choices = [*self._new_choices(), *self._target_choices()]
        playlist.choices = [(value, self._label(value, label)) for value, label in choices]
        assert isinstance(playlist.widget, _Open)  # noqa: S101 -- narrows a widget
        playlist.widget.closed = closed

    def _label(self, value: str, label: str) -> str:
        return f"{label}: {self._closed[value]}" if value in self._closed else label

    def _new_choices(self) -> Choices:
        if len(self._accounts) < 2:
            return [(NEW, "A new playlist")]
        return [
            (new_of(account), f"A new playlist of {name_of(account)}") for account in self._accounts
        ]

    def _target_choices(self) -> Choices:
        return [
            (one.playlist_id, one.name if one.length is None else f"{one.name} ({one.length:,})")
            for one in self._targets
        ]

    def clean_playlist(self) -> str:
        """Refuse what is there but cannot be taken, with the reason."""
        choice = self.cleaned_data["playlist"] or self._first_new()
        if reason := self._closed.get(choice):
            reason = reason[0].upper() + reason[1:]
            raise forms.ValidationError(f"{reason}. Pick another one, or reconnect Spotify.")
        return str(choice)

    def _first_new(self) -> str:
        """Return what nothing chosen stands for: a new playlist of the first account that can."""
        values = [value for value, _ in self._new_choices()]
        return next((value for value in values if value not in self._closed), values[0])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            self._clean_source(data)
            self._clean_target(data)
            data["mode"] = data.get("mode") or Run.Mode.APPEND
            data["by_hand"] = data.get("by_hand") or Run.ByHand.KEEP
            data["dates"] = data.get("dates") or Run.Dates.BUDGET
        return data

    def _clean_source(self, data: dict[str, Any]) -> None:
        """Read the list from the one place where it was given."""
        if self.tracks is not None:
            data["tracks"] = self.tracks
            return None if self.tracks.uris else self.add_error(None, NOTHING_MATCHED)
        text, file = data.get("list", ""), data.get("file")
        if self._too_big:
            return self.add_error("file", TOO_BIG)
        if file and text.strip():
            return self.add_error("file", "Either paste the list or upload a file, not both.")
        if not file and not text.strip():
            return self.add_error("list", "Paste some links to tracks, or choose a file.")
        field = "file" if file else "list"
        try:
            tracks = formats.tracks(file.read() if file else text, name=file.name if file else "")
        except NotAList as exc:
            return self.add_error(field, str(exc))
        if not tracks.uris:
            return self.add_error(field, _nothing_found(tracks))
        data["tracks"] = tracks
        return None

    def _clean_target(self, data: dict[str, Any]) -> None:
        choice, name = data["playlist"], " ".join(data.get("name", "").split())
        data["account"], data["playlist_id"], data["name"] = None, "", name
        target = next((one for one in self._targets if one.playlist_id == choice), None)
        if target is not None:
            data["account"] = self._account(target.account_id)
            data["playlist_id"], data["name"] = target.playlist_id, target.name
            return None
        _, _, account_id = choice.partition(":")
        data["account"] = self._account(int(account_id)) if account_id else self._accounts[0]
        if not name:
            return self.add_error("name", "Give the new playlist a name, or pick one of yours.")
        return None

    def _account(self, pk: int) -> SocialAccount:
        return next(account for account in self._accounts if account.pk == pk)


def new_of(account: SocialAccount) -> str:
    """Return the choice of a new playlist of one of several accounts."""
    return f"{NEW}:{account.pk}"


def name_of(account: SocialAccount) -> str:
    return str(account.extra_data.get("display_name") or account.uid)


def chosen_playlist(value: str) -> str:
    """Return the id in what a person chose or typed: an id, a link or a URI."""
    match = _LINK.fullmatch(value.strip())
    return match[1] if match else value.strip()


def _nothing_found(tracks: TrackList) -> str:
    if not tracks.unmatched:
        return "There is no link to a track in it."
    first = tracks.unmatched[0]
    return f"There is no link to a track in it. Line {first.number}: {first.reason}."
