"""Recipes as forms: a definition becomes a sheet of fields, and what stands in one a definition."""

from __future__ import annotations
