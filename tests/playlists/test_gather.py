"""Every kind of source, read as far as it changed, and what happens where it cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts import scopes, tokens
from playlists import dispatch, versions
from playlists.connection import Connection
from playlists.models import Run, SourceList, StoredList, Version
from playlists.spotify import Item
from simulator.control_client import Control
from tests.playlists.cast import Member, edit, one_slice, take_out_of_library, tracks, worked
from tests.playlists.recipe_cast import of, playlist, ran, reads, saved

ALL = scopes.to_ask((), scopes.EXTRAS)


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=ALL)


# Each kind ----------------------------------------------------------------------------------------


def put(ada: Member, *sources: dict[str, Any], **more: Any) -> list[str]:
    """Return what a new playlist holds after a recipe of these sources ran."""
    run = ran(saved(ada, of(ada, *sources, **more)))
    assert run.state == Run.State.DONE, run.sentence
    return ada.spotify.uris(run.playlist_id)


def test_top_tracks_are_those_of_the_range(ada: Member) -> None:
    heard = {name: tracks(4, start=start) for name, start in RANGES.values()}
    ada.spotify.load_heard("ada", top=heard)

    for over, (name, _) in RANGES.items():
        assert put(ada, {"kind": "top", "range": over}) == heard[name]


RANGES = {
    "4 weeks": ("short_term", 100),
    "6 months": ("medium_term", 200),
    "year": ("long_term", 300),
}


def test_what_was_played_last_comes_newest_first_and_is_read_each_time(ada: Member) -> None:
    ada.spotify.load_heard("ada", recent=tracks(5))
    once = [{"kind": "duplicates", "same": "track"}]
    recipe = saved(ada, of(ada, {"kind": "recent"}, mode="add_missing", rules=once))
    target = ran(recipe).playlist_id
    assert ada.spotify.uris(target) == tracks(5)

    ada.spotify.load_heard("ada", recent=[*tracks(2, start=50), *tracks(3)])
    assert ran(recipe).state == Run.State.DONE

    assert ada.spotify.uris(target) == tracks(5) + tracks(2, start=50)


def test_saved_albums_bring_their_tracks_and_are_read_again_when_one_is_saved(ada: Member) -> None:
    rows = [
        {
            "title": f"{album} {place}",
            "artists": ["Band"],
            "album": album,
            "id": f"{album:0<21}{place}",
        }
        for album in ("Suite", "Encore")
        for place in range(3)
    ]
    ada.spotify.change_catalogue(tracks=rows)
    client = Connection(ada.credential).client
    albums = {
        name: client.track(f"spotify:track:{name:0<21}0").album_uri for name in ("Suite", "Encore")
    }
    uris = {name: [f"spotify:track:{name:0<21}{place}" for place in range(3)] for name in albums}
    ada.spotify.load_saved("ada", albums=[albums["Suite"]])
    recipe = saved(ada, of(ada, {"kind": "albums"}))
    target = ran(recipe).playlist_id
    assert ada.spotify.uris(target) == uris["Suite"]

    ada.spotify.advance(days=1)
    ada.spotify.load_saved("ada", save=[albums["Encore"]])
    assert ran(recipe).state == Run.State.DONE

    assert ada.spotify.uris(target) == uris["Encore"] + uris["Suite"]


def test_liked_songs_versions_and_stored_lists_are_sources(ada: Member) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(3))
    items = [Item(uri) for uri in tracks(3, start=10)]
    old = versions.freeze(ada.account, "0" * 22, items, cause=Version.Cause.BEFORE)
    listed = StoredList.objects.create(user=ada.user, name="Mine", uris=tracks(3, start=20))

    found = put(
        ada,
        {"kind": "liked"},
        {"kind": "version", "version": str(old.pk)},
        {"kind": "list", "list": str(listed.uuid)},
        {"kind": "uris", "uris": tracks(3, start=30)},
    )

    assert found == [uri for start in (0, 10, 20, 30) for uri in tracks(3, start=start)]


def test_several_accounts_of_one_person_are_read_each_by_its_own(ada: Member) -> None:
    second = Member.joins(ada.spotify, "ada2", user=ada.user, scopes=ALL)
    ada.spotify.load_saved("ada", tracks=tracks(2))
    ada.spotify.load_saved("ada2", tracks=tracks(2, start=50))
    theirs = second.has(tracks(2, start=70))
    by = {"account": second.account.uid}

    found = put(ada, {"kind": "liked"}, {"kind": "liked", **by}, playlist(theirs, **by))

    assert found == tracks(2) + tracks(2, start=50) + tracks(2, start=70)
    who = {row["user"] for row in ada.spotify.log() if row["path"] == "/v1/me/tracks"}
    assert who == {"ada", "ada2"}


# What cannot be read ------------------------------------------------------------------------------


def without_consent(ada: Member) -> dict[str, Any]:
    second = Member.joins(ada.spotify, "ada2", user=ada.user, scopes=ALL)
    assert tokens.require_reconnect(second.credential.pk)
    return {"kind": "liked", "account": second.account.uid}


def without_the_right(ada: Member) -> dict[str, Any]:
    second = Member.joins(ada.spotify, "ada2", user=ada.user)
    return {"kind": "liked", "account": second.account.uid}


def of_somebody_else(ada: Member) -> dict[str, Any]:
    return playlist(Member.joins(ada.spotify, "bob").has(tracks(2)))


def taken_away(ada: Member) -> dict[str, Any]:
    gone = ada.has(tracks(2))
    ada.spotify.remove_playlist(gone)
    return playlist(gone)


def deleted_list(ada: Member) -> dict[str, Any]:
    row = StoredList.objects.create(user=ada.user, name="Mine", uris=tracks(3))
    return {"kind": "list", "list": str(row.uuid)}


def deleted_version(ada: Member) -> dict[str, Any]:
    items = [Item(uri) for uri in tracks(3)]
    old = versions.freeze(ada.account, "0" * 22, items, cause=Version.Cause.BEFORE)
    return {"kind": "version", "version": str(old.pk)}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (without_consent, "not connected"),
        (without_the_right, "lacks the right"),
        (of_somebody_else, "only playlists that you own"),
        (taken_away, "does not find it"),
        (deleted_list, "stored list is not there"),
        (deleted_version, "version is not kept"),
    ],
)
def test_what_cannot_be_read_ends_the_run_or_is_left_out_as_chosen(
    ada: Member, make: Callable[[Member], dict[str, Any]], words: str
) -> None:
    bad = make(ada)
    good = {"kind": "uris", "uris": tracks(3, start=30)}
    failing = saved(ada, of(ada, good, {**bad, "if_unreadable": "fail"}))
    skipping = saved(ada, of(ada, good, {**bad, "if_unreadable": "skip"}))
    StoredList.objects.all().delete()
    Version.objects.all().delete()

    failed, skipped = ran(failing), ran(skipping)
    if make in {without_the_right, taken_away}:  # seen for a moment, too
        assert {failed.state, skipped.state} == {Run.State.WAITING}
        failed, skipped = ada.later(failed, seconds=30), worked(skipped)

    assert (failed.state, failed.code) == (Run.State.FAILED, "source_unreadable")
    assert failed.sentence.startswith("Source 2 cannot be read: ")
    assert words in failed.sentence
    assert failed.playlist_id == ""
    assert skipped.state == Run.State.DONE, skipped.sentence
    assert ada.spotify.uris(skipped.playlist_id) == tracks(3, start=30)
    assert [words in sentence for sentence in skipped.report["skipped"]] == [True]


def test_a_source_that_time_brings_back_is_waited_for_and_not_left_out(ada: Member) -> None:
    source = ada.has(tracks(3))
    ada.spotify.fault(method="GET", path=f"/playlists/{source}/items", status=503)
    run = ran(saved(ada, of(ada, playlist(source, if_unreadable="skip"))))
    assert run.state == Run.State.WAITING

    run = ada.later(run, seconds=60)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(3)


# What is refused for a moment ---------------------------------------------------------------------

NOT_FOUND = {"status": 404, "json": {"error": {"status": 404, "message": "Not found."}}}
NO_SCOPE = {
    "status": 403,
    "json": {"error": {"status": 403, "message": "Insufficient client scope"}},
}


@pytest.mark.parametrize("refusal", [NOT_FOUND, NO_SCOPE])
@pytest.mark.parametrize("choice", ["skip", "fail"])
def test_a_source_that_is_refused_for_a_moment_is_neither_left_out_nor_the_runs_end(
    ada: Member, choice: str, refusal: dict[str, Any]
) -> None:
    source = ada.has(tracks(230))
    recipe = saved(ada, of(ada, playlist(source, if_unreadable=choice)))
    ada.spotify.fault(method="GET", path=f"/playlists/{source}/items", skip=2, **refusal)

    run = ran(recipe)
    assert (run.state, run.code[-8:]) == (Run.State.WAITING, "_doubted"), run.sentence
    assert run.sentence.startswith("Spotify does not answer as it should; this goes on")
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence
    assert run.report["skipped"] == []
    assert ada.spotify.uris(run.playlist_id) == tracks(230)


def test_pages_that_are_refused_for_a_moment_each_are_not_refused_twice(ada: Member) -> None:
    source = ada.has(tracks(230))
    recipe = saved(ada, of(ada, playlist(source, if_unreadable="skip")))
    path = f"/playlists/{source}/items"
    ada.spotify.fault(method="GET", path=path, skip=1, **NOT_FOUND)
    run = ran(recipe)
    ada.spotify.clear_faults()
    ada.spotify.fault(method="GET", path=path, skip=1, **NOT_FOUND)

    run = ada.later(run, seconds=30)
    assert run.state == Run.State.WAITING, run.sentence
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(230)


@pytest.mark.parametrize("path", ["/me/playlists$", "/me/tracks$"])
def test_a_mark_that_is_refused_for_a_moment_leaves_no_source_out(ada: Member, path: str) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(3))
    source = ada.has(tracks(3, start=50))
    sources = [{"kind": "liked", "if_unreadable": "skip"}, playlist(source, if_unreadable="skip")]
    recipe = saved(ada, of(ada, *sources))
    target = ran(recipe).playlist_id
    ada.spotify.fault(method="GET", path=path, **NOT_FOUND)

    run = ran(recipe)
    assert run.state == Run.State.WAITING, run.sentence
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(target) == tracks(3) + tracks(3, start=50)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", ["in_playlist", "in_my_playlists"])
def test_a_list_that_a_rule_asks_about_is_asked_again_before_it_is_unknown(
    ada: Member, kind: str, times: int
) -> None:
    other, target = ada.has(tracks(2)), ada.has(tracks(1, start=90))
    named = kind == "in_playlist"
    condition = {"kind": kind, "playlists": [other]} if named else {"kind": kind}
    rule = {"kind": "drop", "when": condition}
    listed = {"kind": "uris", "uris": tracks(5, start=1)}
    recipe = saved(ada, of(ada, listed, target=target, mode="append", rules=[rule]))
    path = f"/playlists/{other}/items" if named else "/me/playlists$"
    ada.spotify.fault(method="GET", path=path, times=times, **NOT_FOUND)

    run = ran(recipe)
    assert run.state == Run.State.WAITING, run.sentence
    run = ada.later(run, seconds=30)

    if times == 1:
        assert run.state == Run.State.DONE, run.sentence
        assert ada.spotify.uris(target) == tracks(1, start=90) + tracks(4, start=2)
    else:
        assert (run.state, run.code) == (Run.State.HELD, "partial")


def test_several_sources_that_are_gone_are_waited_for_once_and_asked_twice(ada: Member) -> None:
    gone = [taken_away(ada)["playlist"] for _ in range(3)]
    good = ada.has(tracks(3))
    sources = [playlist(id_, if_unreadable="skip") for id_ in (*gone, gone[0])]
    recipe = saved(ada, of(ada, *sources, playlist(good)))
    dry = worked(dispatch.start(recipe, dry=True))
    assert dry.state == Run.State.WAITING

    dry = ada.later(dry, seconds=30)

    assert dry.state == Run.State.DRAFT, dry.sentence
    assert len(dry.report["skipped"]) == 4
    assert dry.report["added"] == 3
    asked = reads(ada)
    # The second time each of two sources asks for the first one.
    assert [asked.count(f"/v1/playlists/{id_}/items") for id_ in gone] == [3, 2, 2]
    assert asked.count(f"/v1/playlists/{good}/items") == 1


def test_a_run_that_is_tried_again_doubts_anew(ada: Member) -> None:
    source = ada.has(tracks(3))
    recipe = saved(ada, of(ada, playlist(source)))
    ada.spotify.fault(method="GET", path=f"/playlists/{source}/items", times=2, **NOT_FOUND)
    run = ada.later(ran(recipe), seconds=30)
    assert (run.state, run.code) == (Run.State.FAILED, "source_unreadable")
    ada.spotify.fault(method="GET", path=f"/playlists/{source}/items", **NOT_FOUND)

    assert run.retry()
    run = worked(run)
    assert run.state == Run.State.WAITING, run.sentence
    run = ada.later(run, seconds=30)

    assert run.state == Run.State.DONE, run.sentence


# Where nothing tells whether a list has changed ---------------------------------------------------


def shows_no_snapshot(ada: Member, playlist_id: str) -> None:
    row = {"id": playlist_id, "name": "P", "items": {"total": 1}}
    answer: dict[str, Any] = {"items": [row], "total": 1}
    path = "/me/playlists$"
    ada.spotify.fault(method="GET", path=path, status=200, json=answer, times=None)


def test_a_source_outside_the_library_is_read_again_only_where_it_changed(ada: Member) -> None:
    source = ada.has(tracks(230))
    take_out_of_library(ada, source)
    recipe = saved(ada, of(ada, playlist(source)))
    target = ran(recipe).playlist_id
    ada.spotify.clear_log()

    assert ran(recipe).state == Run.State.DONE
    assert reads(ada) == [
        "/v1/me/playlists",
        f"/v1/playlists/{source}",
        f"/v1/playlists/{target}",
    ]

    edit(ada, "POST", source, {"uris": tracks(2, start=500)})
    assert ran(recipe).state == Run.State.DONE
    assert ada.spotify.uris(target) == tracks(230) + tracks(2, start=500)


def test_lists_that_have_no_mark_are_looked_for_once_a_slice(ada: Member) -> None:
    gone = [taken_away(ada)["playlist"] for _ in range(3)]
    recipe = saved(ada, of(ada, *(playlist(id_, if_unreadable="skip") for id_ in gone)))
    ada.spotify.clear_log()

    assert ran(recipe).state == Run.State.WAITING

    asked = reads(ada)
    assert asked.count("/v1/me/playlists") == 1
    assert [asked.count(f"/v1/playlists/{id_}") for id_ in gone] == [1, 1, 1]


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
