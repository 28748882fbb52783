"""The seams with allauth's signals."""

from __future__ import annotations
