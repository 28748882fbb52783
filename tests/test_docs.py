"""The books are true: every setting, check, task, command and address is written down."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.urls import Resolver404, resolve
from django_celery_beat.models import PeriodicTask

from accounts.management.commands.demo_seed import PASSWORD_SETTING
from runner import dotenv, environment, roles
from spotsite import beat, checks, env, staff
from spotsite.celery import app

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ROOMS = ("spotsite", "accounts", "playlists")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
CODE = [path for room in (*ROOMS, "simulator", "runner") for path in (ROOT / room).rglob("*.py")]
ADDRESS = re.compile(r"(?:https://<host>|http://127\.0\.0\.1:8000)(/[\w/.-]*)")


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def source() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in CODE)


@pytest.mark.parametrize(("name", "check"), sorted(checks.IDS.items()))
def test_each_setting_stands_beside_its_check_in_the_list_of_settings(
    name: str, check: str
) -> None:
    rows = [line for line in text("settings.md").splitlines() if line.startswith(f"| `{name}` |")]

    assert len(rows) == 1
    assert f"`{check}`" in rows[0]


def settings_that_are_read() -> set[str]:
    readers = "|".join(name for name in vars(env) if callable(getattr(env, name)))
    read = (ROOT / "spotsite" / "settings.py").read_text()
    return {*re.findall(rf'env\.(?:{readers})\(\s*"([A-Z_]+)"', read), PASSWORD_SETTING}


def test_each_setting_has_a_check() -> None:
    assert settings_that_are_read() == {*checks.IDS, PASSWORD_SETTING}


@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        ("docs/settings.md", r"^\| `([A-Z_]+)` \|"),
        # Each with a sentence above it that says what it is for.
        (".env.example", r"^# .+\n([A-Z_]+)=$"),
    ],
)
def test_each_setting_and_no_other_is_in_the_lists_that_people_read(
    place: str, pattern: str
) -> None:
    written = re.findall(pattern, (ROOT / place).read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(written) == sorted(settings_that_are_read())


def test_each_setting_and_no_other_is_known_to_the_runner() -> None:
    assert sorted(environment.NAMES) == sorted(settings_that_are_read())


def test_a_copy_of_the_example_sets_nothing() -> None:
    assert set(dotenv.read(ROOT / ".env.example").values()) == {""}


def test_each_check_id_is_in_the_list_of_settings() -> None:
    ids = set(re.findall(rf'"((?:{"|".join(ROOMS)})\.[EW]\d{{3}})"', source()))

    assert len(ids) > 20
    assert {one for one in ids if f"`{one}`" not in text("settings.md")} == set()


def test_each_task_is_in_the_operations_guide() -> None:
    app.loader.import_default_modules()
    tasks = {name for name in app.tasks if name.startswith(ROOMS)}

    assert len(tasks) > 3
    assert {name for name in tasks if f"`{name}`" not in text("operations.md")} == set()


@pytest.mark.django_db
def test_each_task_of_the_operations_guide_and_of_beat_exists() -> None:
    beat.make_rows()
    app.loader.import_default_modules()
    written = set(re.findall(r"`((?:accounts|playlists)\.tasks\.\w+)`", text("operations.md")))
    sent = set(PeriodicTask.objects.values_list("task", flat=True))

    assert len(sent) > 2
    assert (written | sent) - set(app.tasks) == set()


def test_the_operations_guide_has_each_management_command_and_no_other() -> None:
    ours = {name for name, room in get_commands().items() if room in ROOMS}

    table = text("operations.md").partition("## Commands")[2].partition("\n#")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == ours


def test_each_staff_page_is_in_the_guide_for_staff() -> None:
    words = [word for labels in staff.MENU.values() for word in labels.values()]

    first_cells = {
        cell.strip()
        for line in text("admin.md").splitlines()
        if line.startswith("| ")
        for cell in line.split("|")[1].split(",")
    }

    assert set(words) - first_cells == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    inside = [link.partition("#")[0] for link in links if "://" not in link]

    assert [link for link in inside if link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_addresses_of_the_site_exist(page: Path) -> None:
    written = set(ADDRESS.findall(page.read_text(encoding="utf-8")))

    assert {address for address in written if not _resolves(address)} == set()


def test_addresses_are_really_looked_at() -> None:
    assert "/accounts/spotify/login/callback/" in ADDRESS.findall(
        (DOCS / "real-apps.md").read_text()
    )
    assert not _resolves("/accounts/spotify/callback/")


def test_pages_that_the_code_refers_to_exist() -> None:
    named = set(re.findall(r"docs/[\w/-]+\.md", source()))

    assert "docs/settings.md" in named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_image_starts_the_processes_as_dev_does() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    commands = {name: compose["services"][name]["command"] for name in ("worker", "beat")}
    image = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    web = re.search(r"^CMD (\[.*\])", image, re.MULTILINE)
    assert web is not None

    assert _options(commands["worker"]) == _options(roles.worker({}).argv)
    assert _options(commands["beat"]) == _options(roles.beat({}).argv)
    ours, devs = _options(yaml.safe_load(web[1])), _options(roles.web({}, port=8000).argv)
    assert {name for name, value in ours.items() if devs.get(name) != value} == {"--bind"}


def test_the_image_is_given_settings_that_exist() -> None:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())

    given = set(compose["services"]["web"]["environment"])

    assert {name.removesuffix("_FILE") for name in given} <= set(checks.IDS)
    assert {"SECRET_KEY_FILE", "TOKEN_KEYS_FILE", "DATABASE_URL_FILE"} <= given


SHORT = {"-A": "--app", "-Q": "--queues", "-l": "--loglevel"}


def _options(command: Any) -> dict[str, str]:
    """Return the options of a command line, long names only, whichever way they are written."""
    words = list(command) if not isinstance(command, str) else shlex.split(command)
    words = words[words.index("-m") + 2 :]
    found, name = {}, ""
    for word in words:
        if word.startswith("-"):
            name, _, value = SHORT.get(word, word).partition("=")
            found[name] = value
        elif name and not found[name]:
            found[name] = word
    return found


def _resolves(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True
