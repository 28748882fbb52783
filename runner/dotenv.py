"""Reads a `.env` file: KEY=VALUE lines, comments, optional quotes; nothing is expanded."""

from __future__ import annotations

import re
from pathlib import Path

from runner.errors import Refusal

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")


def read(path: Path) -> dict[str, str]:
    """The settings in the file, or none if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise Refusal(f"{path} cannot be read as text: check its owner and encoding.") from exc
    return parse(text, source=str(path))


def parse(text: str, *, source: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise Refusal(f"{source}, line {number} is not NAME=value: correct or remove it.")
        settings[match["name"]] = _unquoted(match["value"])
    return settings


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    # A "#" inside a word belongs to it (URLs, passwords); after a space it starts a comment.
    return re.split(r"\s+#", value, maxsplit=1)[0]
