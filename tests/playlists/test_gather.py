"""Every kind of source, read as far as it changed, and what happens where it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import scopes
from playlists import dispatch
from playlists.models import Run, SourceList
from simulator.control_client import Control
from tests.playlists.cast import Member, edit, one_slice, tracks
from tests.playlists.recipe_cast import of, playlist, ran, reads, saved


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=scopes.to_ask((), scopes.EXTRAS))


# Where nothing tells whether a list has changed ---------------------------------------------------


def shows_no_snapshot(ada: Member, playlist_id: str) -> None:
    row = {"id": playlist_id, "name": "P", "items": {"total": 1}}
    answer: dict[str, Any] = {"items": [row], "total": 1}
    path = "/me/playlists$"
    ada.spotify.fault(method="GET", path=path, status=200, json=answer, times=None)


def test_a_list_without_a_mark_is_read_each_time(ada: Member) -> None:
    source = ada.has(tracks(3))
    shows_no_snapshot(ada, source)
    recipe = saved(ada, of(ada, playlist(source)))
    target = ran(recipe).playlist_id
    assert SourceList.objects.get().mark == ""

    edit(ada, "POST", source, {"uris": tracks(2, start=50)})
    run = ran(recipe)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(3) + tracks(2, start=50)


def test_a_long_list_without_a_mark_is_read_to_its_end(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playlists.push.SLICE_SECONDS", 0.0)
    source = ada.has(tracks(230))
    shows_no_snapshot(ada, source)
    recipe = saved(ada, of(ada, playlist(source)))
    run = dispatch.start(recipe)
    ada.spotify.clear_log()

    for _ in range(20):  # no more: it used to begin anew in each slice
        one_slice(run)
    run.refresh_from_db()

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(230)
    assert reads(ada).count(f"/v1/playlists/{source}/items") == 5
