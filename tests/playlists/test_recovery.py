"""Twenty people push at once, and what they need is taken away under them: twenty right lists.

Each outage has its own Postgres, Valkey, simulator, worker and beat (``./dev bench recovery``), for
they are killed here. The settle wait is shorter than in life, the rest is as it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.waits

PEOPLE = 20


def recovered(fault: str) -> dict[str, Any]:
    argv = ["bench", "recovery", "--json", "--settle", "3", "--latency", "40", "--faults", fault]
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev"), *argv, "--people", str(PEOPLE)],
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["faults"][fault]
    return report


@pytest.mark.parametrize(
    "fault", ["worker_killed", "valkey_wiped", "postgres_restarted", "postgres_killed"]
)
def test_twenty_pushes_end_right_whatever_is_taken_away(fault: str) -> None:
    report = recovered(fault)

    assert report["waiting"] >= PEOPLE // 2, "it happened too late"
    assert report["lost"] == report["doubled"] == 0
    assert report["right"] == report["done"] == PEOPLE
    assert report["beat_lives"]
    assert report["worker_lives"]
