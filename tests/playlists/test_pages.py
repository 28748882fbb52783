"""The pages: what a person sees of lists and runs, and what bad input gets."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.scopes import BASE
from playlists.models import Run
from runner import control
from simulator.control_client import Control
from spotsite import clock, valkey
from tests.playlists.cast import BACKEND, Member, edit, said, tracks, worked

PUT = "/playlists/put/"
ITEMS = r"/playlists/[^/]+/items$"


def previewed(client: Client, **form: Any) -> Any:
    """Send the form and follow to the preview; fail with what the page says where it is refused."""
    answer = client.post(PUT, form, follow=True)
    assert answer.redirect_chain, said(answer)
    return answer


def refused(client: Client, **form: Any) -> str:
    """Send the form, which must come back with a reason; return the reason."""
    answer = client.post(PUT, form)
    assert answer.status_code in {200, 413}
    assert Run.objects.count() == 0
    return said(answer)


def test_only_what_the_person_may_change_is_offered(ada: Member) -> None:
    ada.has([], id="a" * 22)
    ada.spotify.add_user("bob", allowed=True)
    ada.spotify.add_playlist("bob", name="Bob's", uris=[], in_library_of=["ada"])

    page = ada.browser().get(PUT).content.decode()

    assert f'value="{"a" * 22}"' in page
    assert "Bob&#x27;s" not in page


def test_the_preview_counts_and_names_lines_without_a_track(ada: Member) -> None:
    playlist_id = ada.has(tracks(100))
    lines = [*tracks(50, start=80), tracks(1)[0], "spotify:album:" + "a" * 22, "<b>no link</b>"]

    page = previewed(ada.browser(), list="\n".join(lines), playlist=playlist_id, mode="replace")

    text = " ".join(page.content.decode().split())
    for part in ("<dt>kept</dt><dd>21</dd>", "<dd>30</dd>", "<dd>79</dd>"):
        assert part in text
    assert "2 lines without a track" in text
    assert "a link to an album, not to a track" in text
    assert "&lt;b&gt;no link&lt;/b&gt;" in text
    assert "<b>no link" not in text
    assert "21 kept with their dates, 30 added, 79 removed, 1 block moved: 3 calls" in text
    assert "more than 50 %" in text
    assert ada.spotify.uris(playlist_id) == tracks(100)
    assert not [row for row in ada.spotify.log() if row["method"] in {"POST", "PUT", "DELETE"}]


def test_the_preview_says_which_dates_are_lost(ada: Member) -> None:
    form = {"playlist": ada.has(tracks(100)), "mode": "replace", "dates": "cheapest"}

    page = previewed(ada.browser(), list="\n".join(tracks(60, start=30)[::-1]), **form)

    assert "60 tracks that stay will get a new “date added”" in said(page)


def test_the_preview_of_adding_says_what_is_there_already(ada: Member) -> None:
    playlist_id = ada.has(tracks(100))

    page = previewed(ada.browser(), list="\n".join(tracks(30, start=90)), playlist=playlist_id)

    text = " ".join(page.content.decode().split())
    assert "<dt>kept</dt><dd>100</dd>" in text
    assert "10 of them are in the playlist already" in text


def test_local_files_stay_where_a_list_is_replaced_and_the_preview_says_so(ada: Member) -> None:
    local = "spotify:local:Me:Demo:Song:180"
    playlist_id = ada.has([*tracks(3), local])

    page = previewed(ada.browser(), list=tracks(1)[0], playlist=playlist_id, mode="replace")

    assert "1 local file or unavailable track stays" in said(page)
    ada.browser().post(page.redirect_chain[-1][0])
    assert worked(Run.objects.get()).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == [tracks(1)[0], local]


def test_what_was_taken_out_by_hand_is_named_and_put_back_before_the_start(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    run = worked(ada.wants(tracks(20, start=100), playlist_id))
    ada.later(run, seconds=60)  # what comes next is no old list any more
    edit(ada, "DELETE", playlist_id, {"items": [{"uri": tracks(1, start=104)[0]}]})
    browser = ada.browser()
    form = {"list": "\n".join(tracks(20, start=100)), "playlist": playlist_id, "mode": "replace"}

    page = previewed(browser, **form)
    assert "1 taken out by hand" in page.content.decode()
    address = page.redirect_chain[-1][0]
    browser.post(address, {"put_back": "1"})
    browser.post(address)

    assert worked(Run.objects.latest("pk")).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == tracks(20, start=100)


def test_a_preview_of_a_list_that_has_changed_since_is_shown_anew(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    browser = ada.browser()
    previewed(browser, list="\n".join(tracks(10)), playlist=playlist_id, mode="replace")
    run = Run.objects.get()
    edit(ada, "DELETE", playlist_id, {"items": [{"uri": uri} for uri in tracks(4)]})

    again = browser.post(f"/playlists/put/{run.uuid}/")

    assert "has changed since you looked" in said(again)
    assert "<dd>6</dd>" in again.content.decode()
    run.refresh_from_db()
    assert run.state == Run.State.DRAFT
    browser.post(f"/playlists/put/{run.uuid}/")
    assert worked(run).state == Run.State.DONE


def test_starting_twice_starts_once(ada: Member) -> None:
    browser = ada.browser()
    page = previewed(browser, list="\n".join(tracks(3)), playlist=ada.has([]), mode="replace")
    address = page.redirect_chain[-1][0]

    first, second = browser.post(address), browser.post(address)

    run = Run.objects.get()
    assert first["Location"] == second["Location"] == f"/runs/{run.uuid}/"
    assert run.state == Run.State.QUEUED


def test_a_second_run_on_a_playlist_has_to_wait(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    ada.wants(tracks(5), playlist_id)
    browser = ada.browser()
    page = previewed(browser, list="\n".join(tracks(4)), playlist=playlist_id)

    answer = browser.post(page.redirect_chain[-1][0], follow=True)

    assert "Another run is at work on this playlist" in said(answer)
    assert Run.objects.active().count() == 1


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"list": ""}, "Paste some links to tracks, or choose a file."),
        ({"list": "hello"}, "Line 1: not a Spotify link."),
        ({"list": "https://open.spotify.com/album/" + "a" * 22}, "a link to an album"),
        ({"list": "spotify:local:A:B:C:1"}, "a local file"),
        ({"list": '=HYPERLINK("x")'}, "a formula, not a link"),
        ({"list": "\n".join(tracks(11_000))}, "That is 11,000 lines. A list can have at most"),
        ({"list": tracks(1)[0], "playlist": "b" * 22}, "not one of yours"),
        ({"list": tracks(1)[0], "playlist": "new"}, "Give the new playlist a name"),
        ({"list": tracks(1)[0], "playlist": "new", "name": "x" * 101}, "up to 100 letters"),
        ({"list": tracks(1)[0], "name": "x", "mode": "burn"}, "Select a valid choice"),
        ({"list": "x\0y", "name": "x"}, "ull characters are not allowed"),
        ({"list": "a" * 3_000_000, "name": "x"}, "too much text to paste"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_bad_form_comes_back_with_a_reason(ada: Member, form: dict[str, str], words: str) -> None:
    assert words in refused(ada.browser(), **form)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.csv", b"", "There is no link to a track in it."),
        ("a.xlsx", b"PK\x03\x04....", "This is a spreadsheet"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a text file"),
        ("a.txt", b"\xff\xfe\x00", "characters cannot be read"),
        ("big.txt", b"x\n" * 26_000_000, "That file is too big. A list can have at most 10 MB."),
        ("long.txt", "\n".join(tracks(11_000)).encode(), "That is 11,000 lines."),
    ],
    ids=["empty", "spreadsheet", "picture", "encoding", "50 MB", "11,000 lines"],
)
def test_a_bad_file_comes_back_with_a_reason(
    ada: Member, name: str, data: bytes, words: str
) -> None:
    file = SimpleUploadedFile(name, data)

    assert words in refused(ada.browser(), file=file, playlist="new", name="Mine")


def test_the_token_against_forgery_is_asked_for(ada: Member) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user, backend=BACKEND)

    answer = browser.post(PUT, {"list": tracks(1)[0], "name": "x"})

    assert answer.status_code == 403
    assert Run.objects.count() == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"status": 403, "text": "User not registered in the Developer Dashboard"},
            "list of users",
        ),
        (
            {"status": 429, "text": "Too many requests", "headers": {"Retry-After": "50400"}},
            "asks this site to wait. Please try again at",
        ),
        ({"status": 503, "text": "upstream connect error"}, "does not answer as it should"),
        ({"kind": "drop"}, "does not answer as it should"),
        ({"status": 200, "text": "<html>"}, "does not answer as it should"),
    ],
    ids=["allow list", "quota", "down", "cut", "html"],
)
@pytest.mark.parametrize("path", ["/me/playlists$", ITEMS])
def test_trouble_at_spotify_is_said_on_the_page(
    ada: Member, answer: dict[str, Any], words: str, path: str
) -> None:
    playlist_id = ada.has(tracks(3))
    ada.spotify.fault(path=path, times=None, **answer)
    form = {"list": tracks(1)[0], "playlist": playlist_id, "mode": "replace"}

    assert words in refused(ada.browser(), **form)


def test_a_person_who_revoked_us_is_asked_to_reconnect(ada: Member) -> None:
    ada.spotify.revoke("ada", access_tokens=True)

    assert "Spotify needs your permission again" in said(ada.browser().get(PUT))


def test_the_page_of_a_run_that_lost_its_access_leads_to_reconnect_and_back(ada: Member) -> None:
    run = ada.wants(tracks(1))
    Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED, code="needs_reconnect")
    page = run.get_absolute_url()

    assert f'href="/connections/?next={page}"' in ada.browser().get(page).text


def test_a_person_without_spotify_is_led_to_connect_it(transactional_db: None) -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("eve@example.org"), backend=BACKEND)

    answer = browser.get(PUT)

    assert f'href="/connections/?next={PUT}"' in answer.content.decode()
    assert browser.post(PUT, {"list": tracks(1)[0]}).status_code == 200


def test_names_with_half_a_character_are_shown_and_stored_without_it(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    playlist = {
        "id": playlist_id,
        "name": "Broken \ud83d",
        "owner": {"id": "ada"},
        "snapshot_id": "x",
        "items": {"total": 1},
    }
    entry = {"item": {"uri": tracks(1)[0], "name": "Song \udc00"}}
    for path, found in (("/me/playlists$", playlist), (ITEMS, entry)):
        text = json.dumps({"items": [found], "total": 1})  # escaped: "\\ud83d" is valid JSON
        ada.spotify.fault(path=path, status=200, text=text, times=None)
    browser = ada.browser()

    assert "Broken ?" in browser.get(PUT).content.decode()
    previewed(browser, list=tracks(1)[0], playlist=playlist_id, mode="replace")

    run = Run.objects.get()
    assert run.name == "Broken ?"
    assert run.start()
    assert worked(run).state == Run.State.DONE, run.sentence


@pytest.fixture
def second(ada: Member) -> Member:
    """Ada's other account at Spotify, which does not take its token any more."""
    other = Member.joins(ada.spotify, "ada2", user=ada.user)
    ada.spotify.revoke("ada2", access_tokens=True)
    return other


