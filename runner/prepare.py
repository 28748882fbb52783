"""Brings the database up to date and fills in the demo, or collects what a real site serves.

Run by the Python of the virtual environment; one process for all, as each start of Django
costs a second.
"""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from runner import places, roles


def main() -> None:
    sys.path.insert(0, str(places.ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
    django.setup()
    try:
        call_command("migrate", interactive=False, skip_checks=False)
    except SystemCheckError as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(roles.UNUSABLE)
    if "demo" in sys.argv:
        call_command("demo_seed")
    else:
        call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
