"""Which recipes are started, by whom and how many in one look."""

from __future__ import annotations

from datetime import timedelta

from accounts import tokens
from playlists import dispatch
from playlists.models import Recipe, Run
from spotsite import clock
from tests.playlists.cast import Member, tracks
from tests.playlists.recipe_cast import of, playlist, saved

HOURLY = {"entries": [{"kind": "hourly", "every_hours": 1}]}
DAY = timedelta(days=1)


def due(member: Member, *, ago: timedelta = DAY) -> Recipe:
    recipe = saved(member, of(member, playlist(member.has(tracks(2))), schedule=HOURLY))
    Recipe.objects.filter(pk=recipe.pk).update(next_run_at=clock.now() - ago)
    return recipe


def test_one_look_ends_after_so_many_whether_they_are_started_or_not(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    barred = [due(bob, ago=2 * DAY) for _ in range(3)]
    assert tokens.require_reconnect(bob.credential.pk)
    sound = due(ada)

    first = dispatch.start_due(most=2)
    assert (first.started, first.is_full) == ([], True)
    assert Recipe.objects.due().count() == 2

    second = dispatch.start_due(most=2)
    assert [run.recipe_id for run in second.started] == [sound.pk]
    assert second.is_full
    third = dispatch.start_due(most=2)
    assert (third.started, third.is_full) == ([], False)
    assert set(Recipe.objects.filter(missed=True)) == set(barred)


def test_nothing_starts_for_a_person_who_may_not_come_in(ada: Member) -> None:
    recipe = due(ada)
    ada.user.is_active = False
    ada.user.save()

    assert dispatch.start_due().started == []
    assert dispatch.catch_up(ada.account.pk) == []

    recipe.refresh_from_db()
    assert recipe.missed
    assert not Run.objects.exists()
    ada.user.is_active = True
    ada.user.save()
    (run,) = dispatch.catch_up(ada.account.pk)
    assert run.recipe_id == recipe.pk
