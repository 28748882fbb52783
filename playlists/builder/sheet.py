"""A recipe as a form holds it: blocks of fields, each with what a browser would send for it.

``of`` and ``draft`` are each other's reverse for every definition: what fields cannot say exactly
becomes a block that holds it as JSON. A draft may be wrong; the schema says where.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from playlists.builder import controls, kinds, singles, sorting
from playlists.builder.controls import Control, Raw
from playlists.builder.kinds import KEPT, Part
from playlists.builder.singles import NEW
from playlists.recipes import definition
from playlists.recipes.definition import Definition

Json = dict[str, Any]
Rows = Literal["sources", "rules", "entries"]
ROWS: tuple[Rows, ...] = get_args(Rows)
_MOST = 1000  # blocks of a part that are read at all
_ONE = "one"


@dataclass(slots=True)
class Block:
    """A source, a rule, a condition or a time: its kind, and its fields."""

    kind: str
    values: dict[str, Raw] = field(default_factory=dict)
    conditions: list[Block] = field(default_factory=list)

    def first(self, name: str) -> str:
        raw = self.values.get(name)
        return raw[0] if raw else ""


@dataclass(slots=True)
class Sheet:
    """All fields of a recipe."""

    name: str = ""
    sources: list[Block] = field(default_factory=list)
    rules: list[Block] = field(default_factory=list)
    entries: list[Block] = field(default_factory=list)
    target: Block = field(default_factory=lambda: Block("target"))
    schedule: Block = field(default_factory=lambda: Block("schedule"))

    def rows(self, part: Rows) -> list[Block]:
        found: list[Block] = getattr(self, part)
        return found


def blank(*, account: str) -> Sheet:
    """Return what a new recipe begins with: a new playlist, mirrored every day, of nothing yet."""
    target = Block("target", controls.initial(singles.TARGET))
    target.values["account"] = [account]
    return Sheet(
        entries=[new("entries", "daily")],
        target=target,
        schedule=Block("schedule", controls.initial(singles.SCHEDULE)),
    )


def new(part: Part, kind: str) -> Block:
    """Return a block of this kind with its first values."""
    block = Block(kind, controls.initial(kinds.controls(part, kind)))
    if kinds.kind(part, kind).has_conditions:
        block.conditions = [new("conditions", "contains")]
    return block


# A definition as a sheet --------------------------------------------------------------------------


def of(known: Definition, *, name: str) -> Sheet:
    """Return the sheet that says exactly what the definition says."""
    data = definition.data(known)
    return Sheet(
        name=name,
        sources=[_block("sources", one) for one in data["sources"]],
        rules=[_rule(one) for one in data["rules"]],
        entries=[_block("entries", one) for one in data["schedule"]["entries"]],
        target=Block("target", _target(data["target"])),
        schedule=Block("schedule", _schedule(data["schedule"])),
    )


def _block(part: Part, data: Json) -> Block:
    values = {one.name: one.write(data.get(one.name)) for one in kinds.controls(part, data["kind"])}
    block = Block(data["kind"], values)
    return block if _says(part, block) == data else _kept(data)


def _kept(data: Json) -> Block:
    (json,) = kinds.kind("rules", KEPT).controls
    return Block(KEPT, {json.name: json.write(data)})


def _rule(data: Json) -> Block:
    if "when" in data:
        group, conditions = _flat(data["when"])
        block = Block(data["kind"], {"group": [group]}, [_condition(one) for one in conditions])
    elif data["kind"] == "sort":
        keys = [f"{key['field']} {key['order']}" for key in data["by"]]
        block = Block("sort", {f"by{place}": [key] for place, key in enumerate(keys)})
    else:
        block = _block("rules", data)
    return block if _says("rules", block) == data else _kept(data)


def _flat(when: Json) -> tuple[str, list[Json]]:
    """Return how a condition is a group of one level, and what is in it."""
    inner, prefix = (when["of"], "not_") if when["kind"] == "not" else (when, "")
    if inner["kind"] in {"all", "any"}:
        return prefix + inner["kind"], inner["of"]
    return _ONE, [when]


def _condition(data: Json) -> Block:
    negated = data["kind"] == "not"
    inner = data["of"] if negated else data
    if inner["kind"] not in kinds.CONDITIONS:
        return _kept(data)
    block = _block("conditions", inner)
    if block.kind == KEPT:
        return _kept(data)
    block.values["no"] = kinds.NOT.write(negated)
    return block


def _target(data: Json) -> dict[str, Raw]:
    playlist, mode = data["playlist"], data["mode"]
    flat = {
        **data,
        "playlist": playlist.get("id", NEW),
        "new_name": playlist.get("name"),
        "at": "end",
        **mode,
        "mode": mode["kind"],
        "share": data["guards"].get("share"),
        "calls": data["guards"].get("calls"),
        "describes": "description" in data,
    }
    return _written(singles.TARGET, flat)


def _schedule(data: Json) -> dict[str, Raw]:
    quiet = data.get("quiet", {})
    flat = {**data, "quiet_start": quiet.get("start"), "quiet_end": quiet.get("end")}
    return _written(singles.SCHEDULE, flat)


def _written(fields: Sequence[Control], flat: Json) -> dict[str, Raw]:
    return {one.name: one.write(flat.get(one.name)) for one in fields}


# A sheet as a definition --------------------------------------------------------------------------


def draft(sheet: Sheet) -> Json:
    """Return what the sheet says as plain data, which may be no definition yet."""
    return {
        "version": definition.VERSION,
        "sources": [_says("sources", one) for one in sheet.sources],
        "rules": [_says("rules", one) for one in sheet.rules],
        "target": _target_said(sheet.target),
        "schedule": {
            "entries": [_says("entries", one) for one in sheet.entries],
            **_schedule_said(sheet.schedule),
        },
    }


def _says(part: Part, block: Block) -> Any:
    if block.kind == KEPT:
        return _read(kinds.controls(part, KEPT), block)["json"]
    if part == "rules" and kinds.kind(part, block.kind).has_conditions:
        return {"kind": block.kind, **_when(block)}
    if part == "rules" and block.kind == "sort":
        return {"kind": "sort", "by": _keys(block)}
    said = _read(kinds.controls(part, block.kind), block)
    negated = said.pop("no", False) if part == "conditions" else False
    condition = {"kind": block.kind, **said}
    return {"kind": "not", "of": condition} if negated else condition


def _when(block: Block) -> Json:
    group = block.first("group")
    inner = [_says("conditions", one) for one in block.conditions]
    if group == _ONE and len(inner) < 2:
        return {"when": inner[0]} if inner else {}
    kind = group.removeprefix("not_") if group != _ONE else "all"
    when = {"kind": kind, "of": inner}
    return {"when": {"kind": "not", "of": when} if group.startswith("not_") else when}


def _keys(block: Block) -> list[Any]:
    keys = [block.first(one.name).partition(" ") for one in sorting.KEYS]
    return [{"field": field, "order": order} for field, _, order in keys if field]


def _target_said(block: Block) -> Json:
    said = _read(singles.TARGET, block)
    id_, name = said.pop("playlist", NEW), said.pop("new_name", None)
    bound = {"kind": "bound", "id": id_}
    window = {key: said.pop(key) for key in ("count", "days", "at") if key in said}
    mode = said.pop("mode", None)
    guards = {key: said.pop(key) for key in ("share", "calls") if key in said}
    describes, description = said.pop("describes"), said.pop("description", "")
    return {
        **said,
        "playlist": _present({"kind": "new", "name": name}) if id_ == NEW else bound,
        "mode": {"kind": mode, **(window if mode == "rolling" else {})},
        "guards": guards,
        **({"description": description} if describes else {}),
    }


def _schedule_said(block: Block) -> Json:
    said = _read(singles.SCHEDULE, block)
    quiet = {key: said.pop(f"quiet_{key}", None) for key in ("start", "end")}
    return {**said, **({"quiet": _present(quiet)} if any(quiet.values()) else {})}


def _read(fields: Sequence[Control], block: Block) -> Json:
    return _present({one.name: one.read(block.values.get(one.name, [])) for one in fields})


def _present(found: Json) -> Json:
    return {name: value for name, value in found.items() if value is not None}


# A sheet as a browser sends it --------------------------------------------------------------------


def sent(sheet: Sheet) -> dict[str, Raw]:
    """Return the names and values that a browser sends for the sheet."""
    found = {"name": [sheet.name]}
    for prefix, part, block in blocks(sheet):
        if part is not None:
            found[f"{prefix}-kind"] = [block.kind]
        found |= {f"{prefix}-{name}": raw for name, raw in block.values.items() if raw}
    return found


def received(data: Mapping[str, Raw]) -> Sheet:
    """Return the sheet that a browser sent."""
    name = data.get("name") or [""]
    return Sheet(
        name=name[0],
        sources=_blocks(data, "sources", "sources"),
        rules=_blocks(data, "rules", "rules"),
        entries=_blocks(data, "entries", "entries"),
        target=Block("target", _values(data, "target", singles.TARGET)),
        schedule=Block("schedule", _values(data, "schedule", singles.SCHEDULE)),
    )


def blocks(sheet: Sheet) -> Iterator[tuple[str, Part | None, Block]]:
    """Yield every block with the prefix of its fields, and what it is a part of."""
    for part in ROWS:
        for place, block in enumerate(sheet.rows(part)):
            yield f"{part}-{place}", part, block
            for inner, condition in enumerate(block.conditions):
                yield f"{part}-{place}-{inner}", "conditions", condition
    yield "target", None, sheet.target
    yield "schedule", None, sheet.schedule


def _blocks(data: Mapping[str, Raw], prefix: str, part: Part) -> list[Block]:
    found: list[Block] = []
    while len(found) < _MOST and (kind := data.get(f"{prefix}-{len(found)}-kind")):
        own = f"{prefix}-{len(found)}"
        block = Block(kind[0], _values(data, own, kinds.controls(part, kind[0])))
        if part == "rules":
            block.conditions = _blocks(data, own, "conditions")
        found.append(block)
    return found


def _values(data: Mapping[str, Raw], prefix: str, fields: Sequence[Control]) -> dict[str, Raw]:
    found = {one.name: data.get(f"{prefix}-{one.name}", []) for one in fields}
    return {name: raw for name, raw in found.items() if raw}
