from __future__ import annotations

import os
import re
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


# Values that a setting cannot have, for each of them.
BROKEN = [
    {
        "PUBLIC_URL": "lists.example",
        "SECRET_KEY": "short",
        "DEBUG": "maybe",
        "TRUSTED_PROXIES": "one",
        "ALLOWED_HOSTS": "*",
        "DATABASE_URL": "sqlite:///x",
        "REDIS_URL": "memcached://x",
        "EMAIL_URL": "pigeon://loft",
        "MAIL_FROM": "nobody",
        "LOG_LEVEL": "LOUD",
        "DEMO": "perhaps",
        "TOKEN_KEYS": "{",
        "SPOTIFY_CLIENT_ID": "",
        "SPOTIFY_AUTHORIZE_URL": "accounts.spotify.com",
        "SPOTIFY_ACCOUNTS_URL": "x",
        "SPOTIFY_API_URL": "x",
        "SPOTIFY_MODE": "premium",
        "FACEBOOK_CLIENT_SECRET": "",
        "FACEBOOK_DIALOG_URL": "x",
        "FACEBOOK_GRAPH_URL": "x",
        "BACKGROUND_SLOTS": "few",
        "SETTLE_SECONDS": "long",
        "GUARD_SHARE": "half",
        "GUARD_CALLS": "many",
        "VERSION_DAYS": "a year",
        "VERSION_COUNT": "all",
        "LIST_DAYS": "a year",
        "LIST_COUNT": "all",
        "SPOTIFY_CALLS_PER_SECOND": "-8",
        "SPOTIFY_BURST": "1.5",
        "SPOTIFY_CALLS_PER_PERSON": "none",
    },
    {
        "PUBLIC_URL": "https://lists.example/path",
        "SECRET_KEY": "x" * 49,
        "DEBUG": "1",
        "TRUSTED_PROXIES": "-1",
        "ALLOWED_HOSTS": "other.example",
        "DATABASE_URL": "",
        "REDIS_URL": "redis://host/first",
        "EMAIL_URL": "smtp://[host",
        "MAIL_FROM": "lists@lists.example\nBcc: all@lists.example",
        "LOG_LEVEL": "debug",
        "DEMO": "True",
        "TOKEN_KEYS": '{"primary": "1", "keys": [1]}',
        "SPOTIFY_CLIENT_SECRET": "",
        "SPOTIFY_AUTHORIZE_URL": "http://[::1",
        "SPOTIFY_ACCOUNTS_URL": "https://host:port",
        "SPOTIFY_API_URL": "https://host/v1?x=y",
        "SPOTIFY_MODE": "Extended",
        "FACEBOOK_CLIENT_ID": "",
        "FACEBOOK_DIALOG_URL": "https://a b",
        "FACEBOOK_GRAPH_URL": "file:///etc",
        "BACKGROUND_SLOTS": "0",
        "SETTLE_SECONDS": "9" * 5000,
        "GUARD_SHARE": "50%",
        "GUARD_CALLS": "1e3",
        "VERSION_DAYS": "0",
        "VERSION_COUNT": "0",
        "LIST_DAYS": "0",
        "LIST_COUNT": "0",
        "SPOTIFY_CALLS_PER_SECOND": "0",
        "SPOTIFY_BURST": "0",
        "SPOTIFY_CALLS_PER_PERSON": "1000001",
    },
]


def id_of(name: str) -> str:
    return "accounts.E001" if name == "TOKEN_KEYS" else checks.IDS[name]


@pytest.mark.parametrize("broken", BROKEN)
def test_every_fault_is_reported_at_once_with_id_and_hint(broken: dict[str, str]) -> None:
    report = check(**broken)

    for name in broken:
        assert f"({id_of(name)})" in report, name
    assert report.count("HINT:") >= len(broken)


def test_each_setting_is_among_those_that_are_broken_here() -> None:
    assert {name for broken in BROKEN for name in broken} == set(checks.IDS)


def test_each_setting_whose_file_cannot_be_read_is_reported_by_its_own_id() -> None:
    report = check(**{f"{name}_FILE": "/nowhere" for name in checks.IDS})

    for name, check_id in checks.IDS.items():
        assert f"({check_id}) {name}_FILE cannot be read (FileNotFoundError)." in report, name


def test_each_setting_is_what_a_file_with_a_line_end_says(tmp_path: Path) -> None:
    given = {name: os.environ[name] for name in checks.IDS if os.environ.get(name)}
    for name, value in given.items():
        (tmp_path / name).write_text(f"{value}\n")

    report = check(
        **dict.fromkeys(given, ""), **{f"{name}_FILE": str(tmp_path / name) for name in given}
    )

    assert len(given) > 15
    assert report == ""


def test_each_setting_that_is_empty_is_not_set() -> None:
    report = check(**dict.fromkeys(checks.IDS, ""))

    assert set(re.findall(r"\((\w+\.[EW]\d+)\)", report)) == {
        *(checks.IDS[name] for name in ("DATABASE_URL", "REDIS_URL")),
        *("accounts.W001", "spotsite.W002", "spotsite.W009", "spotsite.W014"),
    }


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


def test_debug_on_the_open_net_is_an_error() -> None:
    report = check(
        PUBLIC_URL="https://lists.example", ALLOWED_HOSTS="lists.example", DEMO="", DEBUG="True"
    )

    assert "(spotsite.E003)" in report


@pytest.mark.parametrize("hosts", [".example", "Lists.Example", "other.example,lists.example"])
def test_a_host_that_is_let_in_by_a_pattern_is_let_in(hosts: str) -> None:
    report = check(PUBLIC_URL="https://LISTS.example", ALLOWED_HOSTS=hosts, DEMO="")

    assert report == ""


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
