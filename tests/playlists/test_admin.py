"""The staff's pages of runs: progress and causes, not the lists; retry and cancel work."""

from __future__ import annotations

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from playlists.models import Pause, Run, Version
from playlists.packing import pack
from playlists.spotify import Item
from spotsite import clock

URI = "spotify:track:4cOdK2wGLETKBW3PvgPWqT"
LIST = "/admin/playlists/run/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss@example.org", name="Boss")


@pytest.fixture
def as_boss(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def run_of(name: str, **fields: object) -> Run:
    """A run of a person of its own that has failed halfway, unless ``fields`` say otherwise."""
    user = User.objects.create_user(name=name)
    account = SocialAccount.objects.create(user=user, provider="spotify", uid=f"uid-{name}")
    values: dict[str, object] = {
        "name": f"{name}'s list",
        "playlist_id": f"playlist-{name}",
        "mode": Run.Mode.REPLACE,
        "wanted": [URI] * 4,
        "total": 4,
        "done": 1,
        "state": Run.State.FAILED,
        "code": "not_yours",
        "sentence": "This playlist belongs to somebody else.",
    }
    return Run.objects.create(user=user, account=account, **{**values, **fields})


def act(client: Client, action: str, *runs: Run) -> str:
    chosen = [run.pk for run in runs]
    page = client.post(LIST, {"action": action, "_selected_action": chosen}, follow=True)
    return page.text


def test_runs_are_listed_with_progress_state_and_cause(as_boss: Client) -> None:
    run = run_of("Ada")

    page = as_boss.get(LIST).text

    assert '<progress value="1" max="4" aria-label="1 of 4"></progress> 1 of 4' in page
    assert "not_yours" in page
    assert as_boss.get(f"{LIST}{run.pk}/change/").text.count("This playlist belongs to") == 1


def test_no_page_shows_the_list_itself(as_boss: Client) -> None:
    run = run_of("Ada", report={"lines": [URI]})
    version = Version.objects.create(
        account=run.account, playlist_id="p", packed=pack([Item(URI)]), length=1, cause="before"
    )
    Pause.objects.create(bucket="playlists", until=clock.now(), reason="rate limit")
    pages = [
        *(LIST, f"{LIST}{run.pk}/change/", f"{LIST}{run.pk}/history/"),
        *("/admin/playlists/version/", f"/admin/playlists/version/{version.pk}/change/"),
        *("/admin/playlists/pause/", "/admin/playlists/pause/playlists/change/"),
    ]

    answers = {page: as_boss.get(page) for page in pages}

    assert {answer.status_code for answer in answers.values()} == {200}
    assert [page for page, answer in answers.items() if URI in answer.text] == []


def test_drafts_that_nobody_started_are_not_shown(as_boss: Client) -> None:
    draft = run_of("Ada", state=Run.State.DRAFT)

    assert list(as_boss.get(LIST).context["cl"].result_list) == []
    assert as_boss.get(f"{LIST}{draft.pk}/change/").status_code == 302


def test_list_asks_the_database_as_often_for_three_rows_as_for_one(
    as_boss: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run_of("Ada")
    as_boss.get(LIST)  # content types are read once a process
    with CaptureQueriesContext(connection) as one:
        as_boss.get(LIST)

    run_of("Ben")
    run_of("Cleo")
    with django_assert_num_queries(len(one)):
        page = as_boss.get(LIST)

    assert page.text.count('name="_selected_action"') == 3


def test_retry_queues_what_has_ended_and_says_who_asked(as_boss: Client, boss: User) -> None:
    failed, done = run_of("Ada"), run_of("Ben", state=Run.State.DONE)

    page = act(as_boss, "retry", failed, done)

    assert "Retry asked for: 1 of those chosen." in page
    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.state, failed.code, done.state) == ("queued", "", "done")
    assert list(LogEntry.objects.values_list("user", "object_repr", "change_message")) == [
        (boss.pk, f"run {failed.pk}", "Retry asked for.")
    ]


def test_retry_leaves_a_run_whose_playlist_is_worked_on_by_another(as_boss: Client) -> None:
    failed = run_of("Ada")
    run_of("Ben", state=Run.State.RUNNING, playlist_id=failed.playlist_id)

    page = act(as_boss, "retry", failed)

    assert "Retry asked for: 0 of those chosen." in page
    failed.refresh_from_db()
    assert failed.state == Run.State.FAILED


def test_cancel_ends_a_run_that_waits(as_boss: Client) -> None:
    waiting, done = run_of("Ada", state=Run.State.WAITING), run_of("Ben", state=Run.State.DONE)

    page = act(as_boss, "cancel", waiting, done)

    assert "Cancelling asked for: 1 of those chosen." in page
    waiting.refresh_from_db()
    assert waiting.state == Run.State.CANCELLED


def test_runs_of_a_person_who_is_shut_out_end(as_boss: Client) -> None:
    waiting, other = run_of("Ada", state=Run.State.WAITING), run_of("Ben", state=Run.State.WAITING)

    as_boss.post(
        "/admin/accounts/user/",
        {"action": "shut_out", "_selected_action": [waiting.user.pk]},
    )

    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.state, other.state) == (Run.State.CANCELLED, Run.State.WAITING)


def test_staff_who_may_only_look_cannot_retry() -> None:
    failed = run_of("Ada")
    helper = User.objects.create_user("helper@example.org", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_run"))
    client = Client()
    client.force_login(helper)

    act(client, "retry", failed)

    failed.refresh_from_db()
    assert failed.state == Run.State.FAILED
    assert client.get(reverse("admin:playlists_run_changelist")).status_code == 200
