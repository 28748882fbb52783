"""The whole simulator as one value: a call goes in, an answer comes out, no socket needed.

A run in virtual time uses it as it is: `Engine(World(clock=Clock(read)))`, then `arrive`,
`handle` and `leave` for each call.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field

from simulator import accounts, facebook, webapi
from simulator.clock import iso
from simulator.faults import Fault, first_hit
from simulator.gate import Caller, identify
from simulator.messages import Answer, Call, Json, Refused, redirect, text_answer, web_error
from simulator.state import Pending, World

LOG_LENGTH = 5_000
LOG_BODY_BYTES = 5_000  # room for 100 URIs
ADD = re.compile(r"/v1/playlists/([^/]+)/(?:items|tracks)")


@dataclass(slots=True, eq=False)
class Visit:
    """A call on its way, with the fault that it met."""

    call: Call
    user: str
    client_id: str
    arrived_at: float
    fault: Fault | None = None
    adds_to: str = ""  # a playlist
    beside_another: bool = False


@dataclass(slots=True)
class Engine:
    """Lets calls in, has them answered, and writes down what happened."""

    world: World
    log: deque[Json] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    counts: Counter[str] = field(default_factory=Counter)
    numbered: int = 0
    adding: list[Visit] = field(default_factory=list)

    def arrive(self, call: Call) -> Visit:
        self.settle()
        client_id, user = whose(self.world, call)
        fault = first_hit(self.world.faults, call, user)
        visit = Visit(call, user, client_id, self.world.clock(), fault)
        found = ADD.fullmatch(call.path) if call.method == "POST" else None
        if found:
            visit.adds_to = found[1]
            self._crowd(visit)
        return visit

    def handle(self, visit: Visit) -> Answer:
        """Bring about the effect, if and when the fault lets it, and return what is answered."""
        fault = visit.fault
        if fault is None or fault.only_delays:
            answer = self._perform(visit.call, visit)
        elif fault.when == "before":
            answer = fault.answer()
        elif fault.when == "late":
            self._postpone(visit, fault)
            answer = fault.answer()
        else:
            answer = self._perform(visit.call, visit)
            if fault.kind == "status":
                answer = fault.answer()
        self._write(visit, answer)
        return answer

    def leave(self, visit: Visit) -> None:
        if visit.adds_to:
            self.adding.remove(visit)

    def _crowd(self, visit: Visit) -> None:
        for other in self.adding:
            if other.adds_to == visit.adds_to:
                other.beside_another = visit.beside_another = True
        self.adding.append(visit)

    def respond(self, call: Call) -> Answer:
        """Answer one call that no other call overlaps."""
        visit = self.arrive(call)
        try:
            return self.handle(visit)
        finally:
            self.leave(visit)

    def settle(self) -> None:
        """Bring about the late effects that are due."""
        if not self.world.pending:
            return
        now = self.world.clock()
        due = sorted((one for one in self.world.pending if one.due <= now), key=lambda one: one.due)
        self.world.pending = [one for one in self.world.pending if one.due > now]
        for one in due:
            caller = Caller.load(one.caller) if one.caller else None
            answer = self._perform(one.call, caller=caller)
            user = caller.user if caller else whose(self.world, one.call)[1]
            self._write(Visit(one.call, user, "", one.due), answer, late=True)

    def _perform(
        self, call: Call, visit: Visit | None = None, *, caller: Caller | None = None
    ) -> Answer:
        crowd_share = self.world.switches.parallel_500_share
        if visit and visit.beside_another and self.world.chance(crowd_share):
            return web_error(500, "Server error.")
        path = call.path
        if path.startswith("/v1/"):
            return webapi.respond(self.world, call, caller)
        if facebook.VERSION.fullmatch(path):
            return facebook.respond(self.world, call)
        try:
            match call.method, path:
                case "GET", "/authorize":
                    return accounts.authorize(self.world, call)
                case "POST", "/authorize":
                    return accounts.decide(self.world, call)
                case "GET", "/logout":
                    return accounts.sign_out()
                case "POST", "/api/token":
                    return accounts.token(self.world, call)
                case "GET", "/":
                    return redirect("/_sim/")
        except Refused as refused:
            return refused.answer
        return text_answer("Not found", 404)

    def _postpone(self, visit: Visit, fault: Fault) -> None:
        """Let the call in now and bring about its effect later."""
        caller = None
        if visit.call.path.startswith("/v1/"):
            try:
                caller = identify(self.world, visit.call).dump()
            except Refused:
                return
        due = self.world.clock() + fault.late_s
        self.world.pending.append(Pending(due, visit.call, caller))

    def _write(self, visit: Visit, answer: Answer, *, late: bool = False) -> None:
        call, fault = visit.call, visit.fault
        self.numbered += 1
        if not late:
            self.counts[f"{call.method} {endpoint(call.path)}"] += 1
        self.log.append(
            {
                "number": self.numbered,
                "method": call.method,
                "path": call.path,
                "query": dict(call.query),
                "headers": call.headers,
                "body": call.body[:LOG_BODY_BYTES].decode(errors="replace"),
                "user": visit.user,
                "client_id": visit.client_id,
                "status": answer.status,
                "time": visit.arrived_at,
                "at": iso(visit.arrived_at),
                "fault": fault.id if fault else None,
                "late": late,
            }
        )


def whose(world: World, call: Call) -> tuple[str, str]:
    """Return client and person of a call, as far as its token, code or refresh token tells."""
    if call.path == "/api/token":
        return _whose_token(world, call)
    secret = call.bearer or call.arg("access_token")
    if secret in world.access_tokens:
        access = world.access_tokens[secret]
        return access.client_id, access.user
    if secret in world.facebook_tokens:
        token = world.facebook_tokens[secret]
        return token.app_id, token.user
    return "", ""


def _whose_token(world: World, call: Call) -> tuple[str, str]:
    form = call.form()
    refresh = world.refresh_tokens.get(form.get("refresh_token", ""))
    grant = world.grants.get(refresh.grant) if refresh else None
    code = world.codes.get(form.get("code", ""))
    client_id = call.basic[0] if call.basic else form.get("client_id", "")
    known = grant or code
    return client_id, known.user if known else ""


def endpoint(path: str) -> str:
    """Name an endpoint by its path, with {id} for what changes from call to call."""
    path = re.sub(r"/(playlists|users|tracks|albums|episodes)/[^/]+", r"/\1/{id}", path)
    return re.sub(r"^/v\d+\.\d+/\w*\d\w*/", "/v24.0/{id}/", path)
