"""Work that one worker does at a time: how long it holds a row, and what sets a row free."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from spotsite.clock import Now

LEASE = timedelta(seconds=17)  # longer than one call may take (connection.CALL_SECONDS)
NUDGE_AGAIN = timedelta(seconds=20)


class LeaseLost(Exception):
    """Another worker took the run over, or somebody ended it: this one must touch nothing more."""


def free() -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def ready() -> Q:
    return free() & (Q(not_before=None) | Q(not_before__lte=Now()))
