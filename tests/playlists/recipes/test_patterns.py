"""No regular expression makes a worker wait; what cannot be used is refused with a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest

from playlists.recipes import patterns

# A search that tries twice needs longer for these than the universe has.
BOMBS = [
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+$",
    "([a-z]+)*9",
    "(.*a){12}$",
    "(x+x+)+y",
    "^(a?){50}a{50}$",
]
SEARCH = """
import sys
from playlists.recipes import patterns
found = patterns.compiled(sys.argv[1])(b"a" * int(sys.argv[2]) + b"!")
print(found)
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_of_100_kb_does_not_go_off(bomb: str) -> None:
    # The limit is no measure: one that goes off takes ages, and one that does not is done at once.
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, bomb, "100000"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout in {"False\n", "True\n"}


@pytest.mark.parametrize(
    "pattern", ["(", "[z-a]", "a**", r"\1", "(?=a)", "(?<!a)b", "(?P<a", r"\p{X}"]
)
def test_what_the_engine_does_not_know_is_refused_with_its_reason(pattern: str) -> None:
    with pytest.raises(patterns.Refused, match=r"^[a-z]"):
        patterns.compiled(pattern)


@pytest.mark.parametrize("pattern", ["a{1001}", "(a{50}){50}", r"\p{L}{3}", "(.{0,100}a){20}"])
def test_what_stands_for_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(patterns.Refused, match=r"too much|repetition size"):
        patterns.compiled(pattern)


def test_a_pattern_costs_what_its_program_is_long() -> None:
    assert patterns.steps("live") < patterns.steps("live|remix|acoustic") < 100


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("remix$", "Song - REMIX", True),
        ("remix$", "Remix of a Song", False),
        ("ÖL", "Erdöl", True),
        ("o\N{COMBINING DIAERESIS}l", "Öl", True),
        ("straße", "STRASSE", False),
        (r"\böl", "Öl", False),  # RE2's \b and \w know ASCII only
        ("лето", "ЛЕТО 2026", True),
        (r"\p{Greek}", "Ωmega", True),
    ],
)
def test_case_and_ways_to_write_a_letter_do_not_matter(
    pattern: str, text: str, is_found: bool
) -> None:
    assert patterns.compiled(pattern)(patterns.plain(text)) is is_found


def test_case_matters_where_it_is_asked_for() -> None:
    assert patterns.compiled("US")(b"focus")
    assert not patterns.compiled("US", exact_case=True)(b"focus")
