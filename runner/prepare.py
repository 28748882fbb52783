"""Brings the database up to date and fills in the demo.

Run by the Python of the virtual environment; one process for both, as each start of Django
costs a second.
"""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command

from runner import places


def main() -> None:
    sys.path.insert(0, str(places.ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
    django.setup()
    call_command("migrate", interactive=False)
    if "demo" in sys.argv:
        call_command("demo_seed")


if __name__ == "__main__":
    main()
