"""The time machine's pages: what a person sees of versions, and how they have them back."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Credential
from playlists import titles, versions
from playlists.models import Run, Track, Version
from playlists.spotify import Item
from spotsite import clock
from tests.playlists.cast import Member, said, tracks, worked, writes

DATE = "2026-01-01T00:00:00Z"
LOCAL = "spotify:local:Me:Demo:My+Song%21:180"
LIST = "p" * 22


def frozen(
    member: Member, *uris: str, playlist_id: str = LIST, title: str = "Song", date: str = DATE
) -> Version:
    items = [
        Item(uri, date, uri.startswith("spotify:local:"), title=f"{title} {uri[-3:]}" * bool(title))
        for uri in uris
    ]
    cause = Version.Cause.ELSEWHERE
    return versions.freeze(member.account, playlist_id, items, cause=cause)


def text_of(answer: Any) -> str:
    """Return what a page says, without its marks."""
    page = html.unescape(answer.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows(answer: Any) -> list[str]:
    body = answer.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


def page_of(version: Version, **query: Any) -> str:
    wish = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/versions/{version.pk}/?{wish}"


# The timeline ---


def test_the_timeline_names_who_changed_what(ada: Member) -> None:
    playlist_id = ada.has(tracks(5))
    run = worked(ada.wants(tracks(6, start=2), playlist_id))
    frozen(ada, *tracks(6, start=2)[::-1], playlist_id=playlist_id)
    frozen(ada, *tracks(6, start=2)[::-1], playlist_id=playlist_id, date="2026-02-01T00:00:00Z")

    answer = ada.browser().get(f"/playlists/{playlist_id}/versions/")

    dates, order, by_us, found = rows(answer)
    assert "as it was found seen before a run" in found
    assert "nothing to compare with" in found
    assert "by this site put a list" in by_us
    assert "3 added, 2 removed" in by_us
    assert "changed elsewhere 6 the order by" in order
    assert "changed elsewhere 6 dates only by" in dates
    assert run.get_absolute_url() in answer.content.decode()
    assert "Mine" in text_of(answer)


def test_the_timeline_has_pages_and_the_last_of_one_is_compared_too(ada: Member) -> None:
    for uri in tracks(25):
        frozen(ada, uri)
    browser = ada.browser()

    first = browser.get(f"/playlists/{LIST}/versions/")
    second = browser.get(f"/playlists/{LIST}/versions/?page=2")

    assert (len(rows(first)), len(rows(second))) == (20, 5)
    assert [row for row in rows(first) if "nothing to compare" in row] == []
    assert "nothing to compare" in rows(second)[-1]


def test_a_list_that_nobody_manages_has_no_timeline(ada: Member) -> None:
    assert ada.browser().get(f"/playlists/{LIST}/versions/").status_code == 404


def test_versions_of_others_are_not_there(ada: Member) -> None:
    mine, theirs = frozen(ada, *tracks(3)), frozen(ada, *tracks(4))
    bob = Member.joins(ada.spotify, "bob")
    own = frozen(bob, *tracks(2), playlist_id="q" * 22)
    browser = bob.browser()

    pages = [f"/playlists/{LIST}/versions/", page_of(mine)]
    for one, other in ((mine, theirs), (mine, own), (own, mine)):
        pages.append(f"/versions/{one.pk}/diff/{other.pk}/")
    assert {browser.get(page).status_code for page in pages} == {404}
    acts = ("pin", "unpin", "restore", "put-back", "look-up")
    assert {browser.post(f"/versions/{mine.pk}/{act}/").status_code for act in acts} == {404}
    assert not Version.objects.filter(is_pinned=True).exists()
    assert not Run.objects.exists()


def test_two_versions_of_different_lists_are_not_compared(ada: Member) -> None:
    one, other = frozen(ada, *tracks(3)), frozen(ada, *tracks(3), playlist_id="q" * 22)

    assert ada.browser().get(f"/versions/{one.pk}/diff/{other.pk}/").status_code == 404


# One version ---


def test_a_version_is_shown_with_titles_and_without_a_call(ada: Member) -> None:
    version = frozen(ada, *tracks(2), "", LOCAL)
    Track.objects.filter(uri=LOCAL).delete()
    ada.spotify.clear_log()

    answer = ada.browser().get(page_of(version))

    first, second, slot, local = rows(answer)
    assert first == "1 Song 000 2026-01-01"
    assert second == "2 Song 001 2026-01-01"
    assert slot == "3 not available when it was stored 2026-01-01"
    assert local == "4 My Song! local file 2026-01-01"
    assert answer.content.decode().count('type="checkbox"') == 2
    assert "not known any more" not in text_of(answer)
    assert ada.spotify.log() == []


def test_what_a_page_says_of_dates_and_of_what_no_program_can_put_back(ada: Member) -> None:
    version = frozen(ada, *tracks(2), LOCAL)
    frozen(ada, *tracks(1))

    told = text_of(ada.browser().get(page_of(version)))

    assert "comes back with a new “date added”" in told
    assert "1 local file or unavailable track of this version was not in the playlist" in told
    assert "Put back only what is missing (2)" in told


def test_only_what_is_missing_is_shown_when_asked(ada: Member) -> None:
    version = frozen(ada, *tracks(3), tracks(1)[0])
    frozen(ada, *tracks(2))

    answer = ada.browser().get(page_of(version, missing=1))

    assert [row.split()[0] for row in rows(answer)] == ["3", "4"]


def test_a_long_version_is_shown_in_pages(ada: Member) -> None:
    version = frozen(ada, *tracks(450))

    answer = ada.browser().get(page_of(version, page=5))

    assert [row.split()[0] for row in rows(answer)] == [str(one) for one in range(401, 451)]
    assert "401 to 450 of 450" in text_of(answer)


@pytest.mark.parametrize("kind", ["timeline", "version", "diff"])
def test_pages_take_the_same_queries_for_one_item_and_for_many(ada: Member, kind: str) -> None:
    first = frozen(ada, *tracks(1))
    second = frozen(ada, *tracks(2))
    browser = ada.browser()
    address = {
        "timeline": f"/playlists/{LIST}/versions/",
        "version": page_of(first),
        "diff": f"/versions/{first.pk}/diff/{second.pk}/",
    }

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(address[kind]).status_code == 200
        return len(seen)

    queries()
    few = queries()
    versions.freeze(
        ada.account, LIST, [Item(uri, DATE) for uri in tracks(300)], cause=Version.Cause.AFTER
    )
    third = frozen(ada, *tracks(300, start=200))
    address |= {"version": page_of(third), "diff": f"/versions/{first.pk}/diff/{third.pk}/"}

    assert queries() == few
    assert few < 15


def test_a_version_is_pinned_and_unpinned(ada: Member) -> None:
    version = frozen(ada, *tracks(1))
    browser = ada.browser()

    told = text_of(browser.post(f"/versions/{version.pk}/pin/", follow=True))
    assert "Kept until you unpin it" in told
    assert Version.objects.filter(is_pinned=True).get() == version
    browser.post(f"/versions/{version.pk}/unpin/")

    assert not Version.objects.filter(is_pinned=True).exists()


# What changed ---


def test_each_kind_of_change_has_its_list(ada: Member) -> None:
    a, b, c, d, e = tracks(5)
    old = frozen(ada, a, b, c, d)
    items = [Item(uri, DATE) for uri in (c, a, e)] + [Item(d, "2026-03-04T05:06:07Z")]
    new = versions.freeze(ada.account, LIST, items, cause=Version.Cause.AFTER)
    browser = ada.browser()

    def shown(kind: str) -> list[str]:
        return rows(browser.get(f"/versions/{old.pk}/diff/{new.pk}/?show={kind}"))

    assert shown("added") == [f"{e} title not known 3 2026-01-01"]
    assert shown("removed") == ["Song 001 2 2026-01-01"]
    assert shown("moved") in (["Song 002 3 1 2026-01-01"], ["Song 000 1 2 2026-01-01"])
    assert shown("redated") == ["Song 003 4 4 2026-01-01T00:00 → 2026-03-04T05:06"]
    assert shown("nonsense") == shown("added")
    assert shown("added&page=99") == shown("added")


# Titles at a price ---


@pytest.fixture
def forgotten(ada: Member) -> Version:
    return frozen(ada, *tracks(2), *tracks(1), title="")


def test_titles_that_are_not_known_are_looked_up_for_the_price_that_is_shown(
    ada: Member, forgotten: Version
) -> None:
    browser = ada.browser()
    told = text_of(browser.get(page_of(forgotten)))
    assert "2 titles on this page are not known any more: looking them up costs 2 calls" in told
    ada.spotify.clear_log()

    answer = browser.post(f"/versions/{forgotten.pk}/look-up/", {"page": "1"}, follow=True)

    assert [row["path"] for row in ada.spotify.log()] == [
        f"/v1/tracks/{uri.rpartition(':')[2]}" for uri in tracks(2)
    ]
    assert Track.objects.exclude(title="").count() == 2
    assert "not known any more" not in text_of(answer)


def test_what_spotify_does_not_have_any_more_is_asked_for_once(
    ada: Member, forgotten: Version
) -> None:
    ada.spotify.change_catalogue(dead=tracks(1))
    browser = ada.browser()

    answer = browser.post(f"/versions/{forgotten.pk}/look-up/", follow=True)

    assert rows(answer)[0].startswith(f"1 {tracks(1)[0]} not at Spotify now")
    assert "not known any more" not in text_of(answer)
    clock.move(timedelta(days=31))
    assert "1 title on this page is not known" in text_of(browser.get(page_of(forgotten)))
    frozen(ada, *tracks(1), playlist_id="q" * 22)
    assert rows(browser.get(page_of(forgotten)))[0].startswith("1 Song 000")


def test_only_so_many_are_looked_up_at_once(ada: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    version = frozen(ada, *tracks(5), title="")
    monkeypatch.setattr(titles, "MOST", 3)
    browser = ada.browser()

    told = text_of(browser.get(page_of(version)))
    answer = browser.post(f"/versions/{version.pk}/look-up/", follow=True)

    assert "costs 5 calls to Spotify, 3 at a time" in told
    assert "2 titles on this page" in text_of(answer)


def test_looking_up_ends_when_a_person_has_waited_long_enough(
    ada: Member, forgotten: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "SECONDS", 0.0)

    ada.browser().post(f"/versions/{forgotten.pk}/look-up/")

    assert Track.objects.count() == 1


def test_trouble_at_spotify_is_said_and_what_was_found_stays(
    ada: Member, forgotten: Version
) -> None:
    ada.spotify.fault(path="/tracks/0*1$", status=429, headers={"Retry-After": "50400"})

    answer = ada.browser().post(f"/versions/{forgotten.pk}/look-up/", follow=True)

    assert "asks this site to wait. Please try again at" in text_of(answer)
    assert Track.objects.count() == 1


# Having it back ---


def test_a_whole_version_is_drafted_as_a_run(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    version = frozen(ada, *tracks(5), LOCAL, playlist_id=playlist_id)
    Run.objects.create(user=ada.user, account=ada.account, playlist_id=playlist_id, name="Gym")

    answer = ada.browser().post(f"/versions/{version.pk}/restore/")

    run = Run.objects.get(kind=Run.Kind.RESTORE)
    assert answer["Location"] == f"/playlists/put/{run.uuid}/"
    assert (run.user, run.account, run.state) == (ada.user, ada.account, Run.State.DRAFT)
    assert (run.mode, run.by_hand, run.dates) == ("replace", "overwrite", "budget")
    assert (run.name, run.playlist_id) == ("Gym", playlist_id)
    assert (run.wanted, run.context, run.total) == ([*tracks(5), LOCAL], [], 6)


def test_chosen_items_are_drafted_with_the_order_in_which_they_stood(ada: Member) -> None:
    version = frozen(ada, *tracks(5), LOCAL)

    ada.browser().post(f"/versions/{version.pk}/put-back/", {"item": ["3", "1", "5", "3"]})

    run = Run.objects.get()
    assert (run.kind, run.mode, run.name) == ("restore", "insert", LIST)
    assert (run.wanted, run.total) == ([tracks(5)[1], tracks(5)[3]], 2)
    assert run.context == [*tracks(5), LOCAL]


@pytest.mark.parametrize("chosen", [[], ["5"], ["99"], ["x", "-1", "9" * 5000]])
def test_a_choice_of_nothing_is_explained(ada: Member, chosen: list[str]) -> None:
    version = frozen(ada, *tracks(5), LOCAL)
    form = {"item": chosen, "page": "1"}

    answer = ada.browser().post(f"/versions/{version.pk}/put-back/", form, follow=True)

    assert "Choose at least one item that can be put back." in text_of(answer)
    assert not Run.objects.exists()


def loses_consent(member: Member) -> None:
    Credential.objects.update(
        status=Credential.Status.NEEDS_RECONNECT, refresh_ct=None, access_ct=None, key_id=None
    )


def loses_credential(member: Member) -> None:
    Credential.objects.all().delete()


@pytest.mark.parametrize("lose", [loses_consent, loses_credential])
@pytest.mark.parametrize("act", ["restore", "put-back", "look-up"])
def test_without_a_connection_the_page_says_what_to_do(
    ada: Member, lose: Callable[[Member], None], act: str
) -> None:
    version = frozen(ada, *tracks(2), title="")
    lose(ada)

    form = {"item": "0"}
    answer = ada.browser().post(f"/versions/{version.pk}/{act}/", form, follow=True)

    assert "is not connected now. Reconnect it first." in text_of(answer)
    assert not Run.objects.exists()
    assert SocialAccount.objects.filter(pk=ada.account.pk).exists()


def started(ada: Member, answer: Any) -> Run:
    """Press start on the preview that an act led to, and do what workers do."""
    browser = ada.browser()
    browser.get(answer["Location"])
    browser.post(answer["Location"])
    return worked(Run.objects.get(kind=Run.Kind.RESTORE))


def test_a_whole_list_comes_back_as_it_was(ada: Member) -> None:
    playlist_id = ada.has(tracks(40))
    worked(ada.wants(tracks(5, start=100), playlist_id))
    first = Version.objects.order_by("pk")[0]

    run = started(ada, ada.browser().post(f"/versions/{first.pk}/restore/"))

    assert (run.state, run.sentence) == (Run.State.DONE, "")
    assert ada.spotify.uris(playlist_id) == tracks(40)
    assert [one.uris == tracks(40) for one in Version.objects.order_by("pk")] == [True, False, True]
    newest = rows(ada.browser().get(f"/playlists/{playlist_id}/versions/"))[0]
    assert "by this site restore a version" in newest


def test_chosen_items_come_back_where_they_stood(ada: Member) -> None:
    playlist_id = ada.has(tracks(6))
    worked(ada.wants([tracks(6)[0], tracks(6)[3]], playlist_id))
    first = Version.objects.order_by("pk")[0]

    form = {"item": ["1", "4"]}
    run = started(ada, ada.browser().post(f"/versions/{first.pk}/put-back/", form))

    assert (run.state, run.sentence) == (Run.State.DONE, "")
    assert ada.spotify.uris(playlist_id) == [tracks(6)[at] for at in (0, 1, 3, 4)]


def test_all_that_is_missing_comes_back_and_what_was_added_stays(ada: Member) -> None:
    playlist_id = ada.has(tracks(6))
    worked(ada.wants([*tracks(2), *tracks(2, start=50)], playlist_id))
    first = Version.objects.order_by("pk")[0]

    form = {"all_missing": "1"}
    run = started(ada, ada.browser().post(f"/versions/{first.pk}/put-back/", form))

    assert (run.state, run.sentence) == (Run.State.DONE, "")
    assert ada.spotify.uris(playlist_id) == [*tracks(6), *tracks(2, start=50)]


def test_looking_at_a_preview_of_a_restore_writes_nothing(ada: Member) -> None:
    playlist_id = ada.has(tracks(3))
    version = frozen(ada, *tracks(5), playlist_id=playlist_id)

    page = ada.browser().post(f"/versions/{version.pk}/restore/", follow=True)

    assert "Restore in" in text_of(page)
    assert said(page) == ""
    assert writes(ada) == []
