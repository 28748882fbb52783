from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test import override_settings

from spotsite import checks, clock

ROOT = Path(__file__).resolve().parents[2]


def check(**changes: str) -> str:
    """Run ``manage.py check`` as a person would, with the environment changed."""
    environment = {**os.environ, **changes}
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return result.stderr


def test_the_environment_of_the_tests_has_no_fault() -> None:
    assert check() == ""


def test_every_fault_is_reported_at_once_with_id_and_hint() -> None:
    broken = {
        "PUBLIC_URL": "lists.example",
        "SECRET_KEY": "short",
        "DEBUG": "maybe",
        "TRUSTED_PROXIES": "one",
        "ALLOWED_HOSTS": "*",
        "DATABASE_URL": "sqlite:///x",
        "REDIS_URL": "memcached://x",
        "EMAIL_URL": "pigeon://loft",
        "SPOTIFY_CLIENT_ID": "",
        "SPOTIFY_AUTHORIZE_URL": "accounts.spotify.com",
        "SPOTIFY_ACCOUNTS_URL": "x",
        "SPOTIFY_API_URL": "x",
        "FACEBOOK_CLIENT_SECRET": "",
        "FACEBOOK_DIALOG_URL": "x",
        "FACEBOOK_GRAPH_URL": "x",
        "DEMO": "perhaps",
        "BACKGROUND_SLOTS": "few",
        "SETTLE_SECONDS": "long",
        "LOG_LEVEL": "LOUD",
        "SPOTIFY_MODE": "premium",
        "LIST_DAYS": "0",
        "LIST_COUNT": "0",
    }

    report = check(**broken)

    for name in broken:
        assert f"({checks.IDS[name]})" in report, name
    assert report.count("HINT:") >= len(broken)


def test_a_setting_is_read_from_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short")

    report = check(SECRET_KEY="", SECRET_KEY_FILE=str(tmp_path / "secret"))

    assert "SECRET_KEY is shorter than 50 characters." in report


def test_http_on_the_open_net_is_a_warning() -> None:
    report = check(PUBLIC_URL="http://lists.example", ALLOWED_HOSTS="lists.example", DEMO="")

    assert "(spotsite.W001)" in report


def test_a_demo_on_the_open_net_is_an_error() -> None:
    report = check(PUBLIC_URL="https://lists.example", ALLOWED_HOSTS="lists.example", DEMO="True")

    assert "(spotsite.E018)" in report


def test_a_provider_without_a_client_is_a_warning() -> None:
    report = check(FACEBOOK_CLIENT_ID="", FACEBOOK_CLIENT_SECRET="")

    assert "(spotsite.W014)" in report


@pytest.mark.django_db
def test_a_moved_clock_is_an_error_outside_a_demo() -> None:
    with override_settings(DEMO=True):
        clock.move(timedelta(days=2))

    with override_settings(DEMO=False):
        found = run_checks(databases=[connection.alias])

    assert [message.id for message in found if message.id == "spotsite.E030"] == ["spotsite.E030"]
