"""What is left of a request's body when its answer is known already."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.request import UnreadablePostError

_MOST_BYTES = 256 * 1024 * 1024
_CHUNK = 64 * 1024


def drain(request: HttpRequest) -> None:
    """Read the rest, so that the browser reads our answer, not a cut connection."""
    left = _MOST_BYTES
    try:
        while left > 0 and (chunk := request.read(_CHUNK)):
            left -= len(chunk)
    except UnreadablePostError:
        return
