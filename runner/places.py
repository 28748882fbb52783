"""Where things lie in the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK_FILE = ROOT / "requirements-dev.txt"
DOTENV = ROOT / ".env"
DEFAULT_STATE = ROOT / ".local"


def site_packages() -> Path:
    """The folder of the installed packages; the venv is made by this same Python."""
    return VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
