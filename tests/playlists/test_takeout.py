"""What is downloaded: each format, everything as one zip, and that it comes in again."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from playlists import recipe_rows, takeout
from playlists.formats import FORMATS
from playlists.models import Recipe, Run, Track, Version
from playlists.recipes.templates import BY_SLUG
from tests.playlists.cast import Member, said, tracks, worked
from tests.playlists.test_version_pages import LIST, LOCAL, frozen, text_of

NASTY = '=HYPERLINK("x") ]]> , Song'


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    assert answer.streaming
    assert "no-store" in answer["Cache-Control"]
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("key", list(FORMATS))
def test_what_was_exported_is_put_again_as_the_same_list(ada: Member, key: str) -> None:
    kept = [*tracks(600), tracks(1)[0]]
    version = frozen(ada, *kept, LOCAL, "", title=NASTY)
    target = ada.has([])
    ada.spotify.clear_log()
    browser = ada.browser()

    data = body(browser.get(f"/versions/{version.pk}/download/{key}/"))
    assert ada.spotify.log() == []
    file = SimpleUploadedFile(f"list.{key}", data)
    page = browser.post("/playlists/put/", {"file": file, "playlist": target}, follow=True)

    run = Run.objects.get()
    assert run.wanted == kept
    assert "1 line without a track" in " ".join(page.content.decode().split()), said(page)
    assert "a local file: Spotify&#x27;s API cannot add those" in page.content.decode()
    assert run.start()
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(target) == kept


def test_the_newest_version_of_a_playlist_is_the_one_that_its_timeline_offers(ada: Member) -> None:
    frozen(ada, *tracks(3))
    frozen(ada, *tracks(2))
    browser = ada.browser()

    answer = browser.get(f"/playlists/{LIST}/download/json/")

    assert [one["uri"] for one in json.loads(body(answer))["items"]] == tracks(2)
    page = browser.get(f"/playlists/{LIST}/versions/").content.decode()
    assert f'href="/playlists/{LIST}/download/m3u8/"' in page
    assert 'href="/playlists/download/"' in browser.get("/playlists/").content.decode()
    assert 'href="/playlists/download/"' in browser.get("/account/").content.decode()


def test_a_file_is_called_like_its_playlist_as_far_as_systems_take_it(ada: Member) -> None:
    frozen(ada, *tracks(1))
    Run.objects.create(
        user=ada.user, account=ada.account, mode="append", playlist_id=LIST, name='Café "/../\r\n x'
    )

    answer = ada.browser().get(f"/playlists/{LIST}/download/csv/")

    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Caf%C3%A9%20..%20x.csv"
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_format_and_a_playlist_without_versions_are_not_there(ada: Member) -> None:
    version = frozen(ada, *tracks(1))
    browser = ada.browser()

    assert browser.get(f"/versions/{version.pk}/download/exe/").status_code == 404
    assert browser.get(f"/playlists/{'q' * 22}/download/csv/").status_code == 404


def test_files_of_others_are_not_there(ada: Member) -> None:
    version = frozen(ada, *tracks(1))
    bob = Member.joins(ada.spotify, "bob").browser()

    for path in (f"/versions/{version.pk}/download/csv/", f"/playlists/{LIST}/download/csv/"):
        assert bob.get(path).status_code == 404
    with zipfile.ZipFile(io.BytesIO(body(bob.get("/playlists/download/?format=csv")))) as file:
        assert file.namelist() == []


def test_everything_is_one_zip_of_the_newest_versions_and_the_recipes(ada: Member) -> None:
    frozen(ada, *tracks(9))
    frozen(ada, *tracks(3))
    frozen(ada, *tracks(2), playlist_id="q" * 22)
    for playlist_id in (LIST, "q" * 22):  # two of one name
        Run.objects.create(
            user=ada.user, account=ada.account, mode="append", playlist_id=playlist_id, name="Mine"
        )
    known = BY_SLUG["mirror-likes"].make({}, account=ada.account.uid)
    recipe_rows.save(Recipe(user=ada.user, name="Likes / all"), known)
    ada.spotify.clear_log()

    answer = ada.browser().get("/playlists/download/?go=1&format=csv&format=json&format=exe")

    with zipfile.ZipFile(io.BytesIO(body(answer))) as file:
        assert file.testzip() is None
        names = file.namelist()
        lists = [json.loads(file.read(name)) for name in names if name.startswith("playlists/json")]
        recipe = json.loads(file.read("recipes/Likes all.json"))
    assert sorted(names) == [
        *("playlists/csv/Mine (2).csv", "playlists/csv/Mine.csv"),
        *("playlists/json/Mine (2).json", "playlists/json/Mine.json", "recipes/Likes all.json"),
    ]
    assert sorted(len(one["items"]) for one in lists) == [2, 3]
    assert recipe["target"]["account"] == ada.account.uid
    assert ada.spotify.log() == []


def test_without_a_format_nothing_is_sent_and_the_page_says_so(ada: Member) -> None:
    frozen(ada, *tracks(1))

    page = ada.browser().get("/playlists/download/?go=1")

    assert "Choose at least one format." in said(page)
    assert "1 playlist and the recipes" in text_of(page)


def test_titles_are_asked_for_in_batches_while_the_file_is_sent(
    ada: Member, django_assert_num_queries: Any
) -> None:
    version = Version.objects.get(pk=frozen(ada, *tracks(1_200)).pk)

    with django_assert_num_queries(6):  # three times the titles and the clock
        found = list(takeout.rows(version))

    assert [row.uri for row in found] == tracks(1_200)
    assert found[0].title == Track.objects.get(pk=tracks(1)[0]).title
