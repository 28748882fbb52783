"""What a benchmark prints: a table for people, or one JSON object."""

from __future__ import annotations

import json

import pytest

from benchmarks import table

ROWS = [{"program": "web", "MB": 90.5}, {"program": "postgres", "MB": 1035.25}]


def test_people_get_a_table_with_totals(capsys: pytest.CaptureFixture[str]) -> None:
    table.show("The site at rest", ROWS, totals={"memory_mb": 1125.75}, as_json=False)

    assert capsys.readouterr().out == (
        "The site at rest\n"
        "  program         MB\n"
        "  web          90.50\n"
        "  postgres  1,035.25\n"
        "  memory mb: 1,125.75\n"
    )


def test_programs_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    table.show("The site at rest", ROWS, totals={"memory_mb": 1125.75}, as_json=True)

    assert json.loads(capsys.readouterr().out) == {
        "benchmark": "The site at rest",
        "rows": ROWS,
        "memory_mb": 1125.75,
    }
