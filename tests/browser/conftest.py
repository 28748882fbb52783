"""A real browser on the live site: a page that notices every complaint, and takes pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core import mail
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize, WebError
from pytest_django.live_server_helper import LiveServer

SMALLEST: ViewportSize = {"width": 320, "height": 640}  # what WCAG 1.4.10 asks for
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1200, "height": 800}
PASSWORD = "correct-horse-battery-9"
WAIT_MS = 10_000
LOOKS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
    (PHONE, "light"),
    (DESKTOP, "dark"),
)
# A colour on its way to another one is neither.
SETTLED = "Promise.all(document.getAnimations().map(one => one.finished)).then(() => true)"
VIOLATIONS = {"resultTypes": ["violations"]}

NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM") or "/usr/bin/chromium",
    }


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """The address of the live site: ``page.goto("/")`` works."""
    return str(live_server.url)


class Watch:
    """Everything that the browser complained about on pages of the site."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.complaints: list[str] = []
        self.expected: list[str] = []

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)

    def expect(self, pattern: str) -> None:
        """Let complaints pass that match: for pages that are meant to answer 404."""
        self.expected.append(pattern)

    def _console(self, message: ConsoleMessage) -> None:
        where = str(message.location.get("url", ""))
        if message.type in ("error", "warning") and (not where or where.startswith(self.site)):
            self._note(f"{message.type} at {where}: {message.text}")

    def _error(self, error: WebError) -> None:
        self._note(f"exception: {error.error}")

    def _note(self, complaint: str) -> None:
        if not any(re.search(pattern, complaint) for pattern in self.expected):
            self.complaints.append(complaint)


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    """A test with a page fails where the browser reports a CSP violation or an error."""
    watch = Watch(base_url)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def new_page(new_context: Callable[..., BrowserContext], watch: Watch) -> NewPage:
    """Open a page in a context of its own: ``new_page(viewport=PHONE, color_scheme="dark")``."""

    def open_page(**options: Any) -> Page:
        context = new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(WAIT_MS)
        watch.over(context)
        return context.new_page()

    return open_page


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


@pytest.fixture
def shoot() -> Callable[..., None]:
    """Take a page's picture at phone and desktop width, light and dark, where SCREENSHOTS says.

    ``every=False`` takes the phone in light and the desktop in dark. Without SCREENSHOTS there are
    no pictures: nobody would look at them.
    """
    folder = os.environ.get("SCREENSHOTS")

    def take(page: Page, name: str, *, every: bool = True) -> None:
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        looks = [(s, c) for s in ("phone", "desktop") for c in ("light", "dark")]
        for size, scheme in looks if every else looks[::3]:
            page.set_viewport_size(PHONE if size == "phone" else DESKTOP)
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder) / f"{name}-{size}-{scheme}.png", full_page=True)

    return take


class Inspection:
    """What is wrong with a page: axe on the phone in light and the desktop in dark; its width."""

    def __init__(self) -> None:
        self.script = Axe().axe_script

    def of(self, page: Page) -> list[str]:
        page.set_viewport_size(SMALLEST)
        found = self._sideways(page, SMALLEST)
        for size, scheme in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += self._sideways(page, size)
        return found + self.axe(page)

    def axe(self, page: Page, *, preload: bool = True) -> list[str]:
        """Return the rules that axe sees broken, each with where and how.

        To ``preload``, axe puts style sheets into the page that a strict policy may refuse.
        """
        options = {**VIOLATIONS, "preload": preload}
        page.evaluate(self.script)
        found = []
        for size, scheme in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLED)
            look = f"{page.url} at {size['width']} px, {scheme}"
            for violation in page.evaluate("options => axe.run(options)", options)["violations"]:
                where = [node["html"][:160] for node in violation["nodes"]]
                found.append(f"{look}: {violation['id']}: {violation['help']}: {where}")
        return found

    def _sideways(self, page: Page, size: ViewportSize) -> list[str]:
        width = page.evaluate("document.documentElement.scrollWidth")
        if width <= size["width"]:
            return []
        return [f"{page.url} is {width} px wide and scrolls sideways at {size['width']} px"]


@pytest.fixture(scope="session")
def inspection() -> Inspection:
    return Inspection()


@pytest.fixture
def ann(live_server: LiveServer) -> AbstractBaseUser:
    """A person with a verified e-mail address and a password."""
    person = get_user_model().objects.create_user(email="ann@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def sign_in(page: Page, person: AbstractBaseUser, *, site: str) -> None:
    """Give the page's context a session in which the person signed in and confirmed it just now."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    _hand_over(client, page, site)


def sign_in_as(page: Page, person: AbstractBaseUser, *, site: str) -> None:
    """Give the page's context a session of a person who may have no password."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    _hand_over(client, page, site)


def _hand_over(client: Client, page: Page, site: str) -> None:
    cookie = client.cookies["sessionid"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": site}])


def code_in_last_mail() -> str:
    """Return the code in the newest mail."""
    body = str(mail.outbox[-1].body)
    found = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", body, re.MULTILINE)
    assert found, body
    return found[1]
