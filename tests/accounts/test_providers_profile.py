"""What a provider says about a person, made safe to store."""

from __future__ import annotations

import pytest

from accounts.providers.profile import display_name, identifier
from accounts.sign_in import SignInFailed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ada", "Ada"),
        ("\ud800Ada", "Ada"),
        ("A" * 149 + " Lovelace", "A" * 149),
        ("مرحبا 🎧", "مرحبا 🎧"),
        ({"a": 1}, ""),
    ],
)
def test_a_display_name_is_one_clean_line(given: object, kept: str) -> None:
    assert display_name(given) == kept


@pytest.mark.parametrize("given", ["", None, 7, "x" * 192, "a\nb", "a\x00b", ["a"]])
def test_an_identifier_is_a_plain_text_or_nothing(given: object) -> None:
    with pytest.raises(SignInFailed):
        identifier(given, "id")
