"""A provider as a whole: it refuses our client, or asked us to wait; no account is touched."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from accounts import schedule
from accounts.errors import ProviderRefusedUs, ProviderUnavailable
from accounts.leases import PROBE_EVERY
from accounts.models import ProviderState
from accounts.signals import provider_trouble
from spotsite import clock
from spotsite.clock import Now

log = logging.getLogger(__name__)


def check(provider: str) -> bool:
    """Raise where the provider is not to be called; say whether the next call is a probe."""
    state = ProviderState.objects.filter(pk=provider).first()
    if state is None or (state.app_error_at is None and state.paused_until is None):
        return False
    now = clock.now()
    if state.paused_until and state.paused_until > now:
        wait = (state.paused_until - now).total_seconds()
        raise ProviderUnavailable("rate_limited", retry_after=wait)
    if state.app_error_at is None:
        return False
    if state.probed_at and state.probed_at > now - PROBE_EVERY:
        raise ProviderRefusedUs(state.app_error_code)
    return True


def take_probe(provider: str) -> bool:
    """Take the one try of these 15 minutes; False where another worker did."""
    free = Q(probed_at=None) | Q(probed_at__lte=Now() - PROBE_EVERY)
    return bool(ProviderState.objects.filter(free, pk=provider).update(probed_at=Now()))


def refuses_us(provider: str, code: str) -> None:
    """Stop refreshing at this provider, and tell staff once."""
    with transaction.atomic():
        ProviderState.objects.get_or_create(provider=provider)
        ProviderState.objects.filter(pk=provider).update(app_error_code=code, probed_at=Now())
        if ProviderState.objects.filter(pk=provider, app_error_at=None).update(app_error_at=Now()):
            log.error("%s refuses our client: %s", provider, code)
            transaction.on_commit(
                lambda: provider_trouble.send_robust(
                    sender=ProviderState, provider=provider, trouble=code
                )
            )


def accepts_us(provider: str) -> None:
    """Go on: a token was refreshed."""
    stopped = ProviderState.objects.filter(pk=provider).exclude(app_error_at=None)
    if stopped.update(app_error_code="", app_error_at=None, probed_at=None):
        log.warning("%s accepts our client again", provider)


def pause(provider: str, retry_after: float | None) -> None:
    """Let nobody call the token endpoint for as long as it asked."""
    wait = timedelta(seconds=retry_after) if retry_after else schedule.SHORTEST_BACKOFF
    until = clock.now() + wait
    ProviderState.objects.get_or_create(provider=provider)
    ProviderState.objects.filter(pk=provider).filter(
        Q(paused_until=None) | Q(paused_until__lt=until)
    ).update(paused_until=until)
