"""Mortal workers: each takes the run when it is due, until it has ended, whoever dies."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from accounts.models import Credential
from benchmarks.storm.faults import STALL_SECONDS, Fault, How
from benchmarks.storm.spotify import Killed, Line, Spotify
from playlists import push
from playlists.models import Run

MOST_TURNS = 150
_WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH)\b")


class Fleet:
    """All workers that the run meets, one at a time or, where one stalls, one beside the other."""

    def __init__(self, run: Run, spotify: Spotify, faults: Sequence[Fault]) -> None:
        self.run = run
        self.spotify = spotify
        self.rows = 0
        self.turns = 0
        self._transaction: object = None
        self._faults = {one.at: one for one in faults if one.in_rows}
        spotify.under(faults)
        spotify.stall = self._stall

    def work(self) -> None:
        with connection.execute_wrapper(self._statement):
            self._tend()

    def _tend(self, until: float = math.inf) -> None:
        """Do what is due up to that moment."""
        time = self.spotify.time
        while time() < until and self.turns < MOST_TURNS:
            if self._turn():
                continue
            free_at = self._free_at()
            if free_at is None:
                return
            self.spotify.pass_time(max(0.01, min(free_at, until) - time()))

    def _turn(self) -> bool:
        """Let one worker have a go at it; False where it is not due."""
        self.turns += 1
        try:
            claimed = Run.objects.claim(self.run.pk)
            if claimed is None:
                return False
            push.work_on(claimed, connect=self._connect)
        except Killed:
            pass
        return True

    def _connect(self, _: Credential) -> Any:
        return Line(self.spotify)

    def _free_at(self) -> float | None:
        """Return when somebody may take it; None where it has ended."""
        row = Run.objects.active().filter(pk=self.run.pk)
        moments = row.values_list("not_before", "lease_until").first()
        if moments is None:
            return None
        known = [moment.timestamp() for moment in moments if moment]
        return max(known, default=self.spotify.time()) + 0.01

    def _is_going_on(self) -> bool:
        """Say whether the write is of a transaction that was counted: it rolls back whole."""
        outermost = connection.atomic_blocks[0] if connection.in_atomic_block else None
        known, self._transaction = self._transaction, outermost
        return outermost is not None and outermost is known

    def _stall(self) -> None:
        """Let the worker that is at work stand still for longer than its lease."""
        until = self.spotify.time() + STALL_SECONDS
        self._tend(until)
        self.spotify.pass_time(max(0.0, until - self.spotify.time()))

    def _statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """Count each write of rows, a transaction as one, and let its fault loose just before."""
        if not _WRITE.match(sql) or self._is_going_on():
            return execute(sql, params, many, context)
        fault = self._faults.get(self.rows)
        self.rows += 1
        if fault is not None and fault.how is How.KILL:
            raise Killed
        if fault is not None and not connection.in_atomic_block:
            self._stall()
        return execute(sql, params, many, context)
