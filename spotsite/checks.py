"""Checks of the settings that belong to the whole site; each has an id and a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from spotsite import clock


@register
def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme in {"http", "https"} and parts.hostname and not parts.path:
        return []
    return [
        Error(
            "PUBLIC_URL is not the address of a site.",
            hint="Give scheme and host, without a path: PUBLIC_URL=https://lists.example",
            id="spotsite.E001",
        )
    ]
