"""The plans of the statements that Django runs: each is explained, taken back, and then run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

_TOLD_APART = re.compile(r"^(SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.ASCII)
_WRITES = re.compile(r'\b(INSERT INTO|DELETE FROM|UPDATE)\s+(?!OF\b|SKIP\b)"?(\w+)')
_READS = re.compile(r'\bFROM\s+"?(\w+)')
_SCANS = re.compile(
    r"(Seq Scan|Index Scan|Index Only Scan|Bitmap Index Scan)(?: Backward)?"
    r"(?: using (\w+))?(?: on (\w+))?"
)
_BUFFERS = re.compile(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?")
_SECONDS = re.compile(r"Execution Time: ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class Explained:
    """A statement as it was run, with what EXPLAIN (ANALYZE, BUFFERS) said of it."""

    statement: str
    plan: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return what it does to which table."""
        if found := _WRITES.search(self.statement):
            return f"{found[1].partition(' ')[0]} {found[2]}"
        found = _READS.search(self.statement)
        return f"SELECT {found[1]}" if found else self.statement[:40]

    @property
    def scans(self) -> list[str]:
        """Return how it finds its rows: the indexes, or the tables that it reads in full."""
        found = (_SCANS.search(line) for line in self.plan)
        return list(dict.fromkeys(_name(*scan.groups()) for scan in found if scan))

    @property
    def buffers(self) -> int:
        """Return the pages it touched, in memory or not; the first line is of the whole."""
        found = next(filter(None, map(_BUFFERS.search, self.plan)), None)
        return sum(int(pages or 0) for pages in found.groups()) if found else 0

    @property
    def ms(self) -> float:
        return next(float(found[1]) for line in self.plan if (found := _SECONDS.search(line)))


@contextmanager
def explaining() -> Iterator[list[Explained]]:
    """Explain each different statement of the block once, just before it is run."""
    found: dict[str, Explained] = {}
    is_explaining = False

    def wrapper(
        execute: Callable[..., Any], statement: Any, parameters: Any, many: bool, context: Any
    ) -> Any:
        nonlocal is_explaining
        text = str(statement).strip()
        if not is_explaining and text not in found and _TOLD_APART.match(text):
            is_explaining = True
            found[text] = Explained(text, _explain(text, parameters))
            is_explaining = False
        return execute(statement, parameters, many, context)

    explained: list[Explained] = []
    with connection.execute_wrapper(wrapper):
        yield explained
    explained.extend(found.values())


def _explain(statement: str, parameters: Any) -> tuple[str, ...]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
        plan = tuple(line for (line,) in cursor.fetchall())
        transaction.set_rollback(True)
    return plan


def _name(scan: str, index: str | None, table: str | None) -> str:
    return f"all of {table}" if scan == "Seq Scan" else index or table or scan
