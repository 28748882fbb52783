"""Refuse to start where tokens could not be opened: web and worker ask, migrate and beat do not."""

from __future__ import annotations


def refuse_unless_ready() -> None:
    """Raise where the key ring is missing or does not hold every key that rows were sealed with."""
