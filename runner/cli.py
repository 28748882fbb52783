"""Reads the command line of `./dev` and says in one sentence what went wrong, if it did."""

from __future__ import annotations

import sys
from pathlib import Path

from runner import commands, places, up
from runner.errors import Fallen, Interrupted, Refusal

HELP = """\
Usage: ./dev COMMAND

  up [--port 8000] [--state DIR]   set everything up, run the site, stop it with Ctrl-C
  test [--lanes N] [PYTEST ARG.]   run the tests against servers of their own; all of them in a
                                   lane for each processor, those that are named in one
  check                            formatter, linter, types, import contract, Django's checks
  manage COMMAND ...               a management command against the same services as up
  shell                            Django's shell against the same services
  bench NAME ...                   run a benchmark (benchmarks/NAME.py)
  compile                          resolve requirements*.in into the hashed lock files
  help                             this text

manage and shell take --state DIR, too, before anything else. The data of up lies in .local/.
Settings of the environment, or of a file .env, win over what ./dev makes up: see .env.example.
"""


def main(arguments: list[str]) -> int:
    try:
        return run(arguments)
    except Refusal as exc:
        print(f"dev: {exc}", file=sys.stderr)
        return 2
    except Fallen as exc:
        lines = "\n".join(f"    {line}" for line in exc.last_lines)
        print(f"dev: {exc}. It said last:\n{lines}", file=sys.stderr)
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 130


def run(arguments: list[str]) -> int:
    command, *rest = arguments or ["help"]
    match command:
        case "up":
            return up.run(rest)
        case "test":
            return commands.test(rest)
        case "check" if not rest:
            return commands.check()
        case "bench":
            return commands.bench(rest)
        case "compile" if not rest:
            return commands.compile_requirements()
        case "manage" | "shell":
            folder, rest = _state_option(rest)
            return commands.manage(rest if command == "manage" else ["shell", *rest], folder=folder)
        case "help" | "-h" | "--help":
            print(HELP, end="")
            return 0
    print(HELP, end="", file=sys.stderr)
    return 2


def _state_option(arguments: list[str]) -> tuple[Path, list[str]]:
    """Split --state DIR off the front; everything after it belongs to the management command."""
    match arguments:
        case ["--state", folder, *rest]:
            return Path(folder).absolute(), rest
        case [first, *rest] if first.startswith("--state="):
            return Path(first.removeprefix("--state=")).absolute(), rest
    return places.DEFAULT_STATE, arguments
