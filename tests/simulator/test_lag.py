"""What readers see after a write: items late, snapshots later, and sometimes an odd one."""

from __future__ import annotations

import pytest


@pytest.fixture
def uris(control):
    return control.catalogue(5)


@pytest.fixture
def id_(control, uris):
    control.stop_clock()
    return control.add_playlist("ada", uris=uris[:2])


@pytest.fixture
def seen(spotify, id_):
    def seen():
        rows = spotify.get(f"/playlists/{id_}/items").json()["items"]
        return [row["item"]["uri"] for row in rows]

    return seen


@pytest.fixture
def snapshot(spotify, id_):
    return lambda: spotify.get(f"/playlists/{id_}", fields="snapshot_id").json()["snapshot_id"]


def add(spotify, id_, uri):
    answer = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": [uri]})
    return answer.json()["snapshot_id"]


def test_without_lag_a_write_is_seen_at_once(spotify, id_, uris, seen, snapshot):
    written = add(spotify, id_, uris[2])

    assert seen() == uris[:3]
    assert snapshot() == written


def test_items_are_exact_after_their_delay(spotify, control, id_, uris, seen):
    control.switch(items_delay_s=0.6)
    add(spotify, id_, uris[2])
    control.advance(seconds=0.3)
    add(spotify, id_, uris[3])

    views = [seen()]
    for seconds in (0.35, 0.3):
        control.advance(seconds=seconds)
        views.append(seen())

    assert views == [uris[:2], uris[:3], uris[:4]]
    assert control.uris(id_) == uris[:4]


def test_snapshot_stays_the_old_one_for_half_a_minute(spotify, control, id_, uris, seen, snapshot):
    control.switch(snapshot_delay_s=30, snapshot_style="stale")
    before = snapshot()
    written = add(spotify, id_, uris[2])
    control.advance(seconds=29)

    during = snapshot()
    control.advance(seconds=2)

    assert during == before != written
    assert seen() == uris[:3]
    assert snapshot() == written


def test_snapshot_may_be_one_that_nobody_expects(spotify, control, id_, uris, snapshot):
    control.switch(snapshot_delay_s=30, snapshot_style="third")
    before = snapshot()
    written = add(spotify, id_, uris[2])

    assert snapshot() not in (before, written)


def test_mixed_snapshots_are_the_same_for_the_same_seed(spotify, control, id_, uris, snapshot):
    control.switch(snapshot_delay_s=30, snapshot_style="mixed")
    add(spotify, id_, uris[2])

    def views():
        control.switch(seed=7)
        return [snapshot() for _ in range(12)]

    first = views()
    assert len(set(first)) == 2
    assert views() == first


def test_description_moves_the_snapshot_late_too(spotify, control, id_, snapshot):
    control.switch(snapshot_delay_s=30, snapshot_style="stale")
    before = snapshot()

    spotify.call("PUT", f"/playlists/{id_}", json={"name": "Other"})

    assert snapshot() == before
    control.advance(seconds=31)
    assert snapshot() != before


def test_reads_are_stale_by_share(spotify, control, id_, uris, seen):
    control.switch(stale_read_share=0.5, stale_read_s=5, seed=3)
    add(spotify, id_, uris[2])

    views = [len(seen()) for _ in range(20)]
    control.advance(seconds=6)

    assert set(views) == {2, 3}
    assert {len(seen()) for _ in range(10)} == {3}


def test_writes_apply_to_the_newest_list_whatever_is_seen(spotify, control, id_, uris, seen):
    control.switch(items_delay_s=10)
    add(spotify, id_, uris[2])

    spotify.call("DELETE", f"/playlists/{id_}/items", json={"items": [{"uri": uris[2]}]})

    assert control.uris(id_) == uris[:2]
    assert seen() == uris[:2]
