"""A checkout without its virtual environment, on a Python that lacks what makes one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.environment import without_site_settings
from runner.places import ROOT

# Debian has these modules in packages of their own.
LACKING = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {module!r}:
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a fresh clone as runs before anything is installed."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "runner", folder / "runner")
    for name in ("dev", "requirements-dev.txt"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_a_python_without_the_venv_module_is_told_what_to_install(
    checkout: Path, tmp_path: Path, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LACKING.format(module=module))
    environment = {**without_site_settings(os.environ), "PYTHONPATH": str(tmp_path)}

    answer = subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), "./dev", "up"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert answer.returncode == 2
    assert answer.stderr == (
        "dev: Python's venv module is not complete. Install python3-venv: "
        "apt-get install python3-venv\n"
    )
    assert not (checkout / ".venv").exists()
