"""What pages say of calls: when work resumes, how many were made; what staff see and may do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils.formats import date_format
from pytest_django import Settings

from accounts.models import User
from playlists import budget, calls
from playlists.budget import ALL, Purpose
from playlists.models import Pause, Run
from spotsite import clock
from tests.playlists.cast import Member, said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_boss() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss@example.org", name="Boss"))
    return client


def test_pages_say_when_work_resumes(ada: Member) -> None:
    run = ada.wants([], ada.has([]))
    quiet = [said(ada.browser().get(page)) for page in ("/", "/playlists/put/")]
    until = budget.pause("playlist-write", seconds=52_531, reason="quota")

    for page in ("/", "/playlists/put/", run.get_absolute_url()):
        words = said(ada.browser().get(page))
        assert "quota for this site is used up for changing playlists" in words, page
        assert f"{until:%H:%M}" in words
    assert not any("resumes" in words for words in quiet)


def test_a_run_that_has_ended_resumes_no_more(ada: Member) -> None:
    run = ada.wants([], ada.has([]))
    Run.objects.update(state=Run.State.DONE)
    budget.pause(ALL, seconds=500, reason="rate_limit")

    assert "resumes" not in said(ada.browser().get(run.get_absolute_url()))


def test_nothing_is_said_of_a_pause_that_is_over(ada: Member) -> None:
    budget.pause(ALL, seconds=500, reason="rate_limit")
    clock.move(timedelta(seconds=501))

    assert "resumes" not in said(ada.browser().get("/"))


def test_people_see_their_own_calls_of_a_day(ada: Member, settings: Settings) -> None:
    settings.SPOTIFY_CALLS_PER_PERSON = 3000
    ada.wants([], ada.has([]))
    for _ in range(3):
        budget.take("me", Purpose.PUSH, person=ada.user.pk)
    budget.take("me", Purpose.PUSH, person=ada.user.pk + 1)

    assert "called Spotify 3 times for you; 3,000 are yours" in ada.browser().get("/runs/").text


def test_staff_see_sums_by_day_person_and_group(as_boss: Client, ada: Member) -> None:
    for group, count in (("me", 3), ("search", 2)):
        for _ in range(count):
            budget.take(group, Purpose.PUSH, person=ada.user.pk, recipe=4)
    calls.store()
    budget.save_rate()

    page = as_boss.get("/admin/playlists/calls/").text

    sums = re.findall(r'<th scope="row">(.*?)</th><td>(\d+)</td>', page)
    today = date_format(clock.now())
    assert sums == [(today, "5"), ("ada", "5"), ("me", "3"), ("search", "2")]
    assert "calls a second" in page
    assert as_boss.get("/admin/playlists/calls/add/").status_code == 403


def test_staff_lift_a_pause_and_it_is_written_down(as_boss: Client) -> None:
    budget.pause(ALL, seconds=52_531, reason="rate_limit")
    form = {"action": "lift", "_selected_action": [ALL]}

    page = as_boss.post("/admin/playlists/pause/", form, follow=True).text

    assert "Lifted: 1." in page
    assert not Pause.objects.exists()
    assert LogEntry.objects.get().change_message == "Pause lifted."
    assert budget.take("me", Purpose.PUSH)
