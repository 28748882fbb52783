"""What `./dev bench plan` writes can be checked by anyone: here by a reader of its own."""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks import plan as bench

TRACKS = [f"track{number}" for number in range(160)]


@pytest.fixture
def given(tmp_path: Path) -> argparse.Namespace:
    """Histories of a list that is reshuffled, and of one that grows and shrinks."""
    rng = random.Random(1)
    order = list(range(90))
    versions = [order, rng.sample(order, 90), [*order[10:], *range(100, 110)], order[:60]]
    growing = [list(range(20)), list(range(150)), list(range(40, 150)), [3, *range(41, 150), 3]]
    with gzip.open(tmp_path / "histories.jsonl.gz", "wt", encoding="utf-8") as out:
        for name, orders in (("shuffled", versions), ("growing", growing)):
            states = [{"at": "2020-01-01T00:00:00", "order": one} for one in orders]
            out.write(json.dumps({"playlist": name, "tracks": TRACKS, "versions": states}) + "\n")
    return argparse.Namespace(
        file=tmp_path / "histories.jsonl.gz", plans=tmp_path / "plans.jsonl.gz", processes=1
    )


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as read:
        return [json.loads(line) for line in read]


def test_each_written_plan_turns_its_first_list_into_its_second(given: argparse.Namespace) -> None:
    bench.histories(given)
    orders = {
        one["playlist"]: [
            [f"spotify:track:{one['tracks'][index]}" for index in version["order"]]
            for version in one["versions"]
        ]
        for one in lines(given.file)
    }
    written = lines(given.plans)

    assert [(line["playlist"], line["from"], line["to"]) for line in written] == [
        (name, number, number + 1) for name in ("shuffled", "growing") for number in range(3)
    ]
    for line in written:
        assert list(line) == ["playlist", "from", "to", "edits"]
        old, new = (orders[line["playlist"]][line[key]] for key in ("from", "to"))
        assert obeyed(old, line["edits"], len(new)) == new


def obeyed(uris: list[str], edits: list[list[Any]], goal: int) -> list[str]:
    """Follow plain edits as the issue of the planner words them."""
    shortest = min(len(uris), goal) - 100
    for name, *rest in edits:
        if name == "remove":
            (gone,) = rest
            assert 0 < len(gone) <= 100
            uris = [uri for uri in uris if uri not in gone]
        elif name == "add":
            position, new = rest
            assert 0 < len(new) <= 100
            assert 0 <= position <= len(uris)
            uris = uris[:position] + new + uris[position:]
        elif name == "move":
            start, length, before = rest
            block = uris[start : start + length]
            assert len(block) == length > 0
            if before <= start:
                uris = uris[:before] + block + uris[before:start] + uris[start + length :]
            else:
                assert start + length <= before <= len(uris)
                uris = uris[:start] + uris[start + length : before] + block + uris[before:]
        else:
            assert name == "replace"
            assert len(uris) <= 100
            (uris,) = rest
            assert len(uris) <= 100
        assert len(uris) >= shortest
    return uris


def test_figures_have_names_that_stay(given: argparse.Namespace) -> None:
    _, figures = bench.histories(given)
    policies = figures["policies"]

    assert set(policies) == {"strict", "budget", "cheapest", "replacing"}
    for one in policies.values():
        assert one["edits"] == one["exact"] == figures["pairs"] == 6
        assert {"calls", "slowest_ms", "kept_share"} <= set(one)
    assert policies["strict"]["lower_bound"] == figures["lower_bound"]
    assert policies["strict"]["calls"] >= policies["strict"]["lower_bound"]
    assert policies["strict"]["kept_share"] == 1.0
    budget = policies["budget"]
    for extra in ("0", "2", "5", "10"):
        assert 0 <= budget["kept_share"][extra] <= budget["upper_bound"][extra] <= 1
