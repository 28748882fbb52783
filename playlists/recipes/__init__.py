"""Recipes: what a person wants a playlist to be, and which list that makes. Pure."""

from __future__ import annotations
