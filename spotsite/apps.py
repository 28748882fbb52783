"""The project as an app: its clock has a migration and its settings have checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SpotsiteConfig(AppConfig):
    name = "spotsite"

    def ready(self) -> None:
        # Importing registers them.
        from spotsite import beat, checks  # noqa: F401, PLC0415

        post_migrate.connect(beat.make_rows, sender=self)
