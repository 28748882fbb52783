"""One HTTP request and one HTTP answer as plain values, so that no room needs a socket."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What a client sent."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def arg(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    def json(self) -> Any:
        """Return the body's JSON, or None when the body is empty; refuse anything else."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise Refused(web_error(400, "Error parsing JSON.")) from exc

    @property
    def bearer(self) -> str:
        scheme, _, secret = self.headers.get("authorization", "").partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""

    @property
    def basic(self) -> tuple[str, str] | None:
        scheme, _, text = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return name, secret

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    def dump(self) -> Json:
        return {
            "method": self.method,
            "path": self.path,
            "query": list(self.query),
            "headers": self.headers,
            "body": base64.b64encode(self.body).decode(),
        }

    @classmethod
    def load(cls, data: Json) -> Call:
        query = tuple((key, value) for key, value in data["query"])
        body = base64.b64decode(data["body"])
        return cls(data["method"], data["path"], query, data["headers"], body)


@dataclass(slots=True)
class Answer:
    """What the client gets."""

    status: int = 200
    body: bytes = b""
    media: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json_answer(data: object, status: int = 200, **headers: str) -> Answer:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, headers=named)


def text_answer(text: str, status: int = 200, *, media: str = "text/plain") -> Answer:
    return Answer(status, text.encode(), f"{media}; charset=utf-8")


def redirect(location: str, status: int = 302) -> Answer:
    return Answer(status, b"", "text/plain; charset=utf-8", {"location": location})


def web_error(status: int, message: str, *, reason: str = "", **headers: str) -> Answer:
    """Write an error in the Web API's form."""
    error: Json = {"status": status, "message": message}
    if reason:
        error["reason"] = reason
    return json_answer({"error": error}, status, **headers)


def with_query(address: str, **values: str) -> str:
    """Add query parameters to an address; empty values are left out."""
    given = {name: value for name, value in values.items() if value}
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(given)}" if given else address
