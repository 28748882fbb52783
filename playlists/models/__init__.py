"""Rows: playlists frozen, recipes, the runs that change playlists, and what is known of tracks."""

from __future__ import annotations

from playlists.models.calls import CallBatch, CallRate, Calls, Pause
from playlists.models.leases import LEASE, LeaseLost
from playlists.models.ledgers import Ledger
from playlists.models.lists import SourceList, StoredList
from playlists.models.matchings import Choice, Matching, MatchLine
from playlists.models.readings import Reading, ReadPage
from playlists.models.recipes import Block, Recipe, TargetTaken
from playlists.models.runs import Run
from playlists.models.tracks import Track
from playlists.models.versions import Version, VersionQuerySet

__all__ = [
    "LEASE",
    "Block",
    "CallBatch",
    "CallRate",
    "Calls",
    "Choice",
    "LeaseLost",
    "Ledger",
    "MatchLine",
    "Matching",
    "Pause",
    "ReadPage",
    "Reading",
    "Recipe",
    "Run",
    "SourceList",
    "StoredList",
    "TargetTaken",
    "Track",
    "Version",
    "VersionQuerySet",
]
