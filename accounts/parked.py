"""What waits in a session between two requests of a sign-in: sealed, and never a password hash.

allauth parks half-finished sign-ins, tokens included, in whatever the session engine is. The
session as a whole is sealed by ``accounts.sessions``, but the cache engines ask no serializer.
"""

from __future__ import annotations

import json
from copy import copy
from typing import Any, TypeVar, cast

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.modelkit import deserialize_instance, serialize_instance
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from django.http import HttpResponseRedirect
from django.urls import reverse

from accounts.errors import UnsealError
from accounts.vault import Context, seal_text, unseal_text

M = TypeVar("M", bound=Model)

NEVER_PARKED = {"password"}


class Unparked(ValueError, ImmediateHttpResponse):
    """What was parked cannot be had back: its key is gone, or its row, or it was tampered with.

    allauth takes a ``ValueError`` for "nothing is pending", except where a connection is resumed:
    there its middleware answers with the response that this carries.
    """

    def __init__(self) -> None:
        ValueError.__init__(self, "the sign-in that was parked does not open")
        self.response = HttpResponseRedirect(reverse("account_login"))


def park(instance: Model) -> dict[str, str]:
    """Return ``instance`` as a sealed value that any session engine may hold."""
    kept = copy(instance)
    for name, value in list(vars(kept).items()):
        # A value that the database will give has no text yet, and needs none.
        if name in NEVER_PARKED or isinstance(value, DatabaseDefault):
            del vars(kept)[name]
    text = json.dumps(serialize_instance(kept))
    return {"sealed": seal_text(text, context=_context(type(instance)))}


def unpark(model: type[M], data: Any) -> M:
    """Open what ``park`` returned; a row that exists is read again, lest old values are saved."""
    try:
        text = unseal_text(data["sealed"], context=_context(model)).reveal()
    except (KeyError, TypeError, UnsealError):
        raise Unparked from None
    fields = json.loads(text)
    if fields.get("id") is None:
        return cast("M", deserialize_instance(model, fields))
    row = model._default_manager.filter(pk=fields["id"]).first()
    if row is None:
        raise Unparked
    return row


def _context(model: type[Model]) -> Context:
    return Context("django_session", "parked", (model._meta.label,))
