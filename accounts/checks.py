"""The key ring, checked as a setting and before web and worker start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.db import DatabaseError, connection

from accounts import reseal
from accounts.errors import KeyringError
from accounts.keys import Keyring
from accounts.models import CREDENTIAL_TABLE, Credential

HINT = "Make a ring with: python manage.py tokens_newkey --add"


@register
def check_token_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.TOKEN_KEYS:
        # A warning: migrate, beat and collectstatic run without keys.
        return [
            checks.Warning(
                "TOKEN_KEYS is empty: web and worker will not start.",
                hint=HINT,
                id="accounts.W001",
            )
        ]
    try:
        Keyring.parse(settings.TOKEN_KEYS)
    except KeyringError as exc:
        return [
            checks.Error(
                f"TOKEN_KEYS is not a usable key ring: {exc}.",
                hint=HINT,
                id="accounts.E001",
            )
        ]
    return []


def what_keys_are_missing() -> str:
    """Say why this process could not open what is sealed; sessions may end and do not count."""
    if not settings.TOKEN_KEYS:
        return f"TOKEN_KEYS is empty. {HINT}"
    try:
        ring = Keyring.parse(settings.TOKEN_KEYS)
    except KeyringError:
        return ""  # the check above says it
    try:
        used = _used_key_ids()
    except DatabaseError:
        return "The database does not answer, so the keys that its rows need are not known."
    missing = sorted(used - {key.id for key in ring.keys.values() if key.enabled})
    if not missing:
        return ""
    return (
        f"TOKEN_KEYS does not hold, or disables, the keys {', '.join(map(str, missing))} that rows "
        "are sealed with. Put them back, or run: python manage.py tokens_reseal"
    )


def _used_key_ids() -> set[int]:
    if CREDENTIAL_TABLE not in connection.introspection.table_names():
        return set()  # before the first migrate
    ids = Credential.objects.exclude(key_id=None).order_by().values_list("key_id", flat=True)
    return {key_id for key_id in ids.distinct() if key_id is not None} | reseal.factor_key_ids()
