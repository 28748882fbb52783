"""The one URI that Spotify fails on is found, and no other is blamed."""

from __future__ import annotations

import pytest

from playlists.halving import Halving
from playlists.plan import Add, Edit, Move, Remove


def hunt(uris: tuple[str, ...], dead: set[str]) -> tuple[Halving, set[str], int]:
    """Go on as a run does: refused calls happen again until they are halved."""
    found, brought, calls, works = Halving(), set[str](), 0, False
    while True:
        coming = tuple(uri for uri in uris if uri not in brought | found.left)
        refusals = 0
        while coming and dead & set(coming):
            refusals, calls = refusals + 1, calls + 1
            after = found.after_refusal(Add(0, coming), refusals=refusals, others_work=works)
            if after is None and refusals > 8:
                return found, brought, calls
            if after is not None:
                found = after
                break
        else:
            brought |= set(coming)
            works = works or bool(coming)
            calls += bool(coming)
            if not found.aside:
                return found, brought, calls
            found = found.next_try()


@pytest.mark.parametrize("place", range(16))
def test_one_dead_uri_is_found_wherever_it_is(place: int) -> None:
    uris = tuple(f"uri{number}" for number in range(16))

    found, brought, calls = hunt(uris, {uris[place]})

    assert found.dead == (uris[place],)
    assert brought == set(uris) - {uris[place]}
    assert calls <= 20


def test_several_dead_uris_are_found() -> None:
    uris = tuple(f"uri{number}" for number in range(100))

    found, brought, _ = hunt(uris, {"uri3", "uri50", "uri51"})

    assert set(found.dead) == {"uri3", "uri50", "uri51"}
    assert len(brought) == 97


def test_while_nothing_else_works_nothing_is_dead() -> None:
    uris = tuple(f"uri{number}" for number in range(8))

    found, brought, _ = hunt(uris, set(uris))

    assert found.dead == ()
    assert brought == set()


@pytest.mark.parametrize("edit", [Remove(("a",)), Move(0, 1, 3)], ids=["remove", "move"])
def test_only_what_brings_tracks_is_halved(edit: Edit) -> None:
    assert Halving().after_refusal(edit, refusals=9, others_work=True) is None


def test_it_is_kept_as_json() -> None:
    found = Halving((("a",), ("b", "c")), ("a",), ("d",))

    assert Halving.from_json(found.as_json()) == found
    assert Halving.from_json({}) == Halving()
