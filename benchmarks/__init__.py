"""What the site costs and how fast it is, measured on this machine; nothing here asserts."""

from __future__ import annotations
