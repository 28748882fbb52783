"""``manage.py tokens_reseal``: move everything that is sealed to the first key of the ring."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import reseal
from accounts.errors import KeyringError
from accounts.keys import keyring


class Command(BaseCommand):
    help = "Seal credentials, sessions and second factors with the primary key; the site may run."
    # It is there to be run when something is wrong with the keys.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            primary = keyring().primary.id
        except KeyringError as exc:
            raise CommandError(f"TOKEN_KEYS is not a usable key ring: {exc}.") from exc
        tallies = reseal.run()
        for tally in tallies:
            self.stdout.write(
                f"{tally.kind}: {tally.resealed} resealed, {tally.unreadable} do not open, "
                f"{tally.remaining} old remain"
            )
        if any(tally.remaining for tally in tallies):
            raise CommandError("Some rows were in use all the time: run it again.")
        if any(tally.unreadable for tally in tallies if tally.kind != "sessions"):
            raise CommandError(
                "Some rows do not open: keep every key of the ring, and see the log."
            )
        self.stdout.write(f"All is sealed with key {primary}: older keys may be disabled.")
