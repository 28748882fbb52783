"""A recipe that pauses itself: when it does, and what its person is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from accounts import mailing
from accounts.models import Notice
from playlists import dispatch, halts, recipe_rows
from playlists.models import Recipe, Run
from spotsite import clock
from tests.people import give_email
from tests.playlists.cast import Member, edit, tracks, worked
from tests.playlists.recipe_cast import of, playlist, ran, saved

HOURLY = {"entries": [{"kind": "hourly", "every_hours": 1}]}


@pytest.fixture
def ada(ada: Member) -> Member:
    give_email(ada.user, "ada@example.org")
    return ada


def failing(ada: Member) -> Recipe:
    foreign = Member.joins(ada.spotify, "bob").has(tracks(3))
    return saved(ada, of(ada, playlist(foreign), schedule=HOURLY))


def fails(recipe: Recipe, *, times: int) -> None:
    for _ in range(times):
        assert ran(recipe).state == Run.State.FAILED
    recipe.refresh_from_db()


def told() -> list[Notice]:
    return list(Notice.objects.filter(kind="paused").order_by("pk"))


def test_who_fails_again_and_again_is_paused_and_told_why_and_what_to_do(ada: Member) -> None:
    recipe = failing(ada)
    fails(recipe, times=halts.FAILURES - 1)
    assert (recipe.is_paused, told()) == (False, [])

    fails(recipe, times=1)

    assert (recipe.is_paused, recipe.next_run_at) == (True, None)
    (notice,) = told()
    assert notice.title == "Mine: paused after 5 runs that failed"
    assert "Source 1 cannot be read" in notice.sentence
    assert "“Go on”" in notice.sentence
    assert "Go on" in ada.browser().get(notice.link).content.decode()
    mail.outbox.clear()
    mailing.send_due()
    assert [sent.subject for sent in mail.outbox].count(notice.title) == 1
    mail.outbox.clear()
    mailing.send_due()
    assert mail.outbox == []


def test_who_goes_on_in_spite_of_it_has_as_many_tries_again(ada: Member) -> None:
    recipe = failing(ada)
    fails(recipe, times=halts.FAILURES)
    recipe_rows.resume(recipe)

    fails(recipe, times=halts.FAILURES - 1)
    assert not recipe.is_paused
    fails(recipe, times=1)

    assert recipe.is_paused
    assert len(told()) == 2


def test_a_good_run_in_between_begins_the_count_anew(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    shared = bob.has(tracks(3), collaborative=True, public=False, collaborators=["ada"])
    recipe = saved(ada, of(ada, playlist(shared), schedule=HOURLY))
    error = {"error": {"status": 403, "message": "Forbidden"}}
    path = f"/playlists/{shared}/items"
    refused = {"method": "GET", "path": path, "status": 403, "json": error}
    ada.spotify.fault(**refused, times=None)
    fails(recipe, times=halts.FAILURES - 1)

    ada.spotify.clear_faults()
    assert ran(recipe).state == Run.State.DONE
    edit(bob, "POST", shared, {"uris": tracks(1, start=9)})
    ada.spotify.fault(**refused, times=None)
    fails(recipe, times=1)

    assert (recipe.is_paused, told()) == (False, [])


@pytest.mark.parametrize("code", ["needs_reconnect", "gave_up"])
def test_what_time_or_a_reconnect_puts_right_pauses_nothing(ada: Member, code: str) -> None:
    recipe = failing(ada)
    for _ in range(halts.FAILURES):
        run = dispatch.start(recipe)
        Run.objects.filter(pk=run.pk).update(state="failed", code=code, ended_at=clock.now())

    fails(recipe, times=halts.FAILURES - 1)

    assert (recipe.is_paused, told()) == (False, [])


def test_a_definition_that_is_no_longer_valid_is_told_with_the_page_that_mends_it(
    ada: Member,
) -> None:
    recipe = saved(ada, of(ada, playlist(ada.has(tracks(3))), schedule=HOURLY))
    ago = clock.now() - timedelta(days=1)
    for _ in range(2):  # the second time as if somebody had switched it on by hand
        Recipe.objects.update(definition={"version": 99}, next_run_at=ago, is_paused=False)
        assert dispatch.start_due().started == []

    (notice,) = told()
    assert notice.title == "Mine: paused, because it cannot be read"
    assert notice.link == f"/recipes/{recipe.uuid}/edit/"
    page = ada.browser().get(notice.link)
    assert page.status_code == 200
    mailing.send_due()
    assert notice.title in [sent.subject for sent in mail.outbox]


def test_a_recipe_that_runs_only_by_hand_is_not_paused(ada: Member) -> None:
    foreign = Member.joins(ada.spotify, "bob").has(tracks(3))
    recipe = saved(ada, of(ada, playlist(foreign)))

    fails(recipe, times=halts.FAILURES)

    assert worked(dispatch.start(recipe)).state == Run.State.FAILED
    assert (recipe.is_paused, told()) == (False, [])
