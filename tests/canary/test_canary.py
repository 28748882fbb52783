"""No token and no code comes to rest in clear, on any path, under any session engine.

The controls below show, place by place, that the watch would have found it.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
import requests
from django.conf import settings
from django.core import mail
from django.test import override_settings
from django.urls import NoReverseMatch, reverse

from accounts.models import Credential
from playlists.models import Run
from simulator.control_client import Control
from tests.canary import stories
from tests.canary.stories import STORIES, Story
from tests.canary.watch import MARKER, Watch, valkey_dump
from tests.playlists.cast import ended
from tests.processes import Worker

pytestmark = pytest.mark.django_db(transaction=True)

STOCK_ADAPTER = override_settings(SOCIALACCOUNT_ADAPTER="tests.canary.stock.StockAdapter")
STOCK_SESSIONS = override_settings(
    SESSION_SERIALIZER="django.contrib.sessions.serializers.JSONSerializer"
)
STOCK_REPORTS = override_settings(
    DEFAULT_EXCEPTION_REPORTER="django.views.debug.ExceptionReporter",
    DEFAULT_EXCEPTION_REPORTER_FILTER="django.views.debug.SafeExceptionReporterFilter",
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_token_is_nowhere_in_clear(engine: str, story: Story, sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        story(watch)
        if engine == "db":  # staff see rows: no session engine changes them
            watch.visit_staff_pages()

    assert watch.findings() == set()


def test_a_worker_at_debug_shows_no_token(sim: Control) -> None:
    watch = Watch(sim)
    worker = Worker(LOG_LEVEL="DEBUG")
    wanted = sim.catalogue(limit=30)
    playlist = sim.add_playlist("ada", name="Mine", uris=sim.catalogue(limit=5))

    with watch.open():
        browser = watch.browser()
        browser.sign_in("spotify", "ada")
        form = {"list": "\n".join(wanted), "playlist": playlist, "mode": "replace"}
        preview = browser.post("/playlists/put/", form, follow=True).redirect_chain[-1][0]
        sim.switch(rotate=True)
        sim.expire_access_tokens("ada")  # the run meets a 401, and refreshes
        assert browser.post(preview).status_code == 302
        assert valkey_dump()  # the message to the worker lies there
        assert watch.findings() == set()
        with ExitStack() as at_the_end:
            at_the_end.callback(worker.stop)
            worker.start()
            run = ended(Run.objects.get())
        browser.get(f"/runs/{run.uuid}/")

    assert sim.uris(playlist) == wanted
    assert Credential.objects.get().last_refreshed_at is not None
    assert watch.findings() == set()
    assert any("level='debug'" in line for line in worker.lines)
    assert not any(MARKER in line for line in worker.lines)


def test_other_doors_of_allauth_do_not_exist(sim: Control) -> None:
    browser = Watch(sim).browser()

    assert "allauth.headless" not in settings.INSTALLED_APPS
    assert settings.SOCIALACCOUNT_STORE_TOKENS is False
    for name in ("facebook_login_by_token", "headless:app:socialaccount:provider_token"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for path in (
        "/_allauth/browser/v1/config",
        "/_allauth/app/v1/auth/provider/token",
        "/accounts/facebook/login/token/",
        "/accounts/spotify/login/token/",
    ):
        assert browser.post(path).status_code == 404


# The controls: with allauth as it comes, the same stories are found out

FOUND = {
    "db": {"table django_session", "statements", "sessions opened", "statements opened"},
    "cached_db": {
        *("table django_session", "statements", "sessions opened", "statements opened"),
        "valkey",
    },
    "cache": {"valkey", "sessions opened"},
    "signed_cookies": {"cookies of pages", "cookies of pages, opened"},
}


@pytest.mark.parametrize(
    "story",
    [
        stories.a_form_is_pending_and_abandoned,
        stories.a_second_factor_is_pending_and_given,
        stories.a_link_waits_for_a_password,
    ],
    ids=lambda story: story.__name__,
)
@STOCK_ADAPTER
@STOCK_SESSIONS
def test_control_parked_tokens_would_be_found(engine: str, story: Story, sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        story(watch)

    found = watch.findings()
    if story is stories.a_second_factor_is_pending_and_given:
        found |= {"table django_session", "sessions opened", "valkey"} & FOUND[engine]  # it is over
    assert found >= FOUND[engine]


@STOCK_ADAPTER
def test_control_a_sealed_session_alone_is_opened_too(sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        stories.a_form_is_pending_and_abandoned(watch)

    assert watch.findings() == {"sessions opened", "statements opened"}


@STOCK_ADAPTER
@override_settings(SOCIALACCOUNT_STORE_TOKENS=True)
def test_control_stored_tokens_would_be_found(sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        stories.first_sign_in_with_spotify(watch)

    assert watch.findings() >= {"table socialaccount_socialtoken", "statements"}


@STOCK_REPORTS
def test_control_djangos_reports_would_be_found(sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        stories.the_site_itself_breaks(watch)

    assert watch.findings() == {"reports"}


def test_control_a_token_in_an_address_would_be_found(sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        token = sim.tokens("ada", [])["access_token"]
        address = f"{os.environ['SPOTIFY_API_URL']}/me"
        requests.get(address, params={"access_token": token}, timeout=10)

    assert watch.findings() == {"addresses", "logs"}


def test_control_a_token_on_a_page_or_in_a_mail_would_be_found(sim: Control) -> None:
    watch = Watch(sim)

    with watch.open():
        sim.add_user("ada", name=f"{MARKER} of somebody")
        stories.first_sign_in_with_spotify(watch)
        watch.visit_staff_pages()
        mail.send_mail("subject", f"Your token is {MARKER}", None, ["ada@example.org"])

    assert watch.findings() >= {
        *("pages", "staff pages", "mails", "table accounts_user", "statements")
    }
