"""What a provider says about a person, cut down to what we keep and made safe to store."""

from __future__ import annotations

import unicodedata
from typing import Any

from accounts.sign_in import Cause, SignInFailed

NAME_LENGTH = 150
ID_LENGTH = 191  # SocialAccount.uid


def identifier(value: Any, name: str) -> str:
    """Return an id that can be a key; anything else is an answer that we do not understand."""
    if isinstance(value, str) and 0 < len(value) <= ID_LENGTH and value.isprintable():
        return value
    raise SignInFailed(Cause.UNAVAILABLE, f"no_{name}")


def display_name(value: Any) -> str:
    """Return a name on one line, cut, without control characters (Postgres takes no NUL)."""
    if not isinstance(value, str):
        return ""
    spaced = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in value)
    return " ".join(spaced.split())[:NAME_LENGTH].strip()
