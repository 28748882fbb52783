"""The form that puts a list into a playlist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import forms

from playlists import lists
from playlists.library import Target
from playlists.lists import NotAList, TrackList
from playlists.models import Run
from playlists.uploads import MOST_BYTES

NEW = "new"
Choices = list[tuple[str, str]]  # in the form, "list" is a field
_LINK = re.compile(r"(?:.*open\.spotify\.com/(?:.*/)?playlist/|spotify:playlist:)([0-9A-Za-z]+).*")

NOT_YOURS = (
    "That playlist is not one of yours. Spotify lets you change only playlists that you own or "
    "work on together with others."
)
TOO_BIG = f"That file is too big. A list can have at most {MOST_BYTES // 1024 // 1024} MB."


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
        help_text="A text file, or a CSV with a column of Spotify URIs, as Exportify writes it.",
        required=False,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.csv,.tsv,.m3u,.m3u8,text/plain"}),
    )
    playlist = forms.ChoiceField(
        label="Playlist", required=False, error_messages={"invalid_choice": NOT_YOURS}
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

    def __init__(
        self,
        *args: Any,
        accounts: Sequence[SocialAccount],
        targets: Sequence[Target],
        too_big: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = accounts
        self._targets = targets
        self._too_big = too_big
        playlist = self.fields["playlist"]
        assert isinstance(playlist, forms.ChoiceField)  # noqa: S101 -- narrows a field
        playlist.choices = [*self._new_choices(), *self._target_choices()]

    def _new_choices(self) -> Choices:
        if len(self._accounts) < 2:
            return [(NEW, "A new playlist")]
        return [
            (
                f"{NEW}:{account.pk}",
                f"A new playlist of {account.extra_data.get('display_name') or account.uid}",
            )
            for account in self._accounts
        ]

    def _target_choices(self) -> Choices:
        return [
            (one.playlist_id, one.name if one.length is None else f"{one.name} ({one.length:,})")
            for one in self._targets
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            self._clean_source(data)
            self._clean_target(data)
            data["mode"] = data.get("mode") or Run.Mode.APPEND
        return data

    def _clean_source(self, data: dict[str, Any]) -> None:
        """Read the list from the one place where it was given."""
        text, file = data.get("list", ""), data.get("file")
        if self._too_big:
            return self.add_error("file", TOO_BIG)
        if file and text.strip():
            return self.add_error("file", "Either paste the list or upload a file, not both.")
        if not file and not text.strip():
            return self.add_error("list", "Paste some links to tracks, or choose a file.")
        field = "file" if file else "list"
        try:
            tracks = lists.parse(lists.decode(file.read()) if file else text)
        except NotAList as exc:
            return self.add_error(field, str(exc))
        if not tracks.uris:
            return self.add_error(field, _nothing_found(tracks))
        data["tracks"] = tracks
        return None

    def _clean_target(self, data: dict[str, Any]) -> None:
        choice, name = data.get("playlist") or NEW, " ".join(data.get("name", "").split())
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


def chosen_playlist(value: str) -> str:
    """Return the id in what a person chose or typed: an id, a link or a URI."""
    match = _LINK.fullmatch(value.strip())
    return match[1] if match else value.strip()


def _nothing_found(tracks: TrackList) -> str:
    if not tracks.unmatched:
        return "There is no link to a track in it."
    first = tracks.unmatched[0]
    return f"There is no link to a track in it. Line {first.number}: {first.reason}."
