from __future__ import annotations

import json

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import override_settings

from accounts import vault
from accounts.keys import new_key

pytestmark = pytest.mark.django_db


def saved(**values: object) -> SessionStore:
    session = SessionStore()
    session.update(values)
    session.save()
    return session


class Raw:
    def loads(self, data: bytes) -> bytes:
        return data


def test_a_session_is_sealed_as_a_whole_and_read_back() -> None:
    session = saved(code="314159", name="Žofie")

    row = Session.objects.get()
    sealed = signing.loads(row.session_data, salt=session.key_salt, serializer=Raw)

    assert vault.key_id(sealed) == vault.primary_key_id()
    assert b"314159" not in sealed
    assert dict(SessionStore(session.session_key).items()) == {"code": "314159", "name": "Žofie"}


def test_a_session_whose_key_is_gone_starts_anew() -> None:
    session = saved(code="314159")
    other = new_key()

    with override_settings(TOKEN_KEYS=json.dumps({"primary": other["id"], "keys": [other]})):
        assert dict(SessionStore(session.session_key).items()) == {}


def test_a_session_in_clear_is_not_read() -> None:
    clear = signing.dumps({"_auth_user_id": "1"}, salt=SessionStore().key_salt, compress=True)

    assert SessionStore().decode(clear) == {}
