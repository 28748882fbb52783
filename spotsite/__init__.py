"""The project: configuration, and the floor that everything stands on."""

from __future__ import annotations

from spotsite.celery import app as celery_app

__all__ = ["celery_app"]
