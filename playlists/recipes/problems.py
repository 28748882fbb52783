"""What is wrong with a definition: which field, why, and what is allowed there.

What is allowed is read off the JSON Schema of the definition, so it cannot differ from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

Path = tuple[str | int, ...]
Schema = Mapping[str, Any]

_MOST_SHOWN = 20
_WHOLE = "the definition"
_LISTS = {
    "sources": "source",
    "rules": "rule",
    "of": "condition",
    "by": "key",
    "entries": "entry",
    "playlists": "playlist",
    "uris": "line",
    "weights": "weight",
}
_PATTERNS = {
    r"^[0-9A-Za-z]{22}$": "a playlist's id: 22 letters and digits",
    r"^spotify:(track|episode):[0-9A-Za-z]{22}$": "spotify:track: or spotify:episode: "
    "and 22 letters and digits",
    r"^[0-9A-Za-z_-]{1,64}$": "up to 64 letters, digits, - and _",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day from 00:00 to 23:59",
}
_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "union_tag_not_found": "is missing",
    "union_tag_invalid": "is not one of the choices",
    "literal_error": "is not one of the choices",
    "string_type": "is not text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has another form",
    "int_type": "is not a whole number",
    "bool_type": "is neither true nor false",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "tuple_type": "is not a list",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "date_type": "is not a date",
    "date_parsing": "is not a date",
    "date_from_datetime_parsing": "is not a date",
    "date_from_datetime_inexact": "is not a date",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the field as programs and as people name it, and why."""

    path: str  # as in "rules[2].when.pattern"
    where: str  # as in "rule 3, when, pattern"
    reason: str
    allowed: str = ""

    @classmethod
    def at(cls, path: Path, reason: str, allowed: str = "") -> Problem:
        return cls(_path(path), _where(path), reason, allowed)

    def __str__(self) -> str:
        allowed = f" Allowed: {self.allowed}." if self.allowed else ""
        return f"{self.path or _WHOLE.capitalize()} {self.reason}.{allowed}"


class NotADefinition(ValueError):
    """What was given is no definition of a recipe; ``problems`` says where and why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)[:_MOST_SHOWN]
        super().__init__("\n".join(map(str, self.problems)))


def found(error: ValidationError, schema: Schema) -> list[Problem]:
    """Return the problems that the validation found, in the order of the fields."""
    errors = error.errors(include_url=False, include_input=False)
    return [_problem(one, schema) for one in errors if not _is_an_echo(one, errors)]


def _is_an_echo(error: Any, errors: Sequence[Any]) -> bool:
    """Say whether a list only seems too short because entries in it are wrong."""
    loc = error["loc"]
    return error["type"] == "too_short" and any(
        len(one["loc"]) > len(loc) and one["loc"][: len(loc)] == loc for one in errors
    )


def _problem(error: Any, schema: Schema) -> Problem:
    kind = error["type"]
    path, node = _follow(error["loc"], schema)
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        return Problem.at((*path, "kind"), _REASONS[kind], _choices(_tags(node)))
    if kind == "refused":
        return Problem.at((*path, *error["ctx"]["at"]), error["ctx"]["reason"])
    if kind == "extra_forbidden":
        _, parent = _follow(error["loc"][:-1], schema)
        return Problem.at(path, _REASONS[kind], _listed(_resolved(parent, schema)["properties"]))
    return Problem.at(path, _REASONS.get(kind, "is not allowed"), _allowed(node, schema))


def _follow(loc: Sequence[str | int], schema: Schema) -> tuple[Path, Schema]:
    """Return the path without the names of choices, which it has besides, and the schema there."""
    path: list[str | int] = []
    node = _resolved(schema, schema)
    for step in loc:
        if (tags := _tags(node)) and step in tags:
            node = _resolved({"$ref": tags[str(step)]}, schema)
            continue
        path.append(step)
        inner = node.get("items", {}) if isinstance(step, int) else _field(node, step)
        node = _resolved(inner, schema)
    return tuple(path), node


def _field(node: Schema, name: str) -> Schema:
    found: Schema = node.get("properties", {}).get(name, {})
    return found


def _tags(node: Schema) -> dict[str, str]:
    tags: dict[str, str] = node.get("discriminator", {}).get("mapping", {})
    return tags


def _resolved(node: Schema, schema: Schema) -> Schema:
    """Return what the node stands for: what it refers to, and of a choice with null the other."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        elif "anyOf" in node:
            node = next(one for one in node["anyOf"] if one.get("type") != "null")
        else:
            return node


def _allowed(node: Schema, schema: Schema) -> str:
    if tags := _tags(node):
        return f"an object whose kind is {_choices(tags)}"
    if "const" in node:
        return _choices([node["const"]])
    if "enum" in node:
        return _choices(node["enum"])
    match node.get("type"):
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number from {node['minimum']:,} to {node['maximum']:,}"
        case "string":
            return _text(node)
        case "array":
            return _list(node)
        case "object":
            return f"an object with {_listed(node['properties'])}"
    return ""


def _text(node: Schema) -> str:
    if node.get("format") == "date":
        return "a date such as 2026-01-31"
    if pattern := node.get("pattern"):
        return _PATTERNS[pattern]
    if least := node.get("minLength", 0):
        return f"text of {least:,} to {node['maxLength']:,} characters"
    return f"text of up to {node['maxLength']:,} characters"


def _list(node: Schema) -> str:
    if least := node.get("minItems", 0):
        return f"a list of {least:,} to {node['maxItems']:,}"
    return f"a list of up to {node['maxItems']:,}"


def _choices(values: Iterable[Any]) -> str:
    return _or([f'"{value}"' if isinstance(value, str) else str(value) for value in values])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _or(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _path(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path)
    return text.removeprefix(".")


def _where(path: Path) -> str:
    words: list[str] = []
    for step in path:
        if isinstance(step, int):
            last = words.pop() if words else ""
            words.append(f"{_LISTS.get(last, last)} {step + 1}")
        else:
            words.append(_short(step))
    return ", ".join(words) or _WHOLE


def _short(name: str) -> str:
    """Return a name that somebody made up, fit to be shown."""
    name = "".join(char for char in name if char.isprintable())
    return name if len(name) <= 40 else name[:39] + "…"
