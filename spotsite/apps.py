"""The project as an app: its clock has a migration and its settings have checks."""

from __future__ import annotations

from django.apps import AppConfig


class SpotsiteConfig(AppConfig):
    name = "spotsite"

    def ready(self) -> None:
        # Importing registers them.
        from spotsite import checks  # noqa: F401, PLC0415
