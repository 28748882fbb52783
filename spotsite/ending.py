"""When beat may leave: at once while it waits, after the work in hand else.

Celery 5.7 ends beat by an exception out of the signal's handler (``install_sync_handler`` in
celery/apps/beat.py). Where that falls into a query of django-celery-beat, the schedule is saved
through the connection whose query it interrupts, and the wish to leave is lost in what breaks
then: beat goes on as if nobody had spoken.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from celery.apps import beat


class Ending:
    """The wish of a signal that this process ends, and the work that is done before."""

    def __init__(self) -> None:
        self._told = False
        self._working = 0

    def tell(self, *signal_and_frame: object) -> None:
        """Take a signal (a second one does not wait for the work); raise SystemExit if idle."""
        again, self._told = self._told, True
        if again or not self._working:
            self._leave()

    def leave_if_told(self) -> None:
        """Raise SystemExit where a signal waits for this work: call it where nothing is lost."""
        if self._told:
            self._leave()

    @contextmanager
    def after(self) -> Generator[None]:
        """Hold back what a signal asks for until the end of the block."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
        if self._told and not self._working:
            self._leave()

    def _leave(self) -> None:
        # The schedule is saved on the way out, which is work that nothing may cut short.
        self._working += 1
        raise SystemExit


ending = Ending()


class Beat(beat.Beat):
    """``celery beat`` with this module's signals."""

    def install_sync_handler(self, service: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ending.tell)
