"""The web process: refuses to start on a fault that a check finds."""

from __future__ import annotations

import os
import sys

from django.core.wsgi import get_wsgi_application

BOOT_ERROR = 3  # with any other status gunicorn would start it again and again

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

application = get_wsgi_application()

# After the applications are loaded: it reads the key ring and the rows.
from spotsite.startup import NotReady, refuse_unless_ready  # noqa: E402

try:
    refuse_unless_ready()
except NotReady as exc:
    sys.stderr.write(f"The web process does not start: {exc}\n")
    raise SystemExit(BOOT_ERROR) from exc
