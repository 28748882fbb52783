"""Each benchmark that asks the site's parts runs, in small, and names its figures as promised."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import ROOT, environment


@pytest.fixture
def bench(transactional_db: None, valkey: None) -> Any:
    """Run a benchmark on the test's own servers; return its one JSON object."""

    def run(name: str, *options: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json", *options],
            cwd=ROOT,
            env=environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    return run


def test_push_counts_calls_and_dates(bench: Any) -> None:
    report = bench("push", "--scale", "0.01", "--latency", "0")

    scenarios = report["scenarios"]
    assert set(scenarios) == {
        *("append_30", "append_100", "append_1000", "append_10000"),
        *("mirror_unchanged", "mirror_5_new", "shuffle_500"),
    }
    unchanged = scenarios["mirror_unchanged"]["engine"]
    assert (unchanged["reads"], unchanged["writes"], unchanged["dates_kept"]) == (1, 0, 30)
    added = scenarios["mirror_5_new"]
    assert (added["engine"]["writes"], added["engine"]["dates_kept"]) == (1, 30)
    assert (added["replacer"]["writes"], added["replacer"]["dates_kept"]) == (1, 0)


def test_limiter_names_total_and_wait(bench: Any) -> None:
    report = bench("limiter", "--seconds", "1")

    assert 0 < report["calls_per_second"] <= 50 + 20  # with the burst at the beginning
    assert 0 <= report["interactive_p50_ms"] <= report["interactive_p99_ms"]


def test_refresh_names_its_share(bench: Any) -> None:
    report = bench("refresh", "--accounts", "5", "--processes", "1")

    assert report["accounts"] == 5
    assert report["rows"][0]["refreshes/s"] > 0


def test_random_plans_are_all_exact(bench: Any) -> None:
    (row,) = bench("plan", "--random", "100", "--processes", "1")["rows"]

    assert row["pairs"] == row["exact"] + row.get("unreachable", 0) == 100
