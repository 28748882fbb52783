"""Facts of tracks as pages show them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def minutes(milliseconds: int) -> str:
    """Write a length as on a record sleeve: 3:05."""
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"
