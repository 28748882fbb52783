"""The benchmark of the dispatcher finds what is due in crowds of any size, and says how."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SMALL, LARGE = 150, 3000


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    sizes = ("--sizes", str(SMALL), str(LARGE), "--due", "5", "--ticks", "1", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.dispatch", *sizes],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_tick_is_measured_in_every_crowd(measured: dict[str, Any]) -> None:
    ticks = {(row["tick"], row["rows"]) for row in measured["rows"]}

    assert ticks == {
        (tick, size) for tick in ("refresh", "sweep", "dispatch") for size in (SMALL, LARGE)
    }
    assert all(row["median ms"] > 0 for row in measured["rows"])
    assert measured["due"] == 5
    ratios = {name for name in measured if name.endswith("_ratio")}
    assert ratios == {"refresh_ratio", "sweep_ratio", "dispatch_ratio"}


def test_what_is_due_is_found_by_its_index(measured: dict[str, Any]) -> None:
    found = [
        one
        for one in measured["statements"]
        if one["rows"] == LARGE and one["statement"].startswith("SELECT")
    ]
    ways = {(one["tick"], one["finds by"]) for one in found}

    assert ways >= {("refresh", "credential_due"), ("sweep", "run_due"), ("dispatch", "recipe_due")}
    assert ("sweep", "run_leased") in ways
    # One run in a hundred waits for tomorrow: the sweep reads none of them.
    sweeps = [one["plan"] for one in found if one["tick"] == "sweep"]
    assert not any("Rows Removed" in line for plan in sweeps for line in plan)
