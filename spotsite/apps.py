"""The project as an app: its clock has a migration and its settings have checks."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class SpotsiteConfig(AppConfig):
    name = "spotsite"

    def ready(self) -> None:
        # Importing registers them.
        from spotsite import beat, checks, startup  # noqa: PLC0415

        startup.require(checks.what_secret_is_missing)
        # Of beat's app: Django sends the signal for apps with models only.
        post_migrate.connect(beat.make_rows, sender=apps.get_app_config("django_celery_beat"))
