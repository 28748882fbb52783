"""A person with a Spotify account, and their runs, against the simulator and a real worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playlists import push
from simulator.control_client import Control
from spotsite import clock
from tests.playlists.cast import Member


@pytest.fixture
def spotify(sim: Control) -> Control:
    """An empty Spotify: nobody, no playlists, no limits."""
    sim.reset("empty")
    return sim


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Iterator[Member]:
    yield Member.joins(spotify, "ada")
    clock.move(-clock.offset())  # its row is no model's, so nobody else puts it back


@pytest.fixture
def one_write_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """End every slice after its first write, so that a test can look and act between two writes."""
    monkeypatch.setattr(push, "SLICE_SECONDS", 0.0)
