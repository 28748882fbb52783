"""What people are told of their runs: held, failed twice, put off for long, done in a week."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import inbox, mailing
from accounts.models import Notice, User
from accounts.signals import account_moved
from playlists import budget, decisions, digest, dispatch, news, recipe_rows, tasks
from playlists.models import LeaseLost, Recipe, Run
from playlists.recipes import definition
from spotsite import clock
from tests.people import give_email
from tests.playlists.cast import Member, tracks, worked, writes
from tests.playlists.recipe_cast import of, saved
from tests.playlists.recipe_cast import playlist as source

QUOTA = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}
HOUR = timedelta(hours=1)


@pytest.fixture
def ada(ada: Member) -> Member:
    give_email(ada.user, "ada@example.org")
    return ada


def told(ada: Member, kind: str = "") -> list[str]:
    rows = ada.user.notices.order_by("pk")
    return list((rows.filter(kind=kind) if kind else rows).values_list("title", flat=True))


def held(ada: Member) -> Run:
    """A run that would take out 90 of 100 tracks."""
    run = worked(ada.wants(tracks(10), ada.has(tracks(100)), report={}))
    assert (run.state, run.code) == (Run.State.HELD, "shrinks")
    return run


def link_in(sent: Any) -> str:
    found = re.search(rf"{re.escape(settings.PUBLIC_URL)}(/runs/decide/\S+)", sent.body)
    assert found, sent.body
    return found[1]


def mailed_link(ada: Member) -> str:
    mail.outbox.clear()
    assert mailing.send_due() == 1
    return link_in(mail.outbox[0])


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def press(client: Client, path: str, choice: str) -> Any:
    """Open the page and press a button, with the token that its form has."""
    page = client.get(path).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    token = found[1] if found else ""
    return client.post(path, {"choice": choice, "csrfmiddlewaretoken": token})


# Held ---------------------------------------------------------------------------------------------


def test_a_held_run_is_told_and_mailed_with_a_link_that_decides(ada: Member) -> None:
    run = held(ada)

    assert told(ada) == ["Mine: a run needs your word"]
    link = mailed_link(ada)
    sent = mail.outbox[0]
    assert "90 items would be taken out" in sent.body
    assert "10 items stay, 0 are added and 90 are taken out" in sent.body
    assert f"{settings.PUBLIC_URL}{run.get_absolute_url()}" in sent.body
    assert "List-Unsubscribe" in sent.extra_headers
    page = text(Client().get(link))
    assert "Mine" in page
    assert "would be removed 90" in page


def test_looking_at_the_link_decides_nothing(ada: Member) -> None:
    run = held(ada)
    link = mailed_link(ada)

    for method in ("get", "head"):
        assert getattr(Client(), method)(link).status_code == 200
    assert Client(enforce_csrf_checks=True).post(link, {"choice": "approve"}).status_code == 403
    assert Client().post(link, {"choice": "whatever"}).status_code == 200

    run.refresh_from_db()
    assert run.state == Run.State.HELD


def test_somebody_who_is_not_signed_in_approves_it_once(ada: Member) -> None:
    run = held(ada)
    link = mailed_link(ada)
    client = Client(enforce_csrf_checks=True)

    answer = press(client, link, "approve")

    assert answer.status_code == 200
    assert "Approved" in text(answer)
    assert "sessionid" not in client.cookies
    run = worked(run)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(run.playlist_id) == tracks(10)
    assert Client().get(link).status_code == 410
    assert press(Client(), link, "cancel").status_code == 410
    run.refresh_from_db()
    assert run.state == Run.State.DONE


def test_somebody_who_is_not_signed_in_cancels_it(ada: Member) -> None:
    run = held(ada)

    answer = press(Client(enforce_csrf_checks=True), mailed_link(ada), "cancel")

    assert "stays as it is" in text(answer)
    run.refresh_from_db()
    assert run.state == Run.State.CANCELLED
    assert writes(ada) == []


def test_a_run_that_is_held_again_is_told_again_and_the_old_link_is_of_no_use(ada: Member) -> None:
    run = held(ada)
    link = mailed_link(ada)
    press(Client(), link, "approve")
    Run.objects.filter(pk=run.pk).update(approved={})
    run = worked(run)
    assert run.state == Run.State.HELD

    assert len(told(ada, "held")) == 2
    assert Client().get(link).status_code == 410
    assert Client().get(mailed_link(ada)).status_code == 200


def test_a_link_ends_after_seven_days(ada: Member) -> None:
    held(ada)
    link = mailed_link(ada)

    clock.move(decisions.LASTS - HOUR)
    assert Client().get(link).status_code == 200
    clock.move(2 * HOUR)

    answer = press(Client(), link, "approve")
    assert answer.status_code == 410
    assert "older than seven days" in text(answer)


def test_a_link_that_was_changed_is_of_no_use(ada: Member) -> None:
    run = held(ada)
    link = mailed_link(ada)

    for bad in (link[:-4] + "/", link.replace(":", "x", 1), "/runs/decide/x/"):
        answer = Client().get(bad)
        assert answer.status_code == 404
        assert "of no use" in text(answer)
    unsubscribe = mailing.unsubscribe_url(ada.user, news.HELD).rstrip("/").rpartition("/")[2]
    assert Client().get(f"/runs/decide/{unsubscribe}/").status_code == 404
    run.refresh_from_db()
    assert run.state == Run.State.HELD


@pytest.mark.parametrize("what", ["moved", "shut out", "gone"])
def test_a_link_dies_with_what_it_was_given_for(ada: Member, what: str) -> None:
    run = held(ada)
    link = mailed_link(ada)
    if what == "moved":
        other = User.objects.create_user(name="Other")
        ada.account.user = other
        ada.account.save()
        account_moved.send(
            None, account_id=ada.account.pk, from_user_id=ada.user.pk, to_user_id=other.pk
        )
        assert not other.notices.exists()
    if what == "shut out":
        User.objects.update(is_active=False)
    if what == "gone":
        run.delete()

    assert Client().get(link).status_code == 404


def test_no_mail_about_a_run_that_was_decided_meanwhile(ada: Member) -> None:
    run = held(ada)
    assert run.dismiss()

    assert mailing.send_due() == 0
    assert told(ada) == ["Mine: a run needs your word"]


def test_another_run_at_the_playlist_is_waited_for(ada: Member) -> None:
    run = held(ada)
    link = mailed_link(ada)
    ada.wants(tracks(5), run.playlist_id, mode="append")

    answer = press(Client(), link, "approve")

    assert answer.status_code == 409
    assert "Another run is at work" in text(answer)
    run.refresh_from_db()
    assert run.state == Run.State.HELD


def test_a_worker_that_lost_its_run_tells_nothing(ada: Member) -> None:
    run = ada.wants(tracks(5), ada.has(tracks(10)))
    claimed = Run.objects.claim(run.pk)
    assert claimed is not None
    Run.objects.filter(pk=run.pk).update(lease_gen=claimed.lease_gen + 1)

    with pytest.raises(LeaseLost):
        news.end(claimed, Run.State.HELD, code="shrinks", sentence="So.")

    assert told(ada) == []


def test_a_worker_that_dies_while_it_tells_has_not_ended_the_run(
    ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    playlist_id = ada.has(tracks(100))
    run = ada.wants(tracks(10), playlist_id, report={})
    with monkeypatch.context() as patch:
        patch.setattr(inbox, "tell", die)
        with pytest.raises(KeyboardInterrupt):
            worked(run)
    run.refresh_from_db()
    assert run.state == Run.State.RUNNING

    assert ada.later(run, seconds=60).state == Run.State.HELD
    assert len(told(ada)) == 1


# Failed twice -------------------------------------------------------------------------------------


class Changing:
    """A recipe that fails or not, as its source is somebody else's or one's own."""

    def __init__(self, ada: Member) -> None:
        self.good = source(ada.has(tracks(3)))
        self.bad = source(Member.joins(ada.spotify, "bob").has(tracks(3)))
        self.ada, self.recipe = ada, saved(ada, of(ada, self.good))

    def fails(self) -> None:
        assert self._runs(self.bad) == Run.State.FAILED

    def works(self) -> None:
        assert self._runs(self.good) == Run.State.DONE

    def _runs(self, wanted: dict[str, Any]) -> str:
        self.recipe.refresh_from_db()
        data = of(self.ada, wanted, target=self.recipe.playlist_id)
        recipe_rows.save(self.recipe, definition.check(data))
        return worked(dispatch.start(self.recipe)).state


def test_the_second_failure_in_a_row_is_told_and_no_other(ada: Member) -> None:
    recipe = Changing(ada)
    recipe.works()

    recipe.fails()
    assert told(ada) == []
    for _ in range(3):
        recipe.fails()

    assert told(ada) == ["Mine: the last two runs failed"]
    assert mailing.send_due() == 1
    assert "/runs/" in mail.outbox[0].body


def test_a_good_run_in_between_begins_the_count_anew(ada: Member) -> None:
    recipe = Changing(ada)
    recipe.fails()
    recipe.fails()
    recipe.works()
    recipe.fails()
    assert len(told(ada)) == 1

    recipe.fails()

    assert len(told(ada)) == 2


def test_who_has_to_reconnect_is_not_told_of_failures_besides(ada: Member) -> None:
    recipe = saved(ada, of(ada, source(ada.has(tracks(3)))))
    for _ in range(3):
        run = dispatch.start(recipe)
        claimed = Run.objects.claim(run.pk)
        assert claimed is not None
        news.end(claimed, Run.State.FAILED, code="needs_reconnect", sentence="So.")

    assert told(ada) == []


# Put off for long ---------------------------------------------------------------------------------


def exhausted(ada: Member, seconds: int) -> Run:
    ada.spotify.fault(
        method="POST", path="/items$", status=429, json=QUOTA, headers={"Retry-After": f"{seconds}"}
    )
    run = worked(ada.wants(tracks(5, start=100), ada.has(tracks(5)), mode="append"))
    assert (run.state, run.code) == (Run.State.WAITING, "quota")
    return run


def test_people_whose_runs_wait_for_long_are_told_once_for_a_pause(ada: Member) -> None:
    run = exhausted(ada, 14 * 3600)
    other = worked(ada.wants(tracks(5, start=100), ada.has(tracks(5)), mode="append"))
    assert other.code == "quota"
    budget.pause("playlist-write", seconds=20 * 3600, reason="quota")
    assert ada.later(run, seconds=14 * 3600 + 90).state == Run.State.WAITING

    assert told(ada) == ["Spotify lets this site wait"]
    assert mailing.send_due() == 1
    grace = Member.joins(ada.spotify, "grace")
    assert worked(grace.wants(tracks(5), grace.has(tracks(5)), mode="append")).code == "quota"
    assert told(grace) == ["Spotify lets this site wait"]


def test_the_next_pause_is_told_again(ada: Member) -> None:
    run = exhausted(ada, 2 * 3600)
    assert ada.later(run, seconds=2 * 3600 + 90).state == Run.State.DONE
    clock.move(HOUR)

    exhausted(ada, 2 * 3600)

    assert len(told(ada, "quota")) == 2


def test_a_short_pause_is_not_told(ada: Member) -> None:
    exhausted(ada, 1800)

    assert told(ada) == []


def test_a_pause_that_is_over_is_not_mailed(ada: Member) -> None:
    exhausted(ada, 2 * 3600)
    clock.move(3 * HOUR)

    assert mailing.send_due() == 0


# The week -----------------------------------------------------------------------------------------


def at(moment: datetime) -> None:
    clock.move(moment - clock.now())


def monday(hour: float, *, weeks: int = 1) -> datetime:
    """Return a time of a Monday to come, in UTC."""
    now = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return now + timedelta(days=7 * weeks - now.weekday(), hours=hour)


def did(ada: Member, zone: str = "UTC", *, name: str = "Mix", when: datetime) -> Recipe:
    """A recipe with runs that ended then."""
    data = of(ada, source(ada.has(tracks(3))), schedule={"entries": [], "time_zone": zone})
    recipe = saved(ada, data, name=name)
    ends = [
        (Run.State.DONE, {"added": 3, "removed": 1}),
        (Run.State.DONE, {"added": 1_200, "removed": 0}),
        (Run.State.FAILED, {}),
        (Run.State.CANCELLED, {}),
    ]
    for state, report in ends:
        Run.objects.create(
            user=ada.user,
            account=ada.account,
            recipe=recipe,
            kind=Run.Kind.RECIPE,
            mode="replace",
            name=name,
            state=state,
            report=report,
            ended_at=when,
        )
    Run.objects.filter(recipe=recipe).update(created_at=when)
    return recipe


def test_on_monday_morning_people_read_what_their_recipes_did(ada: Member) -> None:
    did(ada, name="Mix", when=monday(30, weeks=0))
    did(ada, name="Archive", when=monday(40, weeks=0))
    at(monday(7.5))
    tasks.send_digests()
    assert told(ada) == []
    at(monday(8.5))

    for _ in range(3):
        tasks.send_digests()

    (notice,) = ada.user.notices.all()
    assert notice.sentence.splitlines() == [
        "Archive: 2 runs, 1,203 added, 1 removed, 1 failed",
        "Mix: 2 runs, 1,203 added, 1 removed, 1 failed",
    ]
    assert mailing.send_due() == 1
    assert "Archive: 2 runs" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Pacific/Kiritimati", -6), ("Asia/Tokyo", -1), ("America/Los_Angeles", 16)],
)
def test_the_morning_is_the_persons_own(ada: Member, zone: str, hour: float) -> None:
    did(ada, zone, when=monday(60, weeks=0))
    at(monday(hour - 1.5))  # summer time is an hour earlier
    tasks.send_digests()
    before = told(ada)
    at(monday(hour + 1.5))
    tasks.send_digests()

    assert (before, len(told(ada))) == ([], 1)


def test_nothing_happened_is_no_news_and_the_next_week_is_another(ada: Member) -> None:
    did(ada, when=monday(30, weeks=0))
    for weeks in (1, 2, 3):
        at(monday(9, weeks=weeks))
        tasks.send_digests()
    assert len(told(ada)) == 1
    did(ada, name="Other", when=monday(30, weeks=3))
    at(monday(9, weeks=4))
    tasks.send_digests()

    assert len(told(ada)) == 2


def test_whoever_wants_no_digest_finds_none(ada: Member) -> None:
    inbox.choose(ada.user, news.DIGEST, by_mail=False, in_site=False)
    did(ada, when=monday(30, weeks=0))
    at(monday(9))

    tasks.send_digests()

    assert inbox.unread_count(ada.user) == mailing.send_due() == 0
    assert list(ada.user.notices.shown()) == []


def test_many_people_are_told_in_turns(ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = [ada, *(Member.joins(ada.spotify, name) for name in ("ben", "cleo"))]
    for member in cast:
        did(member, when=monday(30, weeks=0))
    at(monday(9))
    last: int | None = 0
    turns = 0

    while last is not None:
        last = digest.tell_due(after=last, most=2)
        turns += 1

    assert (turns, Notice.objects.count()) == (2, 3)


def test_a_run_that_is_cancelled_or_done_is_no_news(ada: Member) -> None:
    assert worked(ada.wants(tracks(5), ada.has(tracks(10)))).state == Run.State.DONE

    assert told(ada) == []
