"""A list from elsewhere becomes tracks: what is searched for, how often, and what stays known."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from accounts import export, leaving, tokens
from accounts.models import User
from accounts.signals import account_moved
from playlists import match_runs, matchings, tasks
from playlists.models import Choice, Matching, MatchLine, Run, StoredList
from playlists.push import Pace
from spotsite import clock
from tests.playlists.cast import Member, said, tracks, worked
from tests.playlists.test_version_pages import text_of
from tests.processes import Worker, wait_for

NEW = "/matches/new/"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]>'
    "<playlist><title>&b;</title></playlist>"
)
SEARCH = r"/search$"
VISION, WHITE, RED, LIVE = (f"spotify:track:{number:022d}" for number in range(900, 904))
SONGS = [
    {"id": VISION[14:], "title": "One Vision", "artists": ["Queen"], "isrc": "GBUM71029604"},
    {"id": WHITE[14:], "title": "Winter Song", "artists": ["The Whites"], "duration_s": 180},
    {"id": RED[14:], "title": "Winter Song", "artists": ["The Whites"], "duration_s": 260},
    {"id": LIVE[14:], "title": "Summer Song - Live", "artists": ["The Reds"]},
]


@pytest.fixture
def ada(ada: Member) -> Member:
    ada.spotify.change_catalogue(tracks=SONGS)
    ada.spotify.clear_log()
    return ada


@pytest.fixture
def one_search_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_runs, "SLICE_SECONDS", 0.0)


def brought(ada: Member, text: str, **form: Any) -> Matching:
    answer = ada.browser().post(NEW, {"list": text, **form}, follow=True)
    assert answer.redirect_chain, said(answer)
    return Matching.objects.latest("pk")


def refused(ada: Member, **form: Any) -> str:
    answer = ada.browser().post(NEW, form)
    assert answer.status_code in {200, 413}
    assert Matching.objects.count() == 0
    return said(answer)


def one_slice(matching: Matching) -> Pace | None:
    claimed = Matching.objects.claim(matching.pk)
    return match_runs.work_on(claimed) if claimed else None


def searched(matching: Matching) -> Matching:
    """Do what workers do until it ends or waits."""
    while one_slice(matching) is Pace.NOW:
        pass
    matching.refresh_from_db()
    return matching


def searches(ada: Member) -> list[str]:
    return [row["query"]["q"] for row in ada.spotify.log() if row["path"].endswith("/search")]


def states(matching: Matching) -> list[str]:
    return list(matching.lines.order_by("position").values_list("state", flat=True))


def line(matching: Matching, position: int = 0) -> MatchLine:
    return matching.lines.get(position=position)


def answer(ada: Member, matching: Matching, **form: Any) -> Any:
    form = {name.replace("_", "-"): value for name, value in form.items()}
    return ada.browser().post(f"{matching.get_absolute_url()}lines/", form, follow=True)


# Searches ---


def test_each_unknown_line_is_searched_for_once_and_links_cost_nothing(ada: Member) -> None:
    text = f"""{tracks(1)[0]}
    Queen - One Vision
    GBUM71029604
    QUEEN - One Vision
    Queen - One Vision
    The Whites - Winter Song
    Nobody - No Such Song"""
    matching = searched(brought(ada, text, name="Mixed"))

    assert matching.state == Matching.State.DONE
    assert states(matching) == [*["matched"] * 5, "ambiguous", "missing"]
    assert len(searches(ada)) == matching.calls_used == 4
    assert matching.done == matching.total == 7
    found = matchings.tracks(matching)
    assert list(found.uris) == [tracks(1)[0], *[VISION] * 4]
    assert [one.reason for one in found.unmatched] == [
        "nobody has chosen which track it is",
        "not found at Spotify",
    ]
    assert ada.spotify.log()[-1]["status"] == 200


def test_a_list_of_links_is_done_without_a_search(ada: Member) -> None:
    matching = brought(ada, "\n".join(tracks(3)))

    assert matching.state == Matching.State.DONE
    assert one_slice(matching) is None
    assert searches(ada) == []


def test_an_isrc_that_finds_nothing_waits_for_a_search_by_text(ada: Member) -> None:
    data = b"Track name,Artist name,ISRC\nOne Vision,Queen,GBXXX0000001\n"
    file = SimpleUploadedFile("list.csv", data)
    matching = searched(brought(ada, "", file=file))
    row = line(matching)
    assert (row.state, row.can_search_by_text) == ("missing", True)
    assert searches(ada) == ["isrc:GBXXX0000001"]

    page = answer(ada, matching, search=row.pk, **{f"words_{row.pk}": "queen one vision"})
    assert "Line 2: 1 found." in said(page)
    assert len(searches(ada)) == 2
    row.refresh_from_db()
    assert (row.state, row.uri) == ("ambiguous", "")
    answer(ada, matching, **{f"line_{row.pk}": VISION})

    assert list(matchings.tracks(matching).uris) == [VISION]


def test_a_search_that_spotify_does_not_take_stops_no_other(ada: Member) -> None:
    error = {"error": {"status": 400, "message": "Bad request"}}
    ada.spotify.fault(path=SEARCH, status=400, json=error)

    matching = searched(brought(ada, "A - B\nQueen - One Vision"))

    assert states(matching) == ["missing", "matched"]


# Going on ---


@pytest.mark.usefixtures("one_search_a_slice")
def test_it_goes_on_where_a_killed_worker_stopped(ada: Member) -> None:
    matching = brought(ada, "\n".join(f"Nobody - Song {number}" for number in range(4)))
    assert one_slice(matching) is Pace.NOW
    dead = Matching.objects.claim(matching.pk)  # and its holder is killed
    assert dead is not None
    assert one_slice(matching) is None

    clock.move(timedelta(seconds=21))
    assert list(Matching.objects.forgotten()) == [matching]
    searched(matching)

    assert matching.state == Matching.State.DONE
    assert len(searches(ada)) == len(set(searches(ada))) == 4
    assert match_runs.work_on(dead) is Pace.NEVER  # it lost the lease, and stores nothing
    assert matching.calls_used == 4


def test_it_waits_for_the_end_of_a_pause_and_then_goes_on(ada: Member) -> None:
    ada.spotify.fault(path=SEARCH, status=429, text="", headers={"Retry-After": "300"})
    matching = searched(brought(ada, "Queen - One Vision"))
    assert (matching.state, matching.code) == (Matching.State.WAITING, "rate_limited")
    assert "this resumes" in text_of(ada.browser().get(matching.get_absolute_url()))
    told = ada.browser().get(f"/matches/{matching.uuid}.json").json()
    assert (told["state"], told["done"], told["total"]) == ("waiting", 0, 1)

    clock.move(timedelta(seconds=400))
    ada.spotify.advance(seconds=400)

    assert searched(matching).state == Matching.State.DONE
    assert states(matching) == ["matched"]


def test_it_ends_for_want_of_consent_and_goes_on_when_that_is_back(ada: Member) -> None:
    matching = brought(ada, "Queen - One Vision")
    ada.spotify.revoke(ada.name)
    tokens.require_reconnect(ada.credential.pk)
    matching.refresh_from_db()
    assert (matching.state, matching.code) == (Matching.State.FAILED, "needs_reconnect")

    ada.consents_again()

    assert searched(matching).state == Matching.State.DONE


def test_it_is_stopped_and_gone_on_with_from_its_page(ada: Member) -> None:
    matching = brought(ada, "Queen - One Vision")
    browser = ada.browser()

    browser.post(f"{matching.get_absolute_url()}cancel/")
    assert one_slice(matching) is None
    assert "Go on searching" in text_of(browser.get(matching.get_absolute_url()))
    browser.post(f"{matching.get_absolute_url()}retry/")

    assert searched(matching).state == Matching.State.DONE


def test_lists_of_one_person_take_turns(ada: Member) -> None:
    first, second = brought(ada, "A - B"), brought(ada, "C - D")

    assert Matching.objects.claim(first.pk, in_turn=True) is not None
    assert Matching.objects.claim(second.pk, in_turn=True) is None


def test_a_worker_searches_without_being_told_twice(ada: Member, worker: Worker) -> None:
    matching = brought(ada, "Queen - One Vision\nNobody - Nothing")

    def state() -> str:
        return Matching.objects.values_list("state", flat=True).get(pk=matching.pk)

    wait_for(lambda: state() == Matching.State.DONE, seconds=30, what="the searches to end")
    assert len(searches(ada)) == 2


def test_a_worker_killed_in_a_search_is_replaced_and_only_that_search_is_made_again(
    ada: Member, worker: Worker
) -> None:
    ada.spotify.fault(path=SEARCH, skip=2, kind="hang", when="before")
    matching = brought(ada, "\n".join(f"Nobody - Song {number}" for number in range(5)))
    wait_for(lambda: ada.spotify.faults()[0]["hit"], what="the search to hang")
    worker.kill()
    assert states(matching).count("missing") == 2
    clock.move(timedelta(seconds=21))

    assert searched(matching).state == Matching.State.DONE

    assert states(matching) == ["missing"] * 5
    assert sorted(Counter(searches(ada)).values()) == [1, 1, 1, 1, 2]


def test_the_sweep_tells_of_what_was_forgotten(ada: Member, worker: Worker) -> None:
    matching = brought(ada, "A - B")
    wait_for(
        lambda: Matching.objects.get(pk=matching.pk).state == "done", what="the searches to end"
    )
    Matching.objects.filter(pk=matching.pk).update(state="queued", nudged_at=None)

    tasks.sweep()

    wait_for(lambda: Matching.objects.get(pk=matching.pk).state == "done", what="the sweep's nudge")


# Choices ---


def test_a_choice_counts_for_equal_lines_and_is_remembered_for_lists_to_come(ada: Member) -> None:
    text = "The Whites - Winter Song\nthe whites - winter song"
    matching = searched(brought(ada, text))
    row = line(matching)
    assert [one["uri"] for one in row.candidates] == [WHITE, RED]

    page = answer(ada, matching, **{f"line_{row.pk}": RED})
    assert "remembered" in said(page)
    assert list(matchings.tracks(matching).uris) == [RED, RED]
    ada.spotify.clear_log()
    again = brought(ada, "Whites - Winter Song\nwinter song - the whites")

    assert line(again).how == MatchLine.How.REMEMBERED
    assert line(again).uri == RED
    searched(again)
    assert len(searches(ada)) == states(again).count("ambiguous")


def test_what_was_chosen_meanwhile_in_another_list_is_not_searched_for(ada: Member) -> None:
    first, second = brought(ada, "The Whites - Winter Song"), brought(ada, "Whites - Winter Song")
    searched(first)
    answer(ada, first, **{f"line_{line(first).pk}": RED})
    ada.spotify.clear_log()

    assert searched(second).state == Matching.State.DONE

    assert (line(second).uri, second.done) == (RED, 1)
    assert searches(ada) == []


def test_choices_of_others_count_for_nobody_else(ada: Member) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))
    answer(ada, matching, **{f"line_{line(matching).pk}": RED})
    bob = Member.joins(ada.spotify, "bob")

    assert states(brought(bob, "The Whites - Winter Song")) == ["waiting"]


def test_a_match_can_be_corrected_and_is_not_made_again(ada: Member) -> None:
    matching = searched(brought(ada, "Queen - One Vision"))
    row = line(matching)
    page = text_of(ada.browser().get(f"{matching.get_absolute_url()}lines/?show=matched"))
    assert "by a search" in page.lower()

    answer(ada, matching, **{f"line_{row.pk}": "none"})
    assert states(matching) == ["missing"]
    answer(ada, matching, **{f"line_{row.pk}": VISION})
    assert Choice.objects.get().uri == VISION
    answer(ada, matching, **{f"line_{row.pk}": "skip"})

    assert states(matching) == ["skipped"]
    assert not Choice.objects.exists()


def test_only_what_was_found_can_be_chosen(ada: Member) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))

    page = answer(ada, matching, **{f"line_{line(matching).pk}": tracks(1)[0]})

    assert "not among what was found" in said(page)
    assert states(matching) == ["ambiguous"]


@pytest.mark.parametrize("search", ["0", "x", "9" * 30, "-1"])
def test_a_search_for_no_line_of_the_list_is_not_there(ada: Member, search: str) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))

    assert answer(ada, matching, search=search).status_code == 404


def test_lines_are_asked_about_some_a_page_in_the_same_queries(
    ada: Member, django_assert_max_num_queries: Any
) -> None:
    matching = searched(brought(ada, "\n".join(f"Nobody - Song {n}" for n in range(45))))
    browser = ada.browser()
    browser.get(f"{matching.get_absolute_url()}lines/")

    with django_assert_max_num_queries(10):
        page = browser.get(f"{matching.get_absolute_url()}lines/?page=3").content.decode()

    assert page.count("<fieldset") == 5
    assert "Open (45)" in page


# What becomes of it ---


def test_the_list_is_put_into_a_playlist_with_the_usual_preview(ada: Member) -> None:
    matching = searched(brought(ada, "Queen - One Vision\nNobody - Nothing\nLive is nothing"))
    target = ada.has([])
    browser = ada.browser()
    address = f"/playlists/put/?from={matching.uuid}"
    assert "1 track of" in text_of(browser.get(address))

    page = browser.post(address, {"playlist": target}, follow=True)

    assert "lines without a track" in text_of(page)
    run = Run.objects.get()
    assert run.start()
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(target) == [VISION]


def test_a_list_without_a_track_empties_no_playlist(ada: Member) -> None:
    matching = searched(brought(ada, "Nobody - Nothing"))
    target = ada.has(tracks(3))

    page = ada.browser().post(
        f"/playlists/put/?from={matching.uuid}", {"playlist": target, "mode": "replace"}
    )

    assert "No line of this list is a track yet" in said(page)
    assert not Run.objects.exists()


@pytest.mark.parametrize("uuid", ["x", "0" * 32])
def test_no_list_of_that_name_is_not_there(ada: Member, uuid: str) -> None:
    assert ada.browser().get(f"/playlists/put/?from={uuid}").status_code == 404


def test_the_list_is_stored_for_recipes_and_changed_there_too(ada: Member) -> None:
    matching = searched(brought(ada, "Queen - One Vision\nThe Whites - Winter Song"))
    browser = ada.browser()
    browser.post(f"{matching.get_absolute_url()}store/")
    answer(ada, matching, **{f"line_{line(matching, 1).pk}": WHITE})

    browser.post(f"{matching.get_absolute_url()}store/")

    kept = StoredList.objects.get()
    assert kept.uris == [VISION, WHITE]
    assert str(kept.uuid) in browser.get(matching.get_absolute_url()).content.decode()


def test_one_stored_list_too_many_is_refused(ada: Member, settings: Settings) -> None:
    settings.LIST_COUNT = 1
    StoredList.objects.create(user=ada.user, name="Tapes")
    matching = searched(brought(ada, "Queen - One Vision"))
    browser = ada.browser()

    answer = browser.post(f"{matching.get_absolute_url()}store/", follow=True)

    assert "You have 1 stored list, which is the most" in answer.content.decode()
    assert StoredList.objects.get().name == "Tapes"


# Bad input ---


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", "\n".join(f"A - {n}" for n in range(11_000)), "at most 10,000"),
        ("a.json", "[" * 300_000, ""),
        ("a.json", '{"items": ' + "[" * 900 + "]" * 900 + "}", ""),
        (
            "a.xspf",
            BOMB,
            "",
        ),
        ("a.csv", "PK\x03\x04", "spreadsheet or an archive"),
        ("a.txt", "\n\n \n", "no track in it"),
    ],
    ids=["long", "deep", "deeper", "bomb", "zip", "empty"],
)
def test_a_bad_file_gets_one_clear_sentence(ada: Member, name: str, data: str, words: str) -> None:
    told = refused(ada, file=SimpleUploadedFile(name, data.encode()))

    assert words in told
    assert 10 < len(told) < 200


def test_a_file_of_more_than_10_mb_and_a_text_too_long_to_paste_are_refused(ada: Member) -> None:
    big = "Queen - One Vision\n" * 700_000

    assert "too big" in refused(ada, file=SimpleUploadedFile("a.txt", big.encode()))
    assert "too much text" in refused(ada, list=big)


def test_both_or_nothing_is_no_list(ada: Member) -> None:
    file = SimpleUploadedFile("a.txt", b"A - B")

    assert "not both" in refused(ada, list="A - B", file=file)
    assert "Paste a list" in refused(ada)


def test_a_list_of_10_000_lines_is_stored_at_once(ada: Member) -> None:
    matching = brought(ada, "\n".join(f"Nobody {n} - Song {n}" for n in range(10_000)))
    assert matching.lines.count() == matching.total == 10_000


# Whose it is ---


def test_lists_of_others_are_not_there(ada: Member) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))
    row = line(matching)
    bob = Member.joins(ada.spotify, "bob")
    own = searched(brought(bob, "The Whites - Winter Song"))

    page = answer(bob, own, **{f"line_{row.pk}": RED})
    assert page.status_code == 200
    assert states(matching) == ["ambiguous"]
    assert answer(bob, own, search=row.pk).status_code == 404
    assert bob.browser().get(f"/playlists/put/?from={matching.uuid}").status_code == 404


def test_a_list_goes_along_with_its_account_and_with_the_person(ada: Member) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))
    answer(ada, matching, **{f"line_{line(matching).pk}": RED})
    ada.browser().post(f"{matching.get_absolute_url()}store/")
    (told,) = export.sections["lists_from_elsewhere"](ada.user)
    assert told["lines"] == [{"text": "The Whites - Winter Song", "state": "matched", "uri": RED}]
    assert [one["uri"] for one in export.sections["choices"](ada.user)] == [RED]
    assert export.archive(ada.user)
    other = User.objects.create_user("other@example.org", "a-password-of-theirs")

    tokens.move(ada.account, to=other)
    account_moved.send(
        None, account_id=ada.account.pk, from_user_id=ada.user.pk, to_user_id=other.pk
    )
    moved = Matching.objects.get()
    assert (moved.user, moved.stored) == (other, None)
    assert StoredList.objects.get().user == ada.user
    leaving.leave(other, withdraw=False)

    assert not Matching.objects.exists()


def test_deleting_a_list_forgets_no_choice(ada: Member) -> None:
    matching = searched(brought(ada, "The Whites - Winter Song"))
    answer(ada, matching, **{f"line_{line(matching).pk}": RED})

    ada.browser().post(f"{matching.get_absolute_url()}delete/")

    assert not Matching.objects.exists()
    assert Choice.objects.count() == 1


def test_a_search_by_text_that_is_put_off_says_so(ada: Member) -> None:
    matching = searched(brought(ada, "Nobody - Nothing"))
    ada.spotify.fault(path=SEARCH, status=429, text="", headers={"Retry-After": "300"})

    page = answer(ada, matching, search=line(matching).pk)

    assert "Spotify asks this site to wait" in said(page)
