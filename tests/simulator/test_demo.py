"""The demo world: real lists, five people who may, one who may not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import simulator

DATA = Path(simulator.__file__).parent / "data" / "catalogue.json.gz"


@pytest.fixture
def demo(control):
    control.reset("demo")
    return control


def test_five_people_are_on_the_allow_list_and_zoe_is_not(demo):
    people = demo.users()

    assert [one["name"] for one in people if one["allowed"]] == [
        *("Ada", "Grace", "Linus", "Margaret", "Edsger")
    ]
    assert [one["name"] for one in people if not one["allowed"]] == ["Zoe, not on the allow list"]
    assert all(one["account_id"] != one["id"] for one in people)
    assert {one["name"] for one in demo.facebook_users()} == {
        *("Ada", "Grace", "Linus", "Margaret", "Edsger", "Zoe")
    }


def test_zoe_can_link_and_not_call(demo, spotify, code_of):
    page = spotify.authorize().text
    token = spotify.trade(code_of(demo.consent(spotify.query(), "zoe"))).json()
    spotify.token = token["access_token"]

    assert "Continue as Zoe, not on the allow list" in page
    assert spotify.get("/me").status_code == 403


def test_ada_owns_real_lists_one_of_them_long(demo):
    lists = {one["name"]: one for one in demo.playlists("ada")}

    assert lists["murga"]["total"] == 641
    assert lists["Skatepark Punks"]["collaborative"]
    assert lists["Skatepark Punks"]["collaborators"] == ["grace"]
    assert lists["Shoegaze Classics"]["owner"] == "grace"
    assert sum(one["owner"] == "ada" for one in lists.values()) == 6


def test_odds_and_ends_hold_what_is_awkward(demo, spotify):
    spotify.token = demo.tokens("ada", ["playlist-read-private"])["access_token"]
    odd = next(one for one in demo.playlists("ada") if one["name"].startswith("Odds"))

    answer = spotify.get(f"/playlists/{odd['id']}/items", additional_types="track,episode")

    rows = answer.json()["items"]
    kinds = [row["item"] and (row["is_local"], row["item"]["type"]) for row in rows]
    uris = [row["item"]["uri"] for row in rows if row["item"]]
    assert "🎧 <script>" in odd["name"]
    assert "مرحبا" in odd["name"]
    assert kinds.count((True, "track")) == 2
    assert kinds.count((False, "episode")) == 1
    assert kinds.count(None) == 1
    assert len(uris) - len(set(uris)) == 1  # a track stands in it twice


def test_everybody_likes_saves_and_plays_something(demo, spotify):
    scopes = ["user-library-read", "user-top-read", "user-read-recently-played"]
    likes = {}
    for name in ("ada", "grace", "linus", "margaret", "edsger"):
        spotify.token = demo.tokens(name, scopes)["access_token"]
        likes[name] = spotify.get("/me/tracks").json()["total"]
        assert spotify.get("/me/albums").json()["total"] > 0
        assert spotify.get("/me/player/recently-played").json()["total"] > 0
        tops = [
            spotify.get("/me/top/tracks", time_range=over).json()["items"]
            for over in ("short_term", "medium_term", "long_term")
        ]
        assert tops[0] != tops[1] != tops[2] != []

    assert likes == {"ada": 130, "grace": 45, "linus": 60, "margaret": 25, "edsger": 8}


def test_dates_of_adding_are_real_dates_in_the_past(demo):
    murga = next(one for one in demo.playlists("ada") if one["name"] == "murga")

    dates = [one["added_at"] for one in demo.playlist(murga["id"])["items"]]

    assert len(set(dates)) > 100
    assert dates == sorted(dates)


def test_names_are_escaped_on_pages(control, spotify):
    control.add_user("eve", name="<script>alert(1)</script>")

    page = spotify.authorize().text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_data_file_holds_a_few_hundred_real_tracks():
    data = json.loads(gzip.decompress(DATA.read_bytes()))

    assert len(data["tracks"]) == 1267
    assert {len(row) for row in data["tracks"]} == {5}
    assert DATA.stat().st_size < 100_000
