"""Keys change while the site runs: nothing is lost, and nothing stays sealed with the old one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from accounts import reseal, tasks, tokens
from accounts.keys import Keyring, new_key
from accounts.models import Credential, User
from tests.accounts.conftest import Later, Link
from tests.processes import ROOT, Worker, environment, wait_for

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)

NEW = new_key()


def ring(**old_key: str) -> str:
    """Return a ring whose primary is a new key, with the key of the test run beside it."""
    old = json.loads(os.environ["TOKEN_KEYS"])["keys"][0] | old_key
    return json.dumps({"primary": NEW["id"], "keys": [NEW, old]})


@pytest.fixture
def new_ring() -> Iterator[str]:
    text = ring()
    with override_settings(TOKEN_KEYS=text):
        yield text


def run() -> str:
    out = StringIO()
    call_command("tokens_reseal", stdout=out)
    return out.getvalue()


def test_resealing_moves_credentials_sessions_and_second_factors_to_the_first_key(
    sim: Control, link: Link
) -> None:
    first, _ = link("wizzler", "snoopy")
    session = SessionStore()
    session["code"] = "123456"
    session.save()
    user = User.objects.create_user()
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user).get_unused_codes()
    generation = first.generation

    with override_settings(TOKEN_KEYS=ring()):
        said = run()
    with override_settings(TOKEN_KEYS=ring(status="DISABLED")):
        assert tokens.access_token_for(first.pk).generation == generation
        assert SessionStore(session.session_key)["code"] == "123456"
        rows = Authenticator.objects.filter(user=user)
        code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
        assert TOTP(rows.get(type="totp")).validate_code(code)
        assert RecoveryCodes(rows.get(type="recovery_codes")).get_unused_codes() == codes
        again = run()

    assert said == (
        "credentials: 2 resealed, 0 do not open, 0 old remain\n"
        "sessions: 1 resealed, 0 do not open, 0 old remain\n"
        "second factors: 2 resealed, 0 do not open, 0 old remain\n"
        f"All is sealed with key {NEW['id']}: older keys may be disabled.\n"
    )
    assert "credentials: 0 resealed" in again
    assert set(Credential.objects.values_list("key_id", flat=True)) == {int(NEW["id"])}


def test_resealing_goes_in_batches(
    sim: Control, link: Link, new_ring: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(TOKEN_KEYS=json.dumps(json.loads(ring()) | {"primary": old_id()})):
        link(*(f"person-{number}" for number in range(7)))
        for _ in range(5):
            SessionStore().save()
    monkeypatch.setattr(reseal, "BATCH", 2)

    assert "credentials: 7 resealed, 0 do not open, 0 old remain\n" in run()

    assert "sessions: 0 resealed" in run()
    assert Session.objects.count() == 5


def test_a_row_in_use_is_passed_over_and_resealed_later(
    sim: Control, link: Link, new_ring: str
) -> None:
    with override_settings(TOKEN_KEYS=json.dumps(json.loads(ring()) | {"primary": old_id()})):
        busy, free = link("wizzler", "snoopy")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT FROM accounts_credential WHERE id = %s FOR UPDATE", [busy.pk])
            tallies = reseal.run(passes=2, pause=0)
            other.rollback()
    finally:
        other.close()

    assert (tallies[0].resealed, tallies[0].remaining) == (1, 1)
    free.refresh_from_db()
    assert free.key_id == int(NEW["id"])
    assert reseal.run()[0].remaining == 0


def test_a_ciphertext_that_does_not_open_stays_and_is_reported(
    sim: Control, link: Link, new_ring: str
) -> None:
    with override_settings(TOKEN_KEYS=json.dumps(json.loads(ring()) | {"primary": old_id()})):
        good, bad = link("wizzler", "snoopy")
    Credential.objects.filter(pk=bad.pk).update(access_ct=good.access_ct)

    with pytest.raises(CommandError, match="do not open"):
        run()

    bad.refresh_from_db()
    assert (bad.key_id, bad.access_ct) == (old_id(as_int=True), good.access_ct)


def test_a_session_whose_key_is_gone_is_over_and_stops_nothing(sim: Control, link: Link) -> None:
    session = SessionStore()
    session["code"] = "123456"
    session.save()
    alone = json.dumps({"primary": NEW["id"], "keys": [NEW]})

    with override_settings(TOKEN_KEYS=alone):
        assert "sessions: 0 resealed, 1 do not open, 0 old remain\n" in run()
        assert SessionStore(session.session_key).get("code") is None


def test_keys_change_while_two_workers_refresh_200_credentials(
    sim: Control, link: Link, later: Later, valkey: None
) -> None:
    people = [f"person-{number}" for number in range(200)]
    credentials = link(*people)
    sim.switch(rotate=True, rotate_grace_s=0, latency_ms=20)
    later(timedelta(hours=1))
    before = {row.pk: row.generation for row in credentials}
    workers = [Worker(concurrency=2, queues="refresh", TOKEN_KEYS=ring()).start() for _ in range(2)]
    try:
        for _ in range(4):
            tasks.refresh_some.delay()
        wait_for(lambda: Credential.objects.due().count() < 190, what="the workers to begin")
        resealing = subprocess.run(
            [sys.executable, "manage.py", "tokens_reseal"],
            cwd=ROOT,
            env={**environment(), "TOKEN_KEYS": ring()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert resealing.returncode == 0, resealing.stdout + resealing.stderr
        wait_for(lambda: not Credential.objects.due().exists(), what="all to be refreshed")
    finally:
        for worker in workers:
            worker.stop()

    calls = sim.log(path="/api/token", limit=1000)
    assert len(calls) == 200
    after = Credential.objects.in_bulk()
    assert {pk: row.generation - 1 for pk, row in after.items()} == before
    assert {row.key_id for row in after.values()} == {int(NEW["id"])}
    assert not Credential.objects.exclude(status="ok", fail_count=0).exists()
    # The tokens that are stored are the live ones: each can be spent again, without the old key.
    later(timedelta(hours=1))
    sim.switch(latency_ms=0)
    with override_settings(TOKEN_KEYS=json.dumps({"primary": NEW["id"], "keys": [NEW]})):
        for credential in credentials[::10]:
            token = tokens.access_token_for(credential.pk)
            assert token.generation == before[credential.pk] + 2


def test_a_new_key_is_printed_alone_or_as_a_whole_ring() -> None:
    def printed(*arguments: str) -> Any:
        out = StringIO()
        call_command("tokens_newkey", *arguments, stdout=out)
        return json.loads(out.getvalue())

    alone, added, standby = printed(), printed("--add"), printed("--add", "--standby")

    present = json.loads(settings.TOKEN_KEYS)
    assert sorted(alone) == ["id", "key", "status"]
    assert added["keys"][1:] == present["keys"]
    assert added["primary"] == added["keys"][0]["id"]
    assert (standby["primary"], standby["keys"][:-1]) == (present["primary"], present["keys"])
    for made in (added, standby):
        assert Keyring.parse(json.dumps(made))


def old_id(*, as_int: bool = False) -> Any:
    """Return the id of the key that the test run began with."""
    key_id = json.loads(ring())["keys"][1]["id"]
    return int(key_id) if as_int else key_id
