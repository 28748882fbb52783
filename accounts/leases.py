"""The lease: who may spend a credential's refresh token now, and write back what came of it.

A claim is one conditional UPDATE on the database's clock that commits at once, so the HTTP call
runs in no transaction. What comes back is stored only while generation and lease are those of the
claim: a person who gave consent meanwhile, or a worker that took a dead one's place, wins.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from accounts import schedule
from accounts.models import Credential, CredentialQuerySet

# Longer than the deadline of the call, with room to write the answer while Postgres restarts.
LEASE = timedelta(seconds=30)

_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT c.id, c.attempt_started_at
    FROM accounts_credential c
    WHERE c.status IN ('ok', 'suspect') AND c.refresh_ct IS NOT NULL
      AND (c.lease_until IS NULL OR c.lease_until <= spotsite_now())
      AND {condition}
    ORDER BY c.next_refresh_at
    LIMIT 1
    FOR UPDATE OF c SKIP LOCKED
)
UPDATE accounts_credential AS mine
SET lease_until = spotsite_now() + %(lease)s,
    lease_gen = mine.lease_gen + 1,
    attempt_started_at = spotsite_now()
FROM free
WHERE mine.id = free.id
RETURNING mine.id, mine.attempt_started_at, free.attempt_started_at, EXISTS (
    SELECT FROM accounts_providerstate p
    WHERE p.provider = mine.provider
      AND (p.app_error_at IS NOT NULL OR p.paused_until > spotsite_now())
)
"""
_CLAIM_SEEN = _CLAIM.format(
    condition="c.id = %(id)s AND c.generation = %(generation)s AND c.lease_gen = %(lease_gen)s"
)
# A provider that refuses our client, or asked us to wait, makes nobody due; one try each 15
# minutes asks anew.
_CLAIM_DUE = _CLAIM.format(
    condition="""c.next_refresh_at IS NOT NULL AND c.next_refresh_at <= spotsite_now()
      AND NOT EXISTS (
        SELECT FROM accounts_providerstate p
        WHERE p.provider = c.provider
          AND (p.paused_until > spotsite_now()
               OR (p.app_error_at IS NOT NULL AND p.probed_at > spotsite_now() - %(probe)s))
      )"""
)
PROBE_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed credential, as it was at the claim."""

    credential: Credential
    claimed_at: datetime  # spotsite.clock, before the request
    unfinished_at: datetime | None  # the start of an earlier attempt whose end nobody saw
    provider_is_stopped: bool  # it refuses our client, or asked us to wait
    ends: float  # of this process's monotonic clock

    def row(self) -> CredentialQuerySet:
        """Return the row while it is still ours; empty where somebody was faster."""
        return Credential.objects.filter(
            pk=self.credential.pk,
            generation=self.credential.generation,
            lease_gen=self.credential.lease_gen,
        )


def claim(seen: Credential) -> Lease | None:
    """Lease the credential if it still is as it was ``seen`` and nobody holds it."""
    return _claim(_CLAIM_SEEN, id=seen.pk, generation=seen.generation, lease_gen=seen.lease_gen)


def claim_due() -> Lease | None:
    """Lease the credential that has been due for longest, or none."""
    return _claim(_CLAIM_DUE, probe=PROBE_EVERY)


def release(lease: Lease, *, finished: bool, **values: Any) -> bool:
    """Give the lease back and write ``values``; say whether it still was ours.

    An attempt that is not ``finished`` keeps its mark: the provider may have carried it out.
    """
    if finished:
        values["attempt_started_at"] = None
    return bool(lease.row().update(lease_until=None, **values))


def store(lease: Lease, **values: Any) -> bool:
    """Write the provider's answer; False where a newer consent or another worker stands in the row.

    While Postgres is away the same statement is tried until the lease ends. Where it had been
    carried out, and only its answer was lost, that is False too: the row, read again, holds our
    token.
    """
    generation = lease.credential.generation + 1
    pause = 0.1
    while True:
        try:
            stored = lease.row().update(
                generation=generation, lease_until=None, attempt_started_at=None, **values
            )
            return bool(stored)
        except (OperationalError, InterfaceError):
            if time.monotonic() + pause > lease.ends or connection.in_atomic_block:
                raise
        with _quietly():
            connection.close()
        time.sleep(pause * (0.5 + schedule.jitter(timedelta(seconds=0.5)).total_seconds()))
        pause = min(pause * 2, 1.0)


def _claim(sql: str, **parameters: Any) -> Lease | None:
    ends = time.monotonic() + LEASE.total_seconds()
    # Durable: in somebody's open transaction the claim would not be seen by others during the call.
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, {"lease": LEASE, **parameters})  # type: ignore[dict-item]  # psycopg adapts it
        row = cursor.fetchone()
        if row is None:
            return None
        pk, claimed_at, unfinished_at, stopped = row
        credential = Credential.objects.select_related("account__user").get(pk=pk)
    return Lease(credential, claimed_at, unfinished_at, stopped, ends)


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        return
