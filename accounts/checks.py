"""Checks of the settings that belong to accounts."""

from __future__ import annotations
