"""The way to Spotify for one linked account: what the settings open to it."""

from __future__ import annotations

from typing import Any

import pytest

from playlists.connection import Connection
from playlists.spotify import errors
from tests.playlists.cast import Member, tracks


def test_the_mode_of_the_settings_decides_which_calls_there_are(ada: Member, settings: Any) -> None:
    ada.spotify.switch(mode="extended")

    with pytest.raises(errors.NotInThisMode):
        Connection(ada.credential).client.tracks(tracks(2))
    settings.SPOTIFY_MODE = "extended"
    found = Connection(ada.credential).client.tracks(tracks(2))

    assert [item.uri for item in found] == tracks(2)
