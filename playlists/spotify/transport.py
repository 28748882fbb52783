"""What the client asks of the HTTP that it is handed, and how an answer is read: with no trust."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from playlists.spotify import errors

# A missing or odd Retry-After of a 429 counts as this; numbers beyond two days are not believed.
DEFAULT_RETRY_SECONDS = 30.0
LONGEST_RETRY_SECONDS = 2 * 24 * 3600.0
_CODE = re.compile(r"[A-Z0-9_]{1,60}")


class Answer(Protocol):
    """One HTTP answer; that of requests has this shape."""

    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...


class Send(Protocol):
    """Makes one HTTP call without retrying; raises ``errors.NoAnswer`` where no answer came."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> Answer: ...


def read(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of a good answer; raise the error that any other one means."""
    _check(answer)
    body = _object(answer)
    if body is None:
        raise errors.Unreadable(answer.status_code)
    return body


def read_flags(answer: Answer, *, count: int) -> list[bool]:
    """Return an answer that is a list of yes and no, one for each thing that was asked about."""
    _check(answer)
    flags = _json(answer)
    if not isinstance(flags, list) or len(flags) != count:
        raise errors.Unreadable(answer.status_code, "flags")
    if not all(isinstance(flag, bool) for flag in flags):
        raise errors.Unreadable(answer.status_code, "flags")
    return flags


def read_nothing(answer: Answer) -> None:
    """Accept a yes that has nothing to say; one that says something else is not Spotify's."""
    _check(answer)
    if answer.content.strip() and _object(answer) is None:
        raise errors.Unreadable(answer.status_code)


def _check(answer: Answer) -> None:
    if not 200 <= answer.status_code < 300:
        raise error_of(answer)


def error_of(answer: Answer) -> errors.SpotifyError:
    """Sort an answer that is not good: by status, by error.reason, and by the known plain texts."""
    status = answer.status_code
    body = _object(answer) or {}
    detail = body.get("error")
    detail = detail if isinstance(detail, dict) else {}
    reason = _code(detail.get("reason"))
    text = str(detail.get("message", "")) or answer.content[:300].decode("utf-8", "replace")
    if status == 429:
        limited = errors.QuotaExceeded if reason == "QUOTA_EXCEEDED" else errors.RateLimited
        return limited(status, reason, retry_after=_retry_after(answer))
    if status == 403:
        return _forbidden(text.lower())(status, reason)
    if status >= 500 or status < 400:
        return errors.ServerFailed(status, reason)
    kinds = {401: errors.Unauthorized, 404: errors.NotFound, 413: errors.TooLarge}
    return kinds.get(status, errors.Refused)(status, reason)


def _code(reason: object) -> str:
    """Take a code such as QUOTA_EXCEEDED, and no text: what is written there could be anything."""
    is_code = isinstance(reason, str) and _CODE.fullmatch(reason)
    return str(reason) if is_code else ""


def _forbidden(text: str) -> type[errors.SpotifyError]:
    # The texts have changed over the years, their words have not.
    if "regist" in text and "user" in text:
        return errors.NotAllowListed
    if "premium" in text and "owner" in text:
        return errors.OwnerNeedsPremium
    if "scope" in text:
        return errors.InsufficientScope
    return errors.Forbidden


def _object(answer: Answer) -> dict[str, Any] | None:
    body = _json(answer)
    return body if isinstance(body, dict) else None


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        return DEFAULT_RETRY_SECONDS
    if not 0 <= seconds <= LONGEST_RETRY_SECONDS:  # also refuses "nan"
        return DEFAULT_RETRY_SECONDS
    return max(seconds, 1.0)
