"""The parts of the planner: pure Python, each of one subject; `playlists.plan` is their door."""

from __future__ import annotations
