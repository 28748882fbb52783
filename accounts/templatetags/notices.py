"""How many notices a person has not read, for the header of every page."""

from __future__ import annotations

from django import template

from accounts import inbox
from accounts.models import User

register = template.Library()


@register.simple_tag
def unread_notices(user: User) -> int:
    return inbox.unread_count(user)
