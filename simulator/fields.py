"""Spotify's `fields` filter: `items(added_at,item(uri)),next` or `!items`."""

from __future__ import annotations

import re
from typing import Any

from simulator.messages import Refused, web_error

TOKEN = re.compile(r"[!,.()]|[^!,.()\s]+")
Tree = dict[str, Any]


def chosen(data: Any, fields: str) -> Any:
    """Return only the parts of the data that the filter names; an empty filter takes all."""
    if not fields:
        return data
    tokens = TOKEN.findall(fields)
    tree, rest = _tree(tokens)
    if rest:
        raise Refused(web_error(400, "Invalid fields"))
    return _cut(data, tree)


def _tree(tokens: list[str]) -> tuple[Tree, list[str]]:
    tree: Tree = {}
    while tokens and tokens[0] != ")":
        node, name = tree, tokens.pop(0)
        if name == ",":
            continue
        if name == "!" and tokens:
            name += tokens.pop(0)
        while tokens and tokens[0] == ".":
            node = node.setdefault(name, {})
            tokens.pop(0)
            name = tokens.pop(0) if tokens else ""
        node.setdefault(name, {})
        if tokens and tokens[0] == "(":
            node[name], tokens = _tree(tokens[1:])
            if not tokens:
                raise Refused(web_error(400, "Invalid fields"))
            tokens.pop(0)
    return tree, tokens


def _cut(data: Any, tree: Tree) -> Any:
    if isinstance(data, list):
        return [_cut(one, tree) for one in data]
    if not isinstance(data, dict) or not tree:
        return data
    without = {name[1:] for name in tree if name.startswith("!")}
    if without:
        return {key: value for key, value in data.items() if key not in without}
    return {key: _cut(data[key], below) for key, below in tree.items() if key in data}
