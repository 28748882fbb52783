"""simulator/README.md names every switch, every field of a fault and every control call."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import simulator
from simulator.control import ROUTES
from simulator.faults import Fault
from simulator.switches import Switches

README = (Path(simulator.__file__).parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(one.name for one in fields(Switches)))
def test_switch_is_in_the_readme(name):
    assert f"`{name}`" in README or name in ("playlist_limit_status", "playlist_limit_message")


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Fault)} - {"id"}))
def test_fault_field_is_in_the_readme(name):
    assert f"`{name}`" in README


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_control_call_is_in_the_readme(route):
    method, template = route[:2]
    path = template.removeprefix("/_sim/").replace("{id}", "ID")

    # The README shows queries and bodies behind the path.
    assert path == "" or re.search(rf"`{method} {re.escape(path)}[` ?]", README)
