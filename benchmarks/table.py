"""How a benchmark shows what it measured: a table for people or, with --json, one object."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

Cell = str | int | float
Row = Mapping[str, Cell]


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows --json; a benchmark adds its own options."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    return options


def show(
    title: str, rows: Sequence[Row], *, totals: Mapping[str, Any] | None = None, as_json: bool
) -> None:
    """Print ``rows``, which share their columns, and ``totals`` below them."""
    if as_json:
        print(
            json.dumps({"benchmark": title, "rows": [dict(row) for row in rows], **(totals or {})})
        )
        return
    print(title)
    for line in _lines(rows):
        print(f"  {line}")
    for name, value in (totals or {}).items():
        print(f"  {name.replace('_', ' ')}: {_text(value)}")


def _lines(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    columns = list(rows[0])
    cells = [columns, *([_text(row[column]) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numeric = [any(isinstance(row[column], int | float) for row in rows) for column in columns]
    return [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in cells
    ]


def _text(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
