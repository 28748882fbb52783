"""Give each process of pytest-xdist the services of one lane (see runner/lanes.py).

A plugin of its own, because the settings must stand before Django reads them: pytest imports what
PYTEST_PLUGINS names before pytest-django looks for its settings.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.lanes import LANES_VARIABLE

# pytest-xdist's name of this process, "gw0" onwards; it sets the variable before pytest starts.
_name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
if LANES_VARIABLE in os.environ:
    _lanes = json.loads(Path(os.environ[LANES_VARIABLE]).read_text())
    os.environ.update(_lanes[int(_name.removeprefix("gw"))])


@pytest.hookimpl(trylast=True)  # pytest-django puts tests in an order of its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what mostly waits begun first: at the end nothing would be left to do beside it."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)
