"""What goes wrong in the middle of a run ends in a clear state, and nothing that is there is lost.

Each run has made its first write when the trouble begins. What its page says, and what the page
asks for while it is open, is what the person is told.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.cache import caches

from accounts.scopes import BASE
from playlists import budget
from playlists.models import Pause, Run
from playlists.push import Pace
from spotsite import clock
from tests.playlists.cast import Member, edit, one_slice, tracks, until_a_write, worked, writes

pytestmark = pytest.mark.usefixtures("one_write_a_slice")

ITEMS = r"/playlists/[^/]+/items$"
SETTLED = 60
HAD, WANTED = tracks(10), tracks(300, start=100)
AFTER_ONE_WRITE = HAD + WANTED[:100]
Trouble = Callable[[Member, str], object]


@dataclass(frozen=True)
class Case:
    name: str
    begins: Trouble
    code: str
    says: str
    ends: Trouble | None = None  # makes it good again; None where nothing does


def answers(status: int, **answer: Any) -> Trouble:
    return lambda ada, _: ada.spotify.fault(
        method="POST", path=ITEMS, status=status, times=None, **answer
    )


def error(status: int, message: str) -> dict[str, Any]:
    return {"json": {"error": {"status": status, "message": message}}}


def given_away(ada: Member, playlist_id: str) -> None:
    """Make the playlist somebody else's, with what is in it."""
    uris = ada.spotify.uris(playlist_id)
    ada.spotify.remove_playlist(playlist_id)
    ada.spotify.add_user("bob", allowed=True)
    ada.spotify.add_playlist("bob", name="Mine", id=playlist_id, uris=uris)


def given_away_long_ago(ada: Member, playlist_id: str) -> None:
    given_away(ada, playlist_id)
    clock.move(timedelta(minutes=2))  # so the run looks before it writes


def faults_are_over(ada: Member, _: str) -> None:
    ada.spotify.clear_faults()


CASES = (
    Case(
        "deleted",
        lambda ada, playlist_id: ada.spotify.remove_playlist(playlist_id),
        "not_found",
        "does not find the playlist",
    ),
    Case("somebody else's", given_away, "forbidden", "belongs to somebody else"),
    Case("somebody else's for a while", given_away_long_ago, "not_yours", "somebody else"),
    Case(
        "404 page",
        answers(404, text="<html><h1>Not found</h1>"),
        "not_found",
        "does not find the playlist",
        faults_are_over,
    ),
    Case(
        "not on the list of users",
        lambda ada, _: ada.spotify.allow(),
        "not_allow_listed",
        "does not know you as a user",
        lambda ada, _: ada.spotify.allow("ada"),
    ),
    Case(
        "owner without Premium",
        lambda ada, _: ada.spotify.switch(owner_premium=False),
        "owner_needs_premium",
        "has Premium",
        lambda ada, _: ada.spotify.switch(owner_premium=True),
    ),
    Case(
        "too few rights",
        answers(403, **error(403, "Insufficient client scope")),
        "missing_scope",
        "lacks the right to change",
        faults_are_over,
    ),
    Case(
        "not the owner's",
        answers(403, **error(403, "You cannot add tracks to a playlist you don't own.")),
        "forbidden",
        "does not let this account change",
        faults_are_over,
    ),
    Case(
        "403 page",
        answers(403, text="<html><h1>Forbidden</h1>"),
        "forbidden",
        "does not let this account change",
        faults_are_over,
    ),
    Case(
        "too large",
        answers(413, text="<html>Request Entity Too Large</html>"),
        "too_large",
        "too large",
        faults_are_over,
    ),
    Case(
        "found wrong",
        answers(400, text="<html>Bad request</html>"),
        "refused",
        "found the request wrong",
        faults_are_over,
    ),
    Case(
        "only pages",
        lambda ada, _: ada.spotify.fault(
            path="^/v1/", status=502, text="<html><h1>Bad gateway</h1>", times=None
        ),
        "gave_up",
        "failed again and again",
        faults_are_over,
    ),
)


def under_way(ada: Member) -> tuple[Run, str]:
    playlist_id = ada.has(HAD)
    run = ada.wants(WANTED, playlist_id, mode="append")
    until_a_write(run)
    assert ada.spotify.uris(playlist_id) == AFTER_ONE_WRITE
    return run, playlist_id


def told(ada: Member, run: Run) -> tuple[str, dict[str, Any]]:
    """Return what the run's page says and what it asks for while it is open."""
    browser = ada.browser()
    page = html.unescape(browser.get(f"/runs/{run.uuid}/").content.decode())
    facts: dict[str, Any] = browser.get(f"/runs/{run.uuid}.json").json()
    assert facts["error"] in page
    assert facts["error"].endswith(".")
    return page, facts


