"""Faults on order: which call meets one, and what it gets instead of its answer."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from simulator.messages import Answer, Call, Json, json_answer, text_answer

KINDS = ("status", "hang", "drip", "drop")
TIMES = ("before", "after", "late")


class BadFault(ValueError):
    """The order for a fault cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One order. Empty fields match every call; `skip` calls pass first, then `times` are hit."""

    id: int = 0
    method: str = ""
    path: str = ""  # a regular expression, searched in the path
    user: str = ""
    body_contains: str = ""
    skip: int = 0
    times: int | None = 1  # None: until it is cleared
    kind: str = "status"
    when: str = "before"  # the effect: not at all, at once, or late_s later
    late_s: float = 1.0
    status: int = 503
    json: Any = None
    text: str | None = None
    media: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None  # of hang and drip; None: until the client goes
    seen: int = 0
    hit: int = 0

    @classmethod
    def load(cls, data: Json) -> Self:
        """Read an order; say what is wrong with it."""
        try:
            fault = cls(**data)
        except TypeError as exc:
            raise BadFault(str(exc).replace("Fault.__init__() ", "")) from exc
        if fault.kind not in KINDS:
            raise BadFault(f"kind is one of {', '.join(KINDS)}")
        if fault.when not in TIMES:
            raise BadFault(f"when is one of {', '.join(TIMES)}")
        if not 100 <= fault.status <= 599:
            raise BadFault("status is a number from 100 to 599")
        try:
            re.compile(fault.path)
        except re.error as exc:
            raise BadFault(f"path is no regular expression: {exc}") from exc
        return fault

    def dump(self) -> Json:
        return asdict(self)

    @property
    def spent(self) -> bool:
        return self.times is not None and self.hit >= self.times

    @property
    def only_delays(self) -> bool:
        """Tell whether the call goes on as usual after a while."""
        return self.kind == "hang" and self.when == "before" and self.seconds is not None

    def meets(self, call: Call, user: str) -> bool:
        """Count a matching call, and tell whether this one is hit."""
        if self.spent or (self.method and self.method.upper() != call.method):
            return False
        if self.user and self.user != user:
            return False
        if self.path and not re.search(self.path, call.path):
            return False
        if self.body_contains and self.body_contains.encode() not in call.body:
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        self.hit += 1
        return True

    def answer(self) -> Answer:
        if self.text is not None:
            answer = text_answer(self.text, self.status, media=self.media)
        else:
            message = PHRASES.get(self.status, "Service unavailable")
            error = {"error": {"status": self.status, "message": message}}
            answer = json_answer(self.json if self.json is not None else error, self.status)
        answer.headers.update(self.headers)
        return answer


PHRASES = {
    401: "Access token missing",
    403: "Insufficient client scope",
    429: "API rate limit exceeded",
    500: "Server error.",
    502: "Error while loading resource",
}


def first_hit(faults: list[Fault], call: Call, user: str) -> Fault | None:
    return next((fault for fault in faults if fault.meets(call, user)), None)
