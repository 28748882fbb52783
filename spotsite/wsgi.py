"""The web process: refuses to start where tokens could not be opened."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")

application = get_wsgi_application()

# After the applications are loaded: it reads the key ring and the rows.
from spotsite.startup import refuse_unless_ready  # noqa: E402

refuse_unless_ready()