def test_trouble_with_one_account_leaves_the_other_to_be_used(ada: Member, second: Member) -> None:
    playlist_id = ada.has(tracks(3))
    browser = ada.browser()

    told = said(browser.get(PUT))
    assert f"{second.account.uid}: Spotify needs your permission again" in told
    previewed(browser, list=tracks(1)[0], playlist=playlist_id)
    previewed(browser, list=tracks(1)[0], playlist="", name="Fresh")
    previewed(browser, list=tracks(1)[0], playlist=f"new:{ada.account.pk}", name="Fresh")

    assert {run.account for run in Run.objects.all()} == {ada.account}


def test_the_account_in_trouble_is_refused_with_the_reason(ada: Member, second: Member) -> None:
    browser = ada.browser()
    wish = f"new:{second.account.pk}"

    assert f'value="{wish}" disabled' in browser.get(PUT).content.decode()
    told = refused(browser, list=tracks(1)[0], playlist=wish, name="Fresh")
    assert "Cannot be used now. Pick another one" in told
    theirs = second.has(tracks(3))
    told = refused(browser, list=tracks(1)[0], playlist=theirs)
    assert "not among those that Spotify shows us now" in told


@pytest.mark.parametrize(("kind", "other"), [("public", "private"), ("private", "public")])
def test_a_right_that_is_missing_switches_the_choice_off(
    spotify: Control, transactional_db: None, kind: str, other: str
) -> None:
    scopes = [scope for scope in BASE if scope != f"playlist-modify-{kind}"]
    ada = Member.joins(spotify, "ada", scopes=scopes)
    closed = ada.has(tracks(3), public=kind == "public")
    open_ = ada.has(tracks(3), public=other == "public")
    browser = ada.browser()

    page = browser.get(PUT).content.decode()
    assert f'value="{closed}" disabled' in page
    assert f'value="{open_}" disabled' not in page
    assert ('value="new" disabled' in page) == (kind == "private")
    assert f"the connection lacks the right to change {kind} playlists" in page
    told = refused(browser, list=tracks(1)[0], playlist=closed)
    assert f"The connection lacks the right to change {kind} playlists. Pick another" in told
    previewed(browser, list=tracks(1)[0], playlist=open_)


