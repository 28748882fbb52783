"""allauth as it comes: what the site would do without its adapter, for the controls."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault


class StockAdapter(DefaultSocialAccountAdapter):
    """Parks what it parks in clear; only a value of the database's own must not stop it."""

    def serialize_instance(self, instance: Model) -> dict[str, Any]:
        for name, value in list(vars(instance).items()):
            if isinstance(value, DatabaseDefault):
                del vars(instance)[name]
        data: dict[str, Any] = super().serialize_instance(instance)
        return data
