"""Regular expressions in linear time: no pattern and no title can make a worker wait.

RE2 has no back references and no look-around, so it never tries twice. What is left is that a long
program does more steps for each character: programs are bounded, too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

LONGEST = 200
# Instructions of a program: each is done at most once for a byte of text. \p{L} alone has 1,200.
MOST_STEPS = 3_000  # of all patterns of a recipe
_MEMORY = 4 << 20  # bytes for a program and its cache; where they run out, RE2 goes on without


class Refused(ValueError):
    """The pattern cannot be used; the text says why, for people."""


Matches = Callable[[bytes], bool]


def plain(text: str) -> bytes:
    """Return the text as it is searched: one way to write each letter, as UTF-8."""
    return unicodedata.normalize("NFC", text).encode("utf-8", "replace")


def folded(text: str) -> str:
    """Return the text as it is compared where case does not matter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@lru_cache(maxsize=512)
def compiled(pattern: str, *, exact_case: bool = False) -> Matches:
    """Return what says whether the pattern is found in a ``plain`` text; raise ``Refused``."""
    search = _program(pattern, exact_case=exact_case).search
    return lambda text: search(text) is not None


def steps(pattern: str, *, exact_case: bool = False) -> int:
    """Return how much a pattern may cost for each byte; raise ``Refused``."""
    size: int = _program(pattern, exact_case=exact_case).programsize
    return size


@lru_cache(maxsize=512)
def _program(pattern: str, *, exact_case: bool) -> Any:
    options = re2.Options()
    options.case_sensitive = exact_case
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    try:
        program = re2.compile(plain(pattern), options)
    except re2.error as exc:
        raise Refused(_reason(exc)) from None
    if program.programsize > MOST_STEPS:
        raise Refused("it stands for too much: use smaller numbers in braces, or fewer choices")
    return program


def _reason(exc: Exception) -> str:
    """Return RE2's own words, which name the part that it does not take."""
    said = exc.args[0] if exc.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "(?=" in text or "(?!" in text or "(?<" in text:
        return f"{text} (looking ahead and behind is not possible)"
    return text
