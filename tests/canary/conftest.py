"""The session engines under which the canary sings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.account.signals import user_logged_in
from allauth.usersessions.signals import on_user_logged_in
from django.test import override_settings

ENGINES = ("db", "cached_db", "cache", "signed_cookies")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the site keep its sessions with another engine of Django's."""
    is_cookie = request.param == "signed_cookies"
    if is_cookie:
        # The list of a person's sessions cannot name them: the cookie is the session itself.
        user_logged_in.disconnect(on_user_logged_in)
    with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{request.param}"):
        yield request.param
    if is_cookie:
        user_logged_in.connect(on_user_logged_in)
