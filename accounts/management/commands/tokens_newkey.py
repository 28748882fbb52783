"""``manage.py tokens_newkey``: make a key, alone or as a ring that holds the present keys too."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import KeyringError
from accounts.keys import Keyring, new_key


class Command(BaseCommand):
    help = "Print a new key of the ring on standard output; it is stored and logged nowhere."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--add",
            action="store_true",
            help="print the whole ring of TOKEN_KEYS with the new key first, as its primary",
        )
        parser.add_argument(
            "--standby",
            action="store_true",
            help="with --add: the new key only opens, for sites that restart one process at a time",
        )

    def handle(self, *args: Any, add: bool, standby: bool, **options: Any) -> None:
        key = new_key()
        self.stdout.write(json.dumps(_ring(key, standby=standby) if add else key))


def _ring(key: dict[str, str], *, standby: bool) -> dict[str, Any]:
    text = settings.TOKEN_KEYS
    if not text:
        return {"primary": key["id"], "keys": [key]}
    try:
        Keyring.parse(text)
    except KeyringError as exc:
        raise CommandError(f"TOKEN_KEYS is not a usable key ring: {exc}.") from exc
    ring = json.loads(text)
    keys = [*ring["keys"], key] if standby else [key, *ring["keys"]]
    return {"primary": ring["primary"] if standby else key["id"], "keys": keys}