@pytest.mark.parametrize(
    ("path", "status", "message", "words"),
    [
        ("/me/playlists$", 404, "Not found.", "Spotify does not show your playlists now."),
        (ITEMS, 404, "Not found.", "Spotify does not find the playlist (any more)."),
        ("/me/playlists$", 403, "Insufficient client scope", "the right to see your playlists."),
        (ITEMS, 403, "Insufficient client scope", "the right to see this playlist."),
        (ITEMS, 403, "Forbidden", "does not let this account see the playlist."),
    ],
)
def test_what_spotify_refused_to_show_is_said_as_that(
    ada: Member, path: str, status: int, message: str, words: str
) -> None:
    playlist_id = ada.has(tracks(3))
    error = {"error": {"status": status, "message": message}}
    ada.spotify.fault(path=path, status=status, json=error, times=None)

    assert words in refused(ada.browser(), list=tracks(1)[0], playlist=playlist_id)


def test_a_short_pause_has_no_time_of_day(ada: Member) -> None:
    ada.spotify.fault(path="/me/playlists$", status=429, headers={"Retry-After": "2"})

    assert "Please try again in a few seconds." in said(ada.browser().get(PUT))


def test_runs_of_others_are_not_there(ada: Member) -> None:
    run = ada.wants(tracks(3), ada.has([]))
    draft = Run.objects.create(user=ada.user, account=ada.account, mode="append", name="x")
    bob = Member.joins(ada.spotify, "bob").browser()

    for path in (f"/runs/{run.uuid}/", f"/runs/{run.uuid}.json", f"{PUT}{draft.uuid}/"):
        assert bob.get(path).status_code == 404
    for path in (f"{PUT}{draft.uuid}/", f"/runs/{run.uuid}/cancel/", f"/runs/{run.uuid}/retry/"):
        assert bob.post(path).status_code == 404
    assert str(run.uuid) not in bob.get("/runs/").content.decode()
    for path in (PUT, "/runs/", f"/runs/{run.uuid}/", f"/runs/{run.uuid}.json"):
        assert Client().get(path).status_code == 302


