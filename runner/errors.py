"""The ways in which a `./dev` command ends early."""

from __future__ import annotations


class Refusal(Exception):
    """Something is missing or in the way; the text is one sentence that says what to do."""


class Interrupted(Exception):
    """The person asked to stop (Ctrl-C, SIGTERM or SIGHUP) before the command was done."""


class Fallen(Exception):
    """A process that should be running has ended by itself."""

    def __init__(self, name: str, status: int, last_lines: list[str], *, times: int = 1) -> None:
        often = f" {times} times within a minute, at last" if times > 1 else ""
        super().__init__(f"{name} ended unexpectedly{often} with status {status}")
        self.name = name
        self.status = status
        self.last_lines = last_lines
