"""One field of a form: how a value of a definition stands in it, and what is read from it.

Nothing is checked here: what cannot be a value is given to the schema as it is, which refuses it in
its own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from playlists import links
from playlists.recipes import reading
from playlists.recipes.problems import NotADefinition, Path

Raw = list[str]  # what a browser sends for one field
Choices = tuple[tuple[str, str], ...]
Shape = (
    Literal[
        "text", "number", "date", "time", "choice", "check", "several", "lines", "numbers", "json"
    ]
    | Literal["paste", "file"]
)
Offer = Literal["", "playlists", "accounts", "lists", "versions", "zones"]
_NUMBER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_NEW_LINE = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Control:
    """A field; ``path`` says where its value stands in the part, by its own name if it is empty."""

    name: str
    label: str
    shape: Shape
    help: str = ""
    choices: Choices = ()
    offers: Offer = ""  # choices that only the person's account knows
    initial: str = ""
    path: tuple[str, ...] = ()

    @property
    def where(self) -> Path:
        return self.path or (self.name,)

    def write(self, value: Any) -> Raw:
        """Return what a browser sends where the field holds this value."""
        if value is None:
            return []
        match self.shape:
            case "check":
                return ["on"] if value else []
            case "several":
                return list(dict.fromkeys(value))
            case "lines":
                return ["\r\n".join(value)]
            case "numbers":
                return [", ".join(map(str, value))]
            case "json":
                return [json.dumps(value, ensure_ascii=False, indent=2)]
        return [re.sub(r"[\r\n]", "", str(value))]

    def read(self, raw: Raw) -> Any:
        """Return the value that stands in the field, None where it is left out."""
        first = raw[0] if raw else ""
        match self.shape:
            case "check":
                return bool(raw)
            case "several":
                return list(raw)
            case "lines":
                return [_uri(line) for line in first.splitlines() if line.strip()]
            case "json":
                return _json(first)
        if not first.strip() or self.shape in {"paste", "file"}:
            return None  # what is brought becomes a stored list, which has a field of its own
        match self.shape:
            case "number":
                return _number(first)
            case "numbers":
                return [_number(word) for word in self.words(first)]
        return _NEW_LINE.sub("\n", first)

    @staticmethod
    def words(text: str) -> list[str]:
        """Return what stands in a field for several numbers, one by one."""
        return [word for word in re.split(r"[,;\s]+", text) if word]


def initial(controls: Sequence[Control]) -> dict[str, Raw]:
    return {one.name: [one.initial] for one in controls if one.initial}


def _number(text: str) -> int | str:
    text = text.strip()
    return int(text) if _NUMBER.fullmatch(text) else text


def _uri(line: str) -> str:
    """Return the URI of a line where it is a link of any form, else what stands there."""
    uri, _ = links.read(line.strip())
    return uri or line.strip()


def _json(text: str) -> Any:
    try:
        return reading.read(text)
    except NotADefinition:
        return text  # no part is text, so the schema says what it has to be
