"""Structured logs on standard error, one line an event, with secrets taken out.

Redaction is the net, not the rule: no code of ours logs a secret. The net catches what libraries
say.
"""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog

_NAMES = (
    "access_token|refresh_token|fb_exchange_token|input_token|id_token|app_token|client_secret|"
    "code_verifier|code|signed_request|appsecret_proof|password|passwd|token|secret|sessionid|"
    "csrftoken|csrfmiddlewaretoken|token_keys|secret_key"
)
# A name and its value as a query, a form, JSON, a dict's repr or a pair of a list show them; a JSON
# text inside a repr has a backslash before its marks.
_SECRET_PAIR = re.compile(
    rf"(?i)((?:\b|(?<=%3f)|(?<=%26)|(?<=%22))(?:{_NAMES})"
    r"(?:\\*['\"]?\s*[:=]\s*|\\*['\"],\s*|%3d|%22%3a%22)(?:b(?=['\"]))?\\*['\"]?)"
    r"(?!\d{3}\b)[^\s&'\",;)}\]\\]+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=|-]{8,}")
_URL_PASSWORD = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@")
# Tokens and codes of both providers are longer than anything else on one line without a break.
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{80,}")


def redact(text: str) -> str:
    """Return ``text`` with what looks like a token, code, password or key replaced by ``***``."""
    text = _SECRET_PAIR.sub(r"\1***", text)
    text = _BEARER.sub(r"\1 ***", text)
    text = _URL_PASSWORD.sub(r"\1:***@", text)
    return _OPAQUE.sub("***", text)


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record as one line and redacts it last, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(*, level: str) -> None:
    """Set up logging for every process of the site."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": RedactingFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        structlog.processors.KeyValueRenderer(
                            key_order=["timestamp", "level", "event"], sort_keys=True
                        ),
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # urllib3 says whole addresses at DEBUG; gunicorn when a request fails, so it
                # writes through our handler.
                "urllib3": {"level": "WARNING"},
                "gunicorn.error": {"handlers": ["stderr"], "level": level, "propagate": False},
                # Quotes whole contexts at DEBUG, the request's address in them.
                "django.template": {"level": "INFO"},
                "django.server": {"level": "WARNING"},
                "django.utils.autoreload": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
