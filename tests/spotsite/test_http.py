"""One call over HTTP, against peers that misbehave; each is a few lines of socket."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from spotsite import http

Peer = Callable[[socket.socket], None]
Serve = Callable[[Peer], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one connection after the other with a function that gets the socket."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(peer: Peer) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    one, _ = listener.accept()
                except OSError:
                    return
                with one:
                    try:
                        peer(one)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(5)


def read_request(one: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        got = one.recv(65_536)
        if not got:
            raise OSError("the client went")
        data += got
    return data


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def wait_for_the_client_to_go(one: socket.socket) -> None:
    while one.recv(65_536):
        pass


def test_an_answer_is_returned_whatever_its_status(serve: Serve) -> None:
    def peer(one: socket.socket) -> None:
        read_request(one)
        one.sendall(answer(b"upstream connect error", status="502 Bad Gateway"))

    response = http.send("POST", serve(peer), data={"a": "b"})

    assert (response.status_code, response.text) == (502, "upstream connect error")


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    def peer(one: socket.socket) -> None:
        read_request(one)
        one.sendall(answer(b"", "Location: http://127.0.0.1:1/", status="302 Found"))

    assert http.send("GET", serve(peer)).status_code == 302


def test_a_peer_that_never_answers_is_left_at_the_deadline(serve: Serve) -> None:
    def peer(one: socket.socket) -> None:
        read_request(one)
        wait_for_the_client_to_go(one)

    with pytest.raises(http.TimedOut):
        http.send("GET", serve(peer), deadline=0.3)


@pytest.mark.parametrize("where", ["head", "body", "chunks"])
def test_a_peer_that_drips_cannot_hold_us_beyond_the_deadline(serve: Serve, where: str) -> None:
    dripped = threading.Event()
    heads = {
        "head": b"HTTP/1.1 200 OK\r\nX-Long: ",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    }

    def peer(one: socket.socket) -> None:
        read_request(one)
        one.sendall(heads[where])
        for _ in range(600):
            one.sendall(b"1\r\nx\r\n" if where == "chunks" else b"x")
            dripped.set()
            time.sleep(0.05)

    with pytest.raises(http.TimedOut):
        http.send("GET", serve(peer), deadline=0.5)

    assert dripped.is_set()


def test_a_connection_that_breaks_is_unreachable_but_may_have_arrived(serve: Serve) -> None:
    def peer(one: socket.socket) -> None:
        read_request(one)

    with pytest.raises(http.Unreachable) as raised:
        http.send("POST", serve(peer), data={"code": "secret"})

    assert type(raised.value) is http.Unreachable
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("where", ["port", "name"])
def test_a_call_that_was_never_sent_says_so(where: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}/" if where == "port" else "http://no-such-host.invalid/"

    with pytest.raises(http.NotSent) as raised:
        http.send("GET", url, params={"token": "secret"})

    assert "secret" not in str(raised.value)


def test_a_body_that_is_too_large_is_not_read_to_its_end(serve: Serve) -> None:
    sent: list[int] = []

    def peer(one: socket.socket) -> None:
        read_request(one)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        sent.extend(one.send(b"x" * 1_000_000) for _ in range(1000))

    with pytest.raises(http.Unreachable):
        http.send("GET", serve(peer))

    assert sum(sent) < 4 * http.MAX_BODY_BYTES


def test_no_cookie_travels_from_one_call_to_the_next(serve: Serve) -> None:
    heads: list[bytes] = []

    def peer(one: socket.socket) -> None:
        heads.append(read_request(one))
        one.sendall(answer(b"", "Set-Cookie: who=anna; Path=/", "Connection: close"))

    url = serve(peer)
    http.send("GET", url)
    http.send("GET", url)

    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 and later
def test_calls_share_a_connection_and_a_forked_child_makes_its_own(serve: Serve) -> None:
    connections: list[int] = []

    def peer(one: socket.socket) -> None:
        connections.append(0)
        while True:
            read_request(one)
            connections[-1] += 1
            one.sendall(answer(b"x"))
            if connections[-1] == 2:
                return

    url = serve(peer)
    http.send("GET", url)
    child = os.fork()
    if not child:
        # The parent's connection is in use: a child on it would break the parent's next call.
        http._session()
        os._exit(0 if http._local.pid == os.getpid() else 1)
    _, status = os.waitpid(child, 0)
    http.send("GET", url)

    assert status == 0
    assert connections == [2]


def test_proxies_and_netrc_of_the_environment_are_not_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peer(one: socket.socket) -> None:
        read_request(one)
        one.sendall(answer(b"straight"))

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert http.send("GET", serve(peer)).text == "straight"
