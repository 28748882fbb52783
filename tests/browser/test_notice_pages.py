"""The pages of notices fit every screen, pass axe, and work by clicks, signed in or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import AbstractBaseUser
from playwright.sync_api import Page, expect

from accounts import inbox, mailing
from accounts.models import User
from playlists import decisions, news
from playlists.models import Run
from tests.browser.conftest import NewPage, sign_in_as
from tests.playlists.cast import Member, tracks, worked

if TYPE_CHECKING:
    from simulator.control_client import Control
    from tests.browser.conftest import Inspection, Watch

LONG = "A name that is so long that it has to be broken somewhere " * 3


@pytest.fixture
def told(ann: AbstractBaseUser) -> User:
    """Ann, who was told of many things."""
    assert isinstance(ann, User)
    for number in range(32):
        inbox.tell(
            ann.pk,
            news.DIGEST,
            str(number),
            title=f"{LONG} {number}",
            sentence="Mix: 2 runs, 3 added\n" + "x" * 120,
            link="/runs/" if number % 2 else "",
        )
    return ann


def test_the_list_and_the_switches(
    page: Page,
    base_url: str,
    told: User,
    inspection: Inspection,
    shoot: Callable[..., None],
) -> None:
    sign_in_as(page, told, site=base_url)
    page.goto("/account/")
    expect(page.get_by_role("link", name="Notices 32 unread")).to_be_visible()
    assert inspection.of(page) == []

    page.get_by_role("link", name="Notices 32 unread").click()
    expect(page.get_by_role("listitem").filter(has_text="new")).to_have_count(30)
    assert inspection.of(page) == []
    shoot(page, "notices", every=False)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)

    page.get_by_role("link", name="What I am told").click()
    assert inspection.of(page) == []
    shoot(page, "notice-switches", every=False)
    weekly = page.get_by_role("group", name="What my recipes did, each week")
    weekly.get_by_label("By mail").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(weekly.get_by_label("By mail")).not_to_be_checked()
    expect(weekly.get_by_label("In the site")).to_be_checked()
    assert not inbox.wants_mail(told, news.DIGEST)


def test_an_empty_list(
    page: Page, base_url: str, ann: AbstractBaseUser, inspection: Inspection
) -> None:
    sign_in_as(page, ann, site=base_url)

    page.goto("/notices/")

    expect(page.get_by_text("Nothing to tell.")).to_be_visible()
    assert inspection.of(page) == []


def test_a_mail_is_switched_off_by_a_button(
    page: Page,
    base_url: str,
    told: User,
    inspection: Inspection,
    watch: Watch,
    shoot: Callable[..., None],
) -> None:
    path = "/" + mailing.unsubscribe_url(told, news.DIGEST).split("/", 3)[3]

    page.goto(path)
    assert inspection.of(page) == []
    shoot(page, "unsubscribe", every=False)
    page.get_by_role("button", name="Send me no more of them").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("These mails are switched off")
    assert inspection.of(page) == []
    assert not inbox.wants_mail(told, news.DIGEST)
    watch.expect("404")
    page.goto(path[:-8] + "/")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link is of no use")
    assert inspection.of(page) == []


def test_a_held_run_is_approved_from_its_mail_without_a_sign_in(
    new_page: NewPage,
    base_url: str,
    sim: Control,
    inspection: Inspection,
    watch: Watch,
    shoot: Callable[..., None],
) -> None:
    sim.reset("empty")
    ada = Member.joins(sim, "ada")
    run = worked(ada.wants(tracks(10), ada.has(tracks(100)), report={}))
    page = new_page()
    path = decisions.path(run)

    page.goto(path)
    expect(page.get_by_text("90 items would be taken out")).to_be_visible()
    assert inspection.of(page) == []
    shoot(page, "decide", every=False)
    page.get_by_role("button", name="Approve and go on").click()

    expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    assert inspection.of(page) == []
    run.refresh_from_db()
    assert run.state == Run.State.QUEUED
    watch.expect("410")
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing to decide any more")
    assert inspection.of(page) == []
