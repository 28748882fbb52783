"""Web and worker refuse to start on a fault that a check finds; the others run without keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.checks import run_checks
from django.test import override_settings

from accounts.keys import new_key
from accounts.models import Credential, User
from spotsite import startup
from tests.accounts.conftest import Link
from tests.processes import ROOT, Beat, environment

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)

WEB = ("gunicorn", "spotsite.wsgi:application", "--no-control-socket", "--bind", "127.0.0.1:0")
WORKER = ("celery", "-A", "spotsite", "worker", "--concurrency", "1", "-Q", "nobody")
OTHER_RING = json.dumps({"primary": "5", "keys": [new_key() | {"id": "5"}]})


def start(*module: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a process of the site that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env={**environment(), **extra},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("process", [WEB, WORKER], ids=["web", "worker"])
@pytest.mark.parametrize(
    ("ring", "sentence"),
    [
        ("", "TOKEN_KEYS is empty."),
        ('{"primary": "1", "keys": []}', "the primary key is not in the list"),
        (OTHER_RING, "TOKEN_KEYS does not hold, or disables, the keys"),
    ],
    ids=["empty", "unusable", "other"],
)
def test_web_and_worker_do_not_start(
    sim: Control, link: Link, process: tuple[str, ...], ring: str, sentence: str
) -> None:
    link("wizzler")

    ended = start(*process, TOKEN_KEYS=ring)

    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert os.environ["TOKEN_KEYS"] not in ended.stdout + ended.stderr


@pytest.mark.parametrize("process", [WEB, WORKER], ids=["web", "worker"])
@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set. Make one"),
        ("DATABASE_URL", "", "(spotsite.E006)"),
        ("TRUSTED_PROXIES", "-1", "(spotsite.E005)"),
    ],
)
def test_web_and_worker_do_not_start_on_any_error(
    process: tuple[str, ...], setting: str, value: str, words: str
) -> None:
    ended = start(*process, **{setting: value})

    assert ended.returncode != 0
    assert f"does not start: {setting}" in ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_beat_runs_without_keys() -> None:
    beat = Beat(TOKEN_KEYS="", SECRET_KEY="").start()

    assert beat.is_alive
    beat.stop()


@pytest.mark.parametrize("command", ["migrate", "collectstatic --dry-run"])
def test_migrate_and_collectstatic_run_without_keys(command: str) -> None:
    quietly = ("--noinput", "--verbosity", "0")
    ended = start("django", *command.split(), *quietly, TOKEN_KEYS="", SECRET_KEY="")

    assert ended.returncode == 0, ended.stderr


def test_a_ring_with_every_key_that_rows_need_is_enough(sim: Control, link: Link) -> None:
    link("wizzler")

    startup.refuse_unless_ready()


def test_a_key_that_only_a_second_factor_needs_is_missed_too() -> None:
    TOTP.activate(User.objects.create_user(), "JBSWY3DPEHPK3PXP")

    with override_settings(TOKEN_KEYS=OTHER_RING), pytest.raises(startup.NotReady, match="keys"):
        startup.refuse_unless_ready()


def test_a_key_that_only_a_session_needs_is_not_missed(client_with_session: None) -> None:
    with override_settings(TOKEN_KEYS=OTHER_RING):
        startup.refuse_unless_ready()


@pytest.fixture
def client_with_session() -> None:
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["code"] = "123456"
    session.save()


def test_a_disabled_key_that_rows_need_is_missed(sim: Control, link: Link) -> None:
    link("wizzler")
    assert Credential.objects.exclude(key_id=None).exists()
    new, old = new_key(), json.loads(os.environ["TOKEN_KEYS"])["keys"][0]
    ring = {"primary": new["id"], "keys": [new, old | {"status": "DISABLED"}]}

    with override_settings(TOKEN_KEYS=json.dumps(ring)), pytest.raises(startup.NotReady):
        startup.refuse_unless_ready()


@pytest.mark.parametrize(
    ("ring", "expected"), [("", "accounts.W001"), ("{", "accounts.E001"), (OTHER_RING, None)]
)
def test_an_empty_and_an_unusable_ring_have_checks_of_their_own(
    ring: str, expected: str | None
) -> None:
    with override_settings(TOKEN_KEYS=ring):
        found = [one for one in run_checks() if str(one.id).startswith("accounts.")]

    assert [one.id for one in found] == ([expected] if expected else [])
    assert all(one.hint for one in found)
