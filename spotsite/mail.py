"""Where mail goes: an SMTP server, the terminal, or files in a folder (the demo's /dev/mail/)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from spotsite import env

_BACKENDS = "django.core.mail.backends"


def settings(url: str) -> dict[str, Any]:
    """Return mail settings for ``smtp://``, ``smtps://``, ``file:///folder`` or ``console:``."""
    parts = env.split(url)
    if parts is None:
        return _nowhere()
    port = parts.port
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{_BACKENDS}.console.EmailBackend"}
    if parts.scheme == "file" and parts.path:
        return {
            "EMAIL_BACKEND": f"{_BACKENDS}.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme in {"smtp", "smtps"} and parts.hostname:
        implicit = parts.scheme == "smtps"
        return {
            "EMAIL_BACKEND": f"{_BACKENDS}.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": port or (465 if implicit else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": implicit,
            # STARTTLS on the submission port; a server on port 25 or 1025 is a local relay.
            "EMAIL_USE_TLS": not implicit and (port or 587) == 587,
            "EMAIL_TIMEOUT": 20,
        }
    return _nowhere()


def _nowhere() -> dict[str, Any]:
    env.problems["EMAIL_URL"] = "EMAIL_URL is not an address that mail can be sent through."
    return {"EMAIL_BACKEND": f"{_BACKENDS}.console.EmailBackend"}
