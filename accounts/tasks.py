"""Nudges about people and credentials: ids only; what there is to do stands in the rows."""

from __future__ import annotations

import time

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from accounts import notices, tokens, withdrawals
from spotsite import nudges, slots

SLICE_SECONDS = 20


@shared_task
def refresh_due() -> None:
    """Wake as many workers as may refresh at once, where something is due (beat, each minute)."""
    for _ in range(tokens.count_due(most=settings.BACKGROUND_SLOTS)):
        nudges.send(refresh_some)


@shared_task
def refresh_some() -> None:
    """Refresh what is due, one after the other, and go on in a new task while more is due."""
    ends = time.monotonic() + SLICE_SECONDS
    with slots.background() as free:
        if not free:
            return  # as many as may are at it, and they take our rows too
        while time.monotonic() < ends:
            if tokens.refresh_next_due() is None:
                return
    nudges.send(refresh_some)


@shared_task
def remind() -> None:
    """Send the mails that are due about consent and providers (beat, hourly; a loss nudges it)."""
    notices.send_due()


@shared_task
def clear_sessions() -> None:
    """Delete sessions that have ended (beat, daily)."""
    call_command("clearsessions")


@shared_task
def withdraw_permission(withdrawal_id: int) -> None:
    """Take a permission back at the provider."""
    withdrawals.withdraw(withdrawal_id)


@shared_task
def withdraw_due() -> None:
    """Ask again for the permissions that a provider did not take back yet (beat)."""
    for withdrawal_id in withdrawals.due():
        nudges.send(withdraw_permission, withdrawal_id)
