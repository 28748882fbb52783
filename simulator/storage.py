"""The state file: the whole world on disk, written at once or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from simulator.state import World


class DamagedState(Exception):
    """The state file is there, but it is not one that we wrote."""


def read(path: Path) -> World | None:
    """Return the world of the last run, None if there was none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise DamagedState(f"the state file {path} cannot be read: {exc}") from exc
    try:
        return World.load(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise DamagedState(
            f"the state file {path} is damaged ({exc}); move it away to start with a new world"
        ) from exc


def write(path: Path, world: World) -> None:
    text = json.dumps(world.dump(), ensure_ascii=False, separators=(",", ":"))
    beside = path.with_name(f"{path.name}.new")
    beside.touch(mode=0o600)
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
