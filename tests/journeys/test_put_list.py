"""A person pastes a list, looks at the preview, starts, and a worker puts it into the playlist."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from playlists.models import Run, Version
from simulator.control_client import Control
from tests.playlists.cast import Member, ended, said, tracks
from tests.processes import Worker


@pytest.fixture
def ada(sim: Control, transactional_db: None) -> Member:
    sim.reset("empty")
    return Member.joins(sim, "ada")


def link(uri: str) -> str:
    return f"https://open.spotify.com/intl-de/track/{uri.rsplit(':', 1)[1]}?si=abcdef"


def test_a_pasted_list_replaces_a_playlist(ada: Member, worker: Worker) -> None:
    old, new = tracks(120), tracks(250, start=60)
    playlist_id = ada.has(old)
    browser = ada.browser()

    text = "\n".join(link(uri) for uri in new)
    form = {"list": text, "playlist": playlist_id, "mode": "replace"}
    preview = browser.post("/playlists/put/", form, follow=True)
    assert preview.redirect_chain, said(preview)
    started = browser.post(preview.redirect_chain[-1][0])
    run = ended(Run.objects.get())

    assert ada.spotify.uris(playlist_id) == new
    assert run.state == Run.State.DONE, run.sentence
    assert (run.report["kept"], run.report["added"], run.report["removed"]) == (60, 190, 60)
    assert started["Location"] == f"/runs/{run.uuid}/"
    told = browser.get(f"/runs/{run.uuid}.json").json()
    assert (told["state"], told["done"], told["total"]) == ("done", 250, 250)
    assert told["playlist_id"] == playlist_id
    assert run.before is not None
    assert run.before.uris == old
    assert run.after is not None
    assert run.after.uris == new
    assert Version.objects.count() == 2


def test_a_file_makes_a_new_playlist(ada: Member, worker: Worker) -> None:
    wanted = tracks(130)
    rows = "\r\n".join(f'"{uri}","A ""title"", with commas"' for uri in wanted)
    file = SimpleUploadedFile("x.csv", f'\ufeff"Track URI","Name"\r\n{rows}\r\n'.encode())
    browser = ada.browser()

    form = {"file": file, "playlist": "new", "name": "Fresh"}
    preview = browser.post("/playlists/put/", form, follow=True)
    browser.post(preview.redirect_chain[-1][0])
    run = ended(Run.objects.get())

    (playlist,) = ada.spotify.playlists("ada")
    assert run.state == Run.State.DONE, run.sentence
    assert playlist["name"] == "Fresh"
    assert ada.spotify.uris(run.playlist_id) == wanted
    page = browser.get(f"/runs/{run.uuid}/").content.decode()
    assert f"https://open.spotify.com/playlist/{run.playlist_id}" in page
    assert "OPEN SPOTIFY" in page
