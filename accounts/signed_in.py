"""Who is signed in, for views that require it."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def person(request: HttpRequest) -> User:
    """Return who is signed in; only for views behind ``login_required``."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 -- narrows what login_required let through
    return user
