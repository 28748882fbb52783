"""The one place that speaks HTTP to others: pooled, no redirects, no retries, one deadline a call.

The deadline is wall time from the first byte sent to the last one read, so a peer that sends a byte
now and then cannot hold a worker: a timer shuts the socket down, whatever the call is waiting for.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 20.0
MAX_BODY_BYTES = 16 * 1024 * 1024
USER_AGENT = "spotsite/0.1 (+https://pypi.org/project/requests)"

_POOL_SIZE = 16
_local = threading.local()
_cut: ContextVar[_Cut | None] = ContextVar("spotsite_http_cut", default=None)


class Unreachable(Exception):
    """No whole answer came: nobody answered, the connection broke, or time ran out."""


class TimedOut(Unreachable):
    """The deadline passed; the request may have reached the other side."""


class NotSent(Unreachable):
    """No connection could be made: the request certainly did not reach the other side."""


def send(
    method: str,
    url: str,
    *,
    deadline: float = DEADLINE_SECONDS,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    data: Mapping[str, str] | bytes | None = None,
    json: Any = None,
) -> requests.Response:
    """Make one call and return the answer, whatever its status, or raise ``Unreachable``."""
    timeout = (min(CONNECT_SECONDS, deadline), deadline)
    with _cutting(deadline) as cut:
        try:
            response = _session().request(
                method,
                url,
                headers=headers,
                params=params,
                data=data,
                json=json,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            )
            _read(response, cut)
        except requests.ConnectTimeout:
            raise NotSent(f"{_host(url)} did not take the connection") from None
        except (requests.Timeout, _Late):
            raise TimedOut(f"{_host(url)} did not answer within {deadline:g} s") from None
        except requests.RequestException as exc:
            if cut.late:
                raise TimedOut(f"{_host(url)} did not answer within {deadline:g} s") from None
            # The foreign text is left out: it quotes the address with its query.
            kind = NotSent if _refused(exc) else Unreachable
            raise kind(f"{_host(url)}: {type(exc).__name__}") from None
    return response


class _Late(Exception):
    """The timer went off while the body was read."""


class _Cut:
    """Shuts the socket of the running call down when its time is up."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.late = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, sock: socket.socket | None) -> None:
        with self._lock:
            self._socket = sock
            if self.late:
                self._shut()

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def _fire(self) -> None:
        with self._lock:
            self.late = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Watched:
    """Tells the running call's timer which socket it is waiting for."""

    sock: socket.socket | None

    def getresponse(self) -> Any:
        if cut := _cut.get():
            cut.watch(self.sock)
        return super().getresponse()  # type: ignore[misc]


class _WatchedHTTP(_Watched, HTTPConnection):
    pass


class _WatchedHTTPS(_Watched, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


@contextlib.contextmanager
def _cutting(seconds: float) -> Iterator[_Cut]:
    cut = _Cut(seconds)
    token = _cut.set(cut)
    try:
        yield cut
    finally:
        cut.stop()
        _cut.reset(token)


def _session() -> requests.Session:
    """Return this thread's session; a forked child makes its own, or two would share one socket."""
    if getattr(_local, "pid", None) != os.getpid():
        session = requests.Session()
        session.trust_env = False  # no .netrc, no proxy that the operator did not mean for us
        session.headers["User-Agent"] = USER_AGENT
        adapter = _Adapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        _local.session, _local.pid = session, os.getpid()
    session = _local.session
    session.cookies.clear()  # one person's cookie must not travel with another's call
    assert isinstance(session, requests.Session)  # noqa: S101 -- narrows a thread-local
    return session


def _read(response: requests.Response, cut: _Cut) -> None:
    body = bytearray()
    for chunk in response.iter_content(65_536):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError("body too large")
    if cut.late:
        raise _Late
    response._content = bytes(body)


def _refused(exc: requests.RequestException) -> bool:
    """Say whether the connection was never made (urllib3's NewConnectionError lies beneath)."""
    cause = getattr(exc.args[0], "reason", None) if exc.args else None
    return type(cause).__name__ in {
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    }


def _host(url: str) -> str:
    return url.split("/", 3)[2] if "://" in url else "the provider"
