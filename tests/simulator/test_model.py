"""The playlist model and the engine without any HTTP, in virtual time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import demo
from simulator.clock import Clock
from simulator.engine import Engine
from simulator.faults import Fault
from simulator.messages import Call
from simulator.model import Add, Conditions, Move, OutOfBounds, Playlist, Remove, Replace, TooLong
from simulator.switches import Switches


class VirtualTime:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def make(letters: str = "", **switches: float) -> tuple[Playlist, VirtualTime]:
    time = VirtualTime()
    playlist = Playlist("p", "ada", Conditions(time, Switches(**switches), Random(0)))
    playlist.apply(Add(tuple(letters), "ada"))
    return playlist, time


def letters(playlist: Playlist) -> str:
    return "".join(playlist.uris)


def naive_move(text: str, move: Move) -> str:
    """Move by the definition: take the block out, put it before the marked neighbour."""
    marked = list(text)
    block = marked[move.start : move.start + move.length]
    before = [one for place, one in enumerate(marked[: move.before]) if not _in(place, move)]
    after = [
        one
        for place, one in enumerate(marked[move.before :], start=move.before)
        if not _in(place, move)
    ]
    return "".join([*before, *block, *after])


def _in(place: int, move: Move) -> bool:
    return move.start <= place < move.start + move.length


@given(st.data())
def test_move_does_what_its_definition_says(data):
    text = data.draw(st.text("abcdef", min_size=1, max_size=12))
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(1, len(text) - start))
    move = Move(start, data.draw(st.integers(0, len(text))), length)
    playlist, _ = make(text)

    playlist.apply(move)

    assert letters(playlist) == naive_move(text, move)


@given(st.text("abc", max_size=12), st.text("abc", min_size=1, max_size=2))
def test_remove_takes_every_copy(text, gone):
    playlist, _ = make(text)

    playlist.apply(Remove(tuple(gone)))

    assert letters(playlist) == "".join(one for one in text if one not in gone)


def test_edit_that_fails_changes_nothing():
    playlist, _ = make("abc", playlist_limit=3)
    before = playlist.dump()

    for edit, error in [
        (Add(("x",), "ada"), TooLong),
        (Add(("x",), "ada", 9), OutOfBounds),
        (Replace(tuple("abcd"), "ada"), TooLong),
        (Move(2, 0, 2), OutOfBounds),
    ]:
        with pytest.raises(error):
            playlist.apply(edit)

    assert playlist.dump() == before


def test_each_edit_makes_a_new_snapshot():
    playlist, _ = make("abc")
    seen = Counter([playlist.snapshot_id])

    for edit in [Add(("d",), "ada"), Remove(("d",)), Move(0, 2), Replace((), "ada")]:
        seen[playlist.apply(edit)] += 1

    assert set(seen.values()) == {1}
    assert all(playlist.knows_snapshot(one) for one in seen)


def test_past_views_are_dropped_when_nobody_can_see_them():
    playlist, time = make("a", items_delay_s=1, snapshot_delay_s=30)

    for _ in range(100):
        time.now += 1
        playlist.apply(Add(("b",), "ada"))

    assert len(playlist._past_entries) == 1
    assert len(playlist._past_snapshots) == 30


def test_dump_and_load_give_the_same_list():
    playlist, _ = make("abcabc")
    playlist.apply(Move(0, 3))

    again = Playlist.load(json.loads(json.dumps(playlist.dump())), playlist.conditions)

    assert again.dump() == playlist.dump()
    assert again.snapshot_id == playlist.snapshot_id


class TestEngine:
    @pytest.fixture
    def time(self):
        return VirtualTime()

    @pytest.fixture
    def engine(self, time):
        return Engine(demo.fill(demo.empty("http://site", clock=Clock(time))))

    @pytest.fixture
    def call(self, engine):
        from simulator import accounts

        grant = accounts.new_grant(
            engine.world,
            "spotsite-demo",
            "ada",
            ["playlist-modify-public"],
            at=engine.world.clock(),
        )
        secret = accounts.new_access_token(engine.world, grant).secret

        def call(method, path, **body):
            return Call(
                method,
                f"/v1{path}",
                headers={"authorization": f"Bearer {secret}"},
                body=json.dumps(body).encode() if body else b"",
            )

        return call

    def test_a_late_effect_comes_in_virtual_time(self, engine, time, call):
        engine.world.faults.append(Fault(kind="drop", when="late", late_s=90))
        before = len(engine.world.playlists)

        engine.respond(call("POST", "/me/playlists", name="Late"))
        time.now += 89
        engine.settle()
        waiting = len(engine.world.playlists)
        time.now += 2
        engine.settle()

        assert waiting == before
        assert len(engine.world.playlists) == before + 1

    def test_a_late_effect_does_not_need_its_token_any_more(self, engine, time, call):
        engine.world.faults.append(Fault(when="late", late_s=7_200))

        answer = engine.respond(call("POST", "/me/playlists", name="Late"))
        time.now += 7_201
        engine.settle()

        names = [one.name for one in engine.world.playlists.values()]
        assert answer.status == 503
        assert "Late" in names
        assert engine.respond(call("GET", "/me")).status == 401

    def test_a_refused_token_has_no_late_effect(self, engine, time, call):
        engine.world.faults.append(Fault(when="late", late_s=1))
        time.now += 3_601
        before = len(engine.world.playlists)

        engine.respond(call("POST", "/me/playlists", name="Late"))
        time.now += 2
        engine.settle()

        assert len(engine.world.playlists) == before

    def test_two_adds_at_once_crowd_each_other(self, engine, call):
        engine.world.switches.parallel_500_share = 1.0
        id_ = next(one.id for one in engine.world.playlists.values() if one.name == "murga")
        add = call("POST", f"/playlists/{id_}/items", uris=["spotify:track:" + "a" * 22])

        first, second = engine.arrive(add), engine.arrive(add)
        answers = [engine.handle(first).status, engine.handle(second).status]
        engine.leave(first)
        engine.leave(second)

        assert answers == [500, 500]
        assert engine.respond(add).status == 201


def test_model_needs_no_http_and_no_event_loop():
    code = "import sys, simulator.model; print({'asyncio', 'starlette'} & set(sys.modules))"

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "set()"
