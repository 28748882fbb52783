"""Celery's way to Valkey, made to lose it and to find it again without ending a worker.

Tried against real outages in tests/spotsite/test_worker_outages.py; each class says what kombu 5.7
does without it.
"""

from __future__ import annotations

import logging
from typing import Any, Self

from celery.app import amqp
from kombu.connection import Connection as KombuConnection
from kombu.transport import redis, virtual
from redis.exceptions import ConnectionError as ConnectionLost

# Worker and beat ask a server that is away again after 1, 2, 3, 4 and then every 5 seconds.
PATIENCE = {"interval_start": 1, "interval_step": 1, "interval_max": 5}

log = logging.getLogger(__name__)


class QoS(redis.QoS):
    """Lets go of a message whose end cannot be told to Valkey: it comes again and changes nothing.

    kombu logs a critical error with a traceback for each.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except self.channel.connection_errors:
            log.warning("the broker does not know that a task is done: it may send it again")
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """Says that its connection is lost in words that its callers know.

    kombu gives up a broken connection twice. The second time, and when a task that was under way
    ends, there is no address left: an AttributeError that nobody expects ends the worker.
    """

    QoS = QoS

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("The connection of this channel is closed.")
        parameters = super()._connparams(asynchronous)  # type: ignore[no-untyped-call]
        return dict(parameters)


class Transport(redis.Transport):
    Channel = Channel


class Connection(KombuConnection):
    """Asks for a server that is away often enough to be there soon after it.

    kombu asks ever more rarely, down to every 30 seconds.
    """

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        super().ensure_connection(*args, **{**PATIENCE, **options})  # type: ignore[no-untyped-call]
        return self


class AMQP(amqp.AMQP):
    Connection = Connection
