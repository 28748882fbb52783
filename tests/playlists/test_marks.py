"""Nothing changed is told by at most two calls, and any change by a mark that is another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.scopes import BASE
from playlists import marks
from playlists.connection import Connection
from playlists.marks import ALBUMS, LIKED, Mark
from playlists.spotify import errors
from simulator.control_client import Control
from tests.playlists.cast import Member, edit, take_out_of_library, tracks, writes

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = [*BASE, "user-library-read"]


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada", scopes=SCOPES)


@pytest.fixture
def connection(ada: Member) -> Connection:
    return Connection(ada.credential)


def owns(ada: Member, count: int) -> list[str]:
    """Own so many playlists, as Spotify lists them."""
    rows = [{"owner": ada.name, "name": f"P{number}", "uris": tracks(1)} for number in range(count)]
    made: list[str] = ada.spotify.call("POST", "playlists", {"playlists": rows})["ids"]
    return made[::-1]


def reads(ada: Member) -> list[tuple[str, dict[str, Any]]]:
    return [(row["path"], row["query"]) for row in ada.spotify.log()]


def test_nothing_changed_costs_two_reads_and_no_write(ada: Member, connection: Connection) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(3_000))
    target = owns(ada, 50)[-1]
    known = marks.look(connection, [LIKED, target])
    ada.spotify.clear_log()

    now = marks.look(connection, [LIKED, target])

    assert marks.differing(known, now) == set()
    assert reads(ada) == [
        ("/v1/me/tracks", {"limit": "1", "offset": "0"}),
        ("/v1/me/playlists", {"limit": "50", "offset": "0"}),
    ]
    assert writes(ada) == []


def test_several_playlists_are_one_read(ada: Member, connection: Connection) -> None:
    lists = owns(ada, 50)

    known = marks.look(connection, lists)

    assert {place: mark.total for place, mark in known.items()} == dict.fromkeys(lists, 1)
    assert all(mark.stamp for mark in known.values())
    assert len(reads(ada)) == 1


def test_nothing_to_look_for_costs_nothing(ada: Member, connection: Connection) -> None:
    assert marks.look(connection, []) == {}
    assert reads(ada) == []


@pytest.mark.parametrize(
    "change",
    [
        {"save": tracks(1, start=9)},
        {"unsave": tracks(1)},
        {"unsave": tracks(1, start=2)},
        {"unsave": tracks(1, start=2), "save": tracks(1, start=9)},
        {"tracks": []},
    ],
)
def test_a_change_of_the_likes_is_seen(
    ada: Member, connection: Connection, change: dict[str, Any]
) -> None:
    ada.spotify.load_saved("ada", tracks=tracks(3))
    known = marks.look(connection, [LIKED])
    ada.spotify.advance(seconds=60)

    ada.spotify.load_saved("ada", **change)

    assert marks.differing(known, marks.look(connection, [LIKED])) == {LIKED}


def test_a_saved_album_is_seen(ada: Member, connection: Connection) -> None:
    track = connection.client.track(ada.spotify.catalogue(1)[0])
    known = marks.look(connection, [ALBUMS])

    ada.spotify.load_saved("ada", save=[track.album_uri])

    now = marks.look(connection, [ALBUMS])
    assert known == {ALBUMS: Mark("", 0)}
    assert now[ALBUMS].total == 1
    assert marks.differing(known, now) == {ALBUMS}


def test_a_change_of_one_playlist_is_seen_and_no_other(ada: Member, connection: Connection) -> None:
    first, second = owns(ada, 2)
    known = marks.look(connection, [first, second])

    edit(ada, "PUT", second, {"uris": tracks(1, start=7)})

    assert marks.differing(known, marks.look(connection, [first, second])) == {second}


def test_a_new_name_is_taken_for_a_change(ada: Member, connection: Connection) -> None:
    (playlist_id,) = owns(ada, 1)
    known = marks.look(connection, [playlist_id])

    connection.client.change_details(playlist_id, name="New")

    assert marks.differing(known, marks.look(connection, [playlist_id])) == {playlist_id}


def test_a_playlist_that_left_the_library_has_to_be_read(
    ada: Member, connection: Connection
) -> None:
    kept, gone = owns(ada, 2)
    known = marks.look(connection, [kept, gone])
    ada.spotify.remove_playlist(gone)
    ada.spotify.clear_log()

    now = marks.look(connection, [kept, gone])

    assert marks.differing(known, now) == {gone}
    assert [path for path, _ in reads(ada)] == ["/v1/me/playlists", f"/v1/playlists/{gone}"]


def test_a_playlist_that_was_taken_out_of_the_library_has_its_mark(
    ada: Member, connection: Connection
) -> None:
    kept, out = owns(ada, 2)
    known = marks.look(connection, [kept, out])
    take_out_of_library(ada, out)
    ada.spotify.clear_log()

    now = marks.look(connection, [kept, out])

    assert now == known
    assert [path for path, _ in reads(ada)] == ["/v1/me/playlists", f"/v1/playlists/{out}"]


@pytest.mark.parametrize(
    ("status", "message"),
    [(404, "Not found."), (403, "Forbidden"), (403, "Insufficient client scope")],
)
def test_a_playlist_that_is_refused_has_to_be_read_and_the_others_have_their_marks(
    ada: Member, connection: Connection, status: int, message: str
) -> None:
    first, second, kept = owns(ada, 3)
    take_out_of_library(ada, first)
    take_out_of_library(ada, second)
    error = {"error": {"status": status, "message": message}}
    ada.spotify.fault(path=f"/playlists/{first}$", status=status, json=error)

    assert set(marks.look(connection, [first, second, kept])) == {second, kept}


def test_a_few_lists_beyond_the_first_page_are_looked_up(
    ada: Member, connection: Connection
) -> None:
    lists = owns(ada, 120)

    found = marks.look(connection, [lists[0], lists[60], lists[119]])

    assert set(found) == {lists[0], lists[60], lists[119]}
    assert [path for path, _ in reads(ada)] == [
        "/v1/me/playlists",
        *sorted(f"/v1/playlists/{id_}" for id_ in (lists[60], lists[119])),
    ]


def test_many_lists_beyond_the_first_page_are_found_on_the_next(
    ada: Member, connection: Connection
) -> None:
    lists = owns(ada, 120)

    found = marks.look(connection, lists)

    assert set(found) == set(lists)
    assert [query["offset"] for _, query in reads(ada)] == ["0", "50", "100"]


def test_one_that_is_nowhere_is_missing(ada: Member, connection: Connection) -> None:
    lists = owns(ada, 51)

    found = marks.look(connection, [lists[0], "q" * 22])

    assert set(found) == {lists[0]}
    assert marks.differing({"q" * 22: Mark("s", 1)}, found) == {"q" * 22}


def test_a_list_without_a_snapshot_is_missing(ada: Member, connection: Connection) -> None:
    (playlist_id,) = owns(ada, 1)
    row = {"id": playlist_id, "name": "P", "items": {"total": 1}}
    ada.spotify.fault(path="/me/playlists", status=200, json={"items": [row], "total": 1})

    assert marks.look(connection, [playlist_id]) == {}


def test_marks_are_stored_as_json_and_come_back(ada: Member, connection: Connection) -> None:
    known = marks.look(connection, [LIKED, *owns(ada, 1)])

    stored = json.loads(json.dumps(known))

    assert {place: Mark(*mark) for place, mark in stored.items()} == known


def test_a_missing_right_is_an_error_and_no_answer(spotify: Control) -> None:
    grace = Member.joins(spotify, "grace", scopes=BASE)

    with pytest.raises(errors.InsufficientScope):
        marks.look(Connection(grace.credential), [LIKED])
