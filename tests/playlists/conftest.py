"""A person with a Spotify account, and their runs, against the simulator and a real worker."""

from __future__ import annotations

import pytest

from simulator.control_client import Control
from tests.playlists.cast import Member


@pytest.fixture
def spotify(sim: Control) -> Control:
    """An empty Spotify: nobody, no playlists, no limits."""
    sim.reset("empty")
    return sim


@pytest.fixture
def ada(spotify: Control, transactional_db: None) -> Member:
    return Member.joins(spotify, "ada")
