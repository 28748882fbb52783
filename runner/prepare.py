"""Brings the database up to date and fills in the demo, or collects what a real site serves.

Run by the Python of the virtual environment; one process for all, as each start of Django
costs a second.
"""

from __future__ import annotations

import os
import sys
from io import StringIO

import django
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection

from runner import places, roles

PATIENCE = 5  # seconds that a server of the person's own may take to answer


def main() -> None:
    sys.path.insert(0, str(places.ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
    django.setup()
    if fault := _fault():
        sys.stderr.write(f"{fault}\n")
        sys.exit(roles.UNUSABLE)
    call_command("migrate", interactive=False)
    if "demo" in sys.argv:
        call_command("demo_seed")
    else:
        call_command("collectstatic", interactive=False, verbosity=0)


def _fault() -> str:
    """Say which setting cannot be used, with everything that a check finds; nothing if all can."""
    try:
        call_command("check", stdout=StringIO())
    except SystemCheckError as exc:
        return str(exc)
    try:
        connection.ensure_connection()
    except OperationalError as exc:
        return f"DATABASE_URL names a server that cannot be used: {str(exc).strip()}"
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE).ping()
    except redis.RedisError as exc:
        return f"REDIS_URL names a server that cannot be used: {exc}"
    return ""


if __name__ == "__main__":
    main()
