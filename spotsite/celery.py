"""The Celery application: prefork, ids only, no results; rows are the truth and tasks are nudges.

The settings and why: one lost or doubled message must not matter, a killed worker's task comes
back soon, and nothing is kept in the broker that Postgres does not know (docs.celeryq.dev, "Redis",
"Caveats").
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

app = Celery("spotsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