def test_the_list_of_runs_takes_the_same_queries_for_one_and_for_three(ada: Member) -> None:
    browser = ada.browser()
    ada.wants(tracks(3), ada.has([]))
    browser.get("/runs/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get("/runs/")
    ada.wants(tracks(3), ada.has([]))
    ada.wants(tracks(3), ada.has([]))

    with CaptureQueriesContext(connection) as three:
        browser.get("/runs/")

    assert len(three) == len(one)


def test_a_waiting_run_says_when_it_resumes(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    ada.spotify.fault(path=ITEMS, status=429, text="", headers={"Retry-After": "50400"})
    run = worked(ada.wants(tracks(5), playlist_id))

    told = ada.browser().get(f"/runs/{run.uuid}.json").json()

    assert told["state"] == "waiting"
    assert told["error"].startswith("Spotify asks this site to slow down; this resumes at ")
    assert told["resumes_at"] > clock.now().isoformat()


def test_a_failed_run_is_tried_again_from_its_page(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    error = {"error": {"status": 403, "message": "Forbidden"}}
    ada.spotify.fault(method="POST", path=ITEMS, status=403, json=error)
    run = worked(ada.wants(tracks(5), playlist_id, mode="append"))
    assert run.state == Run.State.FAILED
    browser = ada.browser()
    assert "Try again" in browser.get(f"/runs/{run.uuid}/").content.decode()

    browser.post(f"/runs/{run.uuid}/retry/")

    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == [*tracks(3), *tracks(5)]


def test_pages_wait_for_a_hung_valkey_once(ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "QUIET_SECONDS", 600.0)
    playlist_id = ada.has(tracks(3))
    browser = ada.browser()
    server = redis.Redis.from_url(settings.REDIS_URL)
    pid = control.running()["valkey"]["pid"]
    before = server.info("stats")["total_connections_received"]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert browser.get(PUT).status_code == 200
        page = previewed(browser, list=tracks(1)[0], playlist=playlist_id, mode="append")
        browser.post(page.redirect_chain[-1][0])
    finally:
        os.kill(pid, signal.SIGCONT)

    # Who waits in vain drops the connection, and who asks next makes a new one.
    assert server.info("stats")["total_connections_received"] - before <= 1
    assert Run.objects.get().state == Run.State.QUEUED
