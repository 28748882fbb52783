"""Freezing, keeping and letting go: what is stored, for how long, and by whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from playlists import retention, tasks, versions
from playlists.models import Ledger, Run, Track, Version
from playlists.spotify import Item
from spotsite import clock
from tests.playlists import recipe_cast
from tests.playlists.cast import Member, tracks, worked
from tests.processes import Worker, wait_for

LIST = "p" * 22


def items(*uris: str, title: str = "A title") -> list[Item]:
    return [Item(uri, "2026-01-01T00:00:00Z", title=title) for uri in uris]


def freeze(member: Member, *uris: str, playlist_id: str = LIST, **values: Any) -> Version:
    values.setdefault("cause", Version.Cause.BEFORE)
    return versions.freeze(member.account, playlist_id, items(*uris), **values)


def freeze_many(member: Member, count: int, *, playlist_id: str = LIST) -> list[Version]:
    return [freeze(member, uri, playlist_id=playlist_id) for uri in tracks(count)]


def days(count: float) -> None:
    clock.move(timedelta(days=count))


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    settings.VERSION_COUNT = 3


def stored() -> set[int]:
    return set(Version.objects.values_list("pk", flat=True))


def known() -> set[str]:
    return set(Track.objects.values_list("uri", flat=True))


# Freezing ---


def test_a_version_gives_back_what_was_frozen(ada: Member) -> None:
    local = Item("spotify:local:Me:Demo:Song:180", "2026-01-02T00:00:00Z", is_local=True)
    told = [*items(*tracks(2)), Item("", "2026-01-03T00:00:00Z"), local]

    pk = versions.freeze(ada.account, LIST, told, cause=Version.Cause.AFTER).pk

    version = Version.objects.get(pk=pk)
    assert [(one.uri, one.added_at, one.is_local) for one in version.items] == [
        (one.uri, one.added_at, one.is_local) for one in told
    ]
    assert version.uris == [one.uri for one in told]


def test_two_that_freeze_the_same_list_at_once_make_one_version(ada: Member) -> None:
    freeze(ada, *tracks(300))  # else they wait for each other where the titles are written

    def in_a_thread(number: int) -> int:
        try:
            return freeze(ada, *tracks(300), playlist_id=f"{number // 8:022}").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        pks = list(pool.map(in_a_thread, range(80)))

    assert len(set(pks)) == Version.objects.exclude(playlist_id=LIST).count() == 10


def test_a_version_knows_the_run_that_made_it(ada: Member) -> None:
    run = worked(ada.wants(tracks(3), ada.has(tracks(5))))

    made = list(Version.objects.order_by("pk").values_list("cause", "run"))

    assert made == [("before", run.pk), ("after", run.pk)]


# Versions that go ---


def test_a_version_goes_when_it_is_old_and_not_among_the_last(ada: Member) -> None:
    made = freeze_many(ada, 5)

    days(89)
    assert retention.drop_versions() == 0
    days(2)

    assert retention.drop_versions() == 2
    assert stored() == {one.pk for one in made[2:]}


def test_each_list_has_its_own_last_versions(ada: Member) -> None:
    freeze_many(ada, 3)
    freeze_many(ada, 3, playlist_id="q" * 22)

    days(91)

    assert retention.drop_versions() == 0


def test_a_version_that_a_recipe_reads_stays_as_long_as_the_recipe(ada: Member) -> None:
    first, *_ = freeze_many(ada, 4)
    source = {"kind": "version", "version": str(first.pk)}
    recipe = recipe_cast.saved(ada, recipe_cast.of(ada, source))
    days(91)

    assert retention.drop_versions() == 0
    recipe.delete()
    assert retention.drop_versions() == 1


def test_a_pinned_version_stays_until_it_is_let_go(ada: Member) -> None:
    first, *_ = freeze_many(ada, 4)
    first.pin(on=True)
    days(91)
    assert retention.drop_versions() == 0

    first.pin(on=False)

    assert retention.drop_versions() == 1
    assert first.pk not in stored()


@pytest.mark.parametrize("state", ["queued", "waiting", "held"])
@pytest.mark.parametrize("column", ["before", "after"])
def test_what_a_run_under_way_needs_stays(ada: Member, state: str, column: str) -> None:
    first, *_ = freeze_many(ada, 4)
    run = Run.objects.create(user=ada.user, account=ada.account, state=state, **{column: first})
    days(91)
    assert retention.drop_versions() == 0

    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)

    assert retention.drop_versions() == 1
    run.refresh_from_db()
    assert getattr(run, column) is None


def test_what_the_ledger_compares_with_stays(ada: Member) -> None:
    first, second, *_ = freeze_many(ada, 5)
    last = Run.objects.create(user=ada.user, account=ada.account, state="done", before=first)
    Ledger.objects.create(playlist_id=LIST, account=ada.account, version=second, last_run=last)

    days(91)

    assert retention.drop_versions() == 0


def test_a_larger_count_counts_at_once(ada: Member, settings: Settings) -> None:
    freeze_many(ada, 5)
    days(91)

    settings.VERSION_COUNT = 4

    assert retention.drop_versions() == 1


def test_a_tick_drops_no_more_than_it_may_and_says_that_there_is_more(ada: Member) -> None:
    freeze_many(ada, 8)
    days(91)

    assert retention.drop_versions(most=2) == 2
    assert retention.tidy(seconds=-1)
    assert Version.objects.count() == 3
    assert not retention.tidy(seconds=20)


def test_the_search_for_what_may_go_reads_no_version_that_stays(ada: Member) -> None:
    for number in range(40):
        freeze_many(ada, 3, playlist_id=f"{number:022}")
    freeze_many(ada, 4)
    days(91)
    rows = retention.droppable().order_by("taken_at").values("pk")[:200]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE playlists_version")
        cursor.execute("SET enable_seqscan = off")
    try:
        plan = rows.explain(analyze=True, timing=False, costs=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET enable_seqscan")

    assert "version_old" in plan
    assert len(rows) == 1


def test_dropping_takes_the_same_queries_for_one_and_for_three(ada: Member) -> None:
    def queries(count: int) -> int:
        freeze_many(ada, count)
        days(91)
        with CaptureQueriesContext(connection) as seen:
            assert retention.drop_versions() == count - 3
        Version.objects.all().delete()
        return len(seen)

    assert queries(4) == queries(6)


# Titles that go ---


def test_a_title_goes_when_no_version_has_needed_it_for_long(ada: Member) -> None:
    *_, last = freeze_many(ada, 4)
    days(91)

    for _ in range(2):
        retention.tidy(seconds=20)
        days(40)
    retention.tidy(seconds=20)

    assert known() == set(tracks(4)[1:])
    assert last.uris[0] in known()


def test_the_titles_of_a_list_that_nobody_touches_stay_for_years(ada: Member) -> None:
    freeze(ada, *tracks(3))

    for _ in range(20):
        days(50)
        retention.tidy(seconds=20)

    assert known() == set(tracks(3))


def test_no_title_goes_while_a_version_has_not_been_asked(ada: Member) -> None:
    freeze(ada, *tracks(3))
    days(400)

    assert retention.drop_tracks() == 0
    assert retention.vouch_again(most=1) == 1
    assert retention.drop_tracks() == 0


def test_titles_of_what_was_taken_out_by_hand_stay_with_the_ledger(ada: Member) -> None:
    out, stays = tracks(2)
    freeze(ada, out, stays)
    Ledger.objects.create(playlist_id=LIST, account=ada.account, taken_out=[out])
    for _ in range(5):
        days(30)
        freeze(ada, stays)
        retention.tidy(seconds=20)
    Version.objects.exclude(pk=Version.objects.order_by("-pk")[0].pk).delete()

    days(39)
    freeze(ada, stays)
    retention.tidy(seconds=20)

    assert known() == {out, stays}


def test_a_list_that_was_not_read_keeps_its_titles_too(ada: Member) -> None:
    freeze(ada, *tracks(3))
    days(35)

    versions.freeze(ada.account, LIST, items(*tracks(2), title=""), cause=Version.Cause.AFTER)

    vouched = Track.objects.filter(vouched_at__gt=clock.now() - timedelta(days=1))
    assert set(vouched.values_list("uri", flat=True)) == set(tracks(2))


def test_nothing_is_left_of_titles_when_everybody_has_gone(ada: Member) -> None:
    freeze(ada, *tracks(3))
    Version.objects.all().delete()

    days(7.5)
    assert retention.drop_tracks() == 0
    days(1)

    assert retention.drop_tracks(most=2) == 2
    assert not retention.tidy(seconds=20)
    assert known() == set()


# The job and its settings ---


def test_the_daily_job_does_both(ada: Member, worker: Worker, settings: Settings) -> None:
    first, *_ = freeze_many(ada, settings.VERSION_COUNT + 50)
    days(91)

    tasks.tidy.delay()

    wait_for(lambda: first.pk not in stored(), seconds=30, what="the old version to go")


@pytest.mark.parametrize(("name", "id_"), [("VERSION_DAYS", "E031"), ("VERSION_COUNT", "E032")])
def test_a_site_that_keeps_nothing_is_reported(settings: Settings, name: str, id_: str) -> None:
    setattr(settings, name, 0)

    assert f"spotsite.{id_}" in {message.id for message in run_checks()}