def waited_out(ada: Member, run: Run) -> Run:
    """Let the time pass that the run waits, until it has ended."""
    for _ in range(40):
        run = worked(run)
        if not run.is_active:
            return run
        wait = run.not_before - clock.now() if run.not_before else timedelta(0)
        ada.later(run, seconds=max(1.0, wait.total_seconds() + 1))
    raise AssertionError(f"it never ends: {run.code}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_trouble_in_the_middle_ends_with_a_sentence_and_loses_nothing(
    ada: Member, case: Case
) -> None:
    run, playlist_id = under_way(ada)
    case.begins(ada, playlist_id)

    run = waited_out(ada, run)

    assert (run.state, run.code) == (Run.State.FAILED, case.code)
    page, facts = told(ada, run)
    assert (facts["state"], facts["code"]) == ("failed", case.code)
    assert case.says in facts["error"]
    assert "100 of 300 are in place" in page
    assert run.before is not None
    assert run.before.uris == HAD
    if case.name != "deleted":
        assert ada.spotify.uris(playlist_id) == AFTER_ONE_WRITE
    if case.ends is not None:
        case.ends(ada, playlist_id)
        ada.later(run, seconds=SETTLED)
        assert run.retry()
        assert waited_out(ada, run).state == Run.State.DONE
        assert ada.spotify.uris(playlist_id) == HAD + WANTED


def test_a_playlist_that_is_taken_out_of_the_library_is_filled_all_the_same(ada: Member) -> None:
    """That is Spotify's delete: the list lives on, and may be had back."""
    run, playlist_id = under_way(ada)
    token = ada.spotify.tokens(ada.name, list(BASE))["access_token"]
    requests.delete(
        f"{ada.spotify.base_url}/v1/me/library",
        params={"uris": f"spotify:playlist:{playlist_id}"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ).raise_for_status()

    run = waited_out(ada, run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == HAD + WANTED


@pytest.mark.parametrize("text", ["", "<html><h1>Too many requests</h1>"], ids=["empty", "page"])
def test_a_rate_limit_of_fourteen_hours_is_waited_for_and_said(ada: Member, text: str) -> None:
    run, playlist_id = under_way(ada)
    other = ada.wants(tracks(5, start=900), ada.has(HAD), mode="append")
    ada.spotify.fault(
        method="POST", path=ITEMS, status=429, text=text, headers={"Retry-After": "52531"}
    )

    run = worked(run)

    assert (run.state, run.code) == (Run.State.WAITING, "rate_limited")
    assert run.unknown_since is None
    assert run.not_before is not None
    hours = (run.not_before - clock.now()) / timedelta(hours=1)
    assert 14.5 < hours < 14.7
    page, facts = told(ada, run)
    assert facts["resumes_at"] is not None
    assert "resumes at" in facts["error"]
    assert "100 of 300" in page
    assert one_slice(run) is None  # nobody holds a worker meanwhile
    # It is the whole app's: nobody calls, whatever for.
    made = len(ada.spotify.log())
    other = worked(other)
    assert (other.state, other.code, len(ada.spotify.log())) == ("waiting", "rate_limited", made)
    assert ada.later(run, seconds=14 * 3600).state == Run.State.WAITING

    run = ada.later(run, seconds=0.7 * 3600)
    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == HAD + WANTED


def test_a_used_up_quota_closes_its_own_calls_only(ada: Member) -> None:
    run, playlist_id = under_way(ada)
    said = {"error": {"status": 429, "message": "Quota exceeded", "reason": "QUOTA_EXCEEDED"}}
    ada.spotify.fault(
        method="POST", path=ITEMS, status=429, json=said, headers={"Retry-After": "52531"}
    )

    run = worked(run)

    assert (run.state, run.code) == (Run.State.WAITING, "quota")
    assert "quota for this site is used up" in told(ada, run)[1]["error"]
    assert list(Pause.objects.values_list("bucket", flat=True)) == ["playlist-write"]
    quiet = worked(ada.wants(HAD, ada.has(HAD)))  # reads only
    assert quiet.state == Run.State.DONE
    assert ada.later(run, seconds=15 * 3600).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == HAD + WANTED


def test_a_pause_outlives_a_wiped_valkey(ada: Member) -> None:
    run, playlist_id = under_way(ada)
    ada.spotify.fault(method="POST", path=ITEMS, status=429, headers={"Retry-After": "52531"})
    run = worked(run)
    made = len(ada.spotify.log())

    budget.limiter._client().flushdb()
    caches["default"].clear()
    other = worked(ada.wants(tracks(5, start=900), ada.has(HAD), mode="append"))

    assert (other.state, other.code, len(ada.spotify.log())) == ("waiting", "rate_limited", made)
    assert ada.later(run, seconds=15 * 3600).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == HAD + WANTED


def test_a_connection_cut_after_the_write_an_old_read_and_a_hand_at_once(ada: Member) -> None:
    run, playlist_id = under_way(ada)
    ada.spotify.switch(stale_read_share=1e-9, stale_read_s=20)
    ada.spotify.fault(method="POST", path=ITEMS, kind="drop", when="after")
    run = worked(run)
    assert run.unknown_since is not None
    assert "answer" in told(ada, run)[1]["error"]

    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in HAD[:3]]})
    ada.spotify.switch(stale_read_share=0.5)
    run = waited_out(ada, run)

    assert run.state == Run.State.DONE, run.sentence
    assert ada.spotify.uris(playlist_id) == HAD[3:] + WANTED


def test_a_second_worker_touches_nothing_while_the_first_is_at_it(ada: Member) -> None:
    run, playlist_id = under_way(ada)
    first = Run.objects.claim(run.pk)
    assert first is not None
    made = len(writes(ada))

    assert one_slice(run) is None
    assert len(writes(ada)) == made
    first.release()
    while one_slice(run) is Pace.NOW:
        pass
    assert ada.spotify.uris(playlist_id) == HAD + WANTED
