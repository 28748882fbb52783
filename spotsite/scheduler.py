"""Beat's schedule: the jobs that stand in the database, sent and saved without a signal between."""

from __future__ import annotations

import logging
from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from spotsite.ending import ending

log = logging.getLogger(__name__)


class Scheduler(DatabaseScheduler):
    """What django-celery-beat does, each piece of it done whole."""

    @ending.after()
    def setup_schedule(self) -> None:
        super().setup_schedule()

    @ending.after()
    def tick(self, *args: Any, **options: Any) -> float:
        # Celery writes down that a job was sent before it looks for the broker.
        self.producer  # noqa: B018 -- made at its first use
        seconds: float = super().tick(*args, **options)
        return seconds

    @ending.after()
    def sync(self) -> None:
        super().sync()

    def _ensure_connected(self) -> Any:
        # This goes on for as long as the broker is away.
        def again(exc: Exception, seconds: float) -> None:
            log.warning("the broker does not answer beat (%s): again in %g seconds", exc, seconds)

        return self.connection.ensure_connection(
            again, self.app.conf.broker_connection_max_retries, callback=ending.leave_if_told
        )
