"""The simulator on a socket: answers, waits, drips and drops as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulator import control
from simulator.clock import Clock
from simulator.engine import Engine
from simulator.faults import Fault
from simulator.messages import Answer, Call

DRIP_S = 0.2
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which lets the application get at its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "connection": self}


class NoAnswer(Response):
    """Ends a connection without a byte of answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = cast("Protocol", scope["state"]["connection"])
        connection.transport.abort()
        await _gone(receive)


def make_app(engine: Engine, public_url: str, changed: Callable[[], None]) -> Starlette:
    async def serve(request: Request) -> Response:
        try:
            call = await _call(request)
        except ClientDisconnect:
            return NoAnswer()
        if call.path.startswith("/_sim"):
            return await _control(engine, public_url, call, changed)
        return await _serve(engine, request, call, changed)

    return Starlette(routes=[Route("/{path:path}", serve, methods=METHODS)])


async def _control(
    engine: Engine, public_url: str, call: Call, changed: Callable[[], None]
) -> Response:
    answer = control.respond(engine, public_url, call)
    if not isinstance(answer, Answer):
        answer = await run_in_threadpool(answer)
    if call.method != "GET":
        changed()
    return _response(answer)


async def _serve(
    engine: Engine, request: Request, call: Call, changed: Callable[[], None]
) -> Response:
    visit = engine.arrive(call)
    fault = visit.fault
    try:
        if latency_ms := engine.world.switches.latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        if fault and fault.only_delays:
            await _wait(request, fault.seconds)
        answer = engine.handle(visit)
    finally:
        engine.leave(visit)
        changed()
    if fault and not fault.only_delays:
        return await _faulty(request, fault, answer)
    return _response(answer)


async def _faulty(request: Request, fault: Fault, answer: Answer) -> Response:
    if fault.kind == "drop":
        return NoAnswer()
    if fault.kind == "drip":
        return StreamingResponse(_drip(fault.seconds), media_type="application/json")
    if fault.kind == "hang":
        await _wait(request, fault.seconds)
        if fault.seconds is None:
            return NoAnswer()
    return _response(answer)


async def _drip(seconds: float | None) -> AsyncIterator[bytes]:
    clock = Clock()
    end = None if seconds is None else clock() + seconds
    while end is None or clock() < end:
        yield b" "
        await asyncio.sleep(DRIP_S)


async def _wait(request: Request, seconds: float | None) -> None:
    """Wait so long, or until the client goes."""
    try:
        await asyncio.wait_for(_gone(request.receive), seconds)
    except TimeoutError:
        return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _call(request: Request) -> Call:
    # A header that is sent twice counts once, the last one: no call here needs more.
    return Call(
        request.method,
        request.url.path,
        tuple(request.query_params.multi_items()),
        dict(request.headers.items()),
        await request.body(),
    )


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, media_type=answer.media)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
