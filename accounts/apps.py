"""The accounts app: its checks and its seams with allauth are bound when it is loaded."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Importing registers them; models must be loaded first.
        from accounts import beat, checks, receivers  # noqa: F401, PLC0415
        from spotsite import startup  # noqa: PLC0415

        startup.require(checks.what_keys_are_missing)
