"""The Web API's other calls, and who may call it in which mode."""

from __future__ import annotations

import pytest

NOT_REGISTERED = (
    "Check settings on developer.spotify.com/dashboard, the user may not be registered."
)


def error(answer):
    return answer.status_code, answer.json()["error"]["message"]


class TestMe:
    def test_development_mode_gives_account_id_and_nothing_private(self, spotify, control):
        me = spotify.get("/me").json()

        assert set(me) == {
            *("id", "account_id", "display_name", "uri", "type", "href"),
            *("external_urls", "images"),
        }
        assert me["id"] == "ada"
        assert me["account_id"] == control.users()[0]["account_id"] != "ada"

    def test_extended_mode_gives_what_the_scopes_allow(self, spotify, control, as_user):
        control.switch(mode="extended")

        full = spotify.get("/me").json()
        bare = as_user("ada", []).get("/me").json()

        assert (full["email"], full["country"], full["product"]) == (
            "ada@example.org",
            "GB",
            "premium",
        )
        assert not {"email", "country", "product"} & set(bare)


class TestAdmission:
    def test_no_token_and_a_false_one_are_told_apart(self, spotify):
        spotify.token = "false"

        none = spotify.session.get(f"{spotify.base}/v1/me", timeout=10)
        false = spotify.get("/me")

        assert error(none) == (401, "No token provided")
        assert error(false) == (401, "Invalid access token")

    def test_person_off_the_allow_list_links_but_cannot_call(self, spotify, control, code_of):
        control.add_user("zoe", name="Zoe")
        location = control.consent(spotify.query(), "zoe")

        linked = spotify.trade(code_of(location))
        spotify.token = linked.json()["access_token"]
        answer = spotify.get("/me")

        assert linked.status_code == 200
        assert (answer.status_code, answer.text) == (403, NOT_REGISTERED)
        assert answer.headers["content-type"].startswith("text/plain")
        control.allow("ada", "zoe")
        assert spotify.get("/me").status_code == 200

    def test_owner_without_premium_stops_the_app_in_plain_text(self, spotify, control):
        control.switch(owner_premium=False)

        answer = spotify.get("/me")

        assert (answer.status_code, answer.text) == (
            403,
            "Active premium subscription required for the owner of the app.",
        )

    def test_extended_mode_has_no_allow_list(self, spotify, control, as_user):
        control.add_user("zoe")
        control.switch(mode="extended", owner_premium=False)

        assert as_user("zoe").get("/me").status_code == 200


REMOVED = [
    ("GET", "/playlists/{id}/tracks"),
    ("POST", "/playlists/{id}/tracks"),
    ("PUT", "/playlists/{id}/tracks"),
    ("DELETE", "/playlists/{id}/tracks"),
    ("POST", "/users/ada/playlists"),
    ("GET", "/users/ada/playlists"),
    ("GET", "/users/ada"),
    ("PUT", "/playlists/{id}/followers"),
    ("DELETE", "/playlists/{id}/followers"),
    ("GET", "/tracks"),
    ("PUT", "/me/tracks"),
    ("DELETE", "/me/tracks"),
    ("GET", "/me/tracks/contains"),
    ("GET", "/albums"),
    ("GET", "/artists/1/top-tracks"),
    ("GET", "/browse/new-releases"),
    ("GET", "/recommendations"),
    ("PUT", "/me/following"),
    ("GET", "/markets"),
]


@pytest.mark.parametrize(("method", "path"), REMOVED)
def test_removed_call_is_forbidden_in_development_mode(spotify, control, method, path):
    id_ = control.add_playlist("ada")

    answer = spotify.call(method, path.format(id=id_))

    assert error(answer) == (403, "Forbidden")


class TestExtendedMode:
    @pytest.fixture(autouse=True)
    def extended(self, control):
        control.switch(mode="extended")

    def test_tracks_calls_are_back_with_their_old_words(self, spotify, control):
        uris = control.catalogue(4)
        id_ = control.add_playlist("ada")
        path = f"/playlists/{id_}/tracks"

        spotify.call("POST", path, json={"uris": uris})
        spotify.call("DELETE", path, json={"tracks": [{"uri": uris[0]}]})
        spotify.call("PUT", path, json={"range_start": 0, "insert_before": 3})
        page = spotify.get(path, limit=100).json()

        assert [row["track"]["uri"] for row in page["items"]] == [uris[2], uris[3], uris[1]]
        assert "tracks" in spotify.get(f"/playlists/{id_}").json()

    def test_contents_of_others_are_open(self, spotify, control):
        id_ = control.add_playlist("grace", uris=control.catalogue(2))

        assert spotify.get(f"/playlists/{id_}/items").json()["total"] == 2

    def test_playlist_is_made_for_oneself_only(self, spotify):
        own = spotify.call("POST", "/users/ada/playlists", json={"name": "N"})
        others = spotify.call("POST", "/users/grace/playlists", json={"name": "N"})

        assert (own.status_code, others.status_code) == (201, 403)

    def test_tracks_come_in_batches(self, spotify, control):
        ids = [uri.rsplit(":", 1)[1] for uri in control.catalogue(3)]

        found = spotify.get("/tracks", ids=",".join(ids)).json()["tracks"]

        assert [track["id"] for track in found] == ids
        assert found[0]["popularity"] == 50

    def test_search_page_is_larger(self, spotify):
        page = spotify.get("/search", q="love", type="track", limit=50).json()["tracks"]

        assert page["limit"] == 50
        assert spotify.get("/search", q="love", type="track", limit=51).status_code == 400

    def test_followers_and_saved_tracks_have_their_old_calls(self, spotify, control):
        id_ = control.add_playlist("grace")
        track = control.catalogue(1)[0].rsplit(":", 1)[1]

        spotify.call("PUT", f"/playlists/{id_}/followers", json={})
        spotify.call("PUT", "/me/tracks", json={"ids": [track]})

        assert spotify.get("/me/playlists").json()["total"] == 1
        assert spotify.get("/me/tracks/contains", ids=track).json() == [True]
        spotify.call("DELETE", f"/playlists/{id_}/followers")
        spotify.call("DELETE", "/me/tracks", params={"ids": track})
        assert spotify.get("/me/playlists").json()["total"] == 0
        assert spotify.get("/me/tracks").json()["total"] == 0


class TestSearch:
    def test_page_is_small_in_development_mode(self, spotify):
        usual = spotify.get("/search", q="a", type="track").json()["tracks"]

        assert (usual["limit"], len(usual["items"])) == (5, 5)
        assert len(spotify.get("/search", q="a", type="track", limit=10).json()["tracks"]["items"])
        assert error(spotify.get("/search", q="a", type="track", limit=11)) == (
            400,
            "Invalid limit",
        )
        assert spotify.get("/search", q="a", type="track", offset=1001).status_code == 400

    def test_isrc_finds_one_track(self, spotify, control):
        track = spotify.get(f"/tracks/{control.catalogue(5)[4].rsplit(':', 1)[1]}").json()

        found = spotify.get("/search", q=f"isrc:{track['external_ids']['isrc']}", type="track")

        assert [one["id"] for one in found.json()["tracks"]["items"]] == [track["id"]]

    def test_words_and_filters_find_titles_artists_and_albums(self, spotify, control):
        control.change_catalogue(
            tracks=[{"title": "Größe der Nacht", "artists": ["Die Prüfer"], "album": "Gemessen"}]
        )

        def names(query):
            page = spotify.get("/search", q=query, type="track").json()["tracks"]
            return [one["name"] for one in page["items"]]

        assert names("nacht prüfer") == ["Größe der Nacht"]
        assert names('track:"größe der" artist:prüfer') == ["Größe der Nacht"]
        assert names("artist:nacht album:gemessen") == []

    def test_several_kinds_come_in_their_own_pages(self, spotify):
        found = spotify.get("/search", q="the", type="track,artist,album,playlist").json()

        assert set(found) == {"tracks", "artists", "albums", "playlists"}

    def test_a_filter_reaches_to_the_next_one(self, spotify, control):
        row = {"title": "Doxy", "artists": ["Miles Davis"], "album": "Bags' Groove"}
        control.change_catalogue(tracks=[row, row | {"title": "Oleo"}])

        def names(query):
            page = spotify.get("/search", q=query, type="track").json()["tracks"]
            return [one["name"] for one in page["items"]]

        assert names("groove track:Doxy artist:Miles Davis") == ["Doxy"]
        assert names("artist:Miles Davis track:Oleo") == ["Oleo"]
        assert names('artist:"Miles Davis" oleo') == ["Oleo"]
        assert names("track:Doxy Davis") == []

    def test_missing_query_and_strange_type_are_refused(self, spotify):
        assert error(spotify.get("/search", type="track")) == (400, "No search query")
        assert error(spotify.get("/search", q="a", type="mood")) == (400, "Bad search type field")
        assert spotify.get("/search", q="a").status_code == 400


class TestTrack:
    def test_track_is_found_invented_or_gone(self, spotify, control):
        named, other = control.catalogue(1)[0].rsplit(":", 1)[1], "q" * 22
        known = spotify.get(f"/tracks/{named}").json()
        invented = [spotify.get(f"/tracks/{other}").json() for _ in range(2)]

        control.change_catalogue(dead=[f"spotify:track:{other}"])

        assert known["id"] == named
        assert invented[0] == invented[1]
        assert error(spotify.get(f"/tracks/{other}")) == (404, "Resource not found")
        assert error(spotify.get("/tracks/short")) == (400, "Invalid base62 id")

    def test_isrc_is_of_a_reserved_kind(self, spotify, control):
        id_ = control.catalogue(1)[0].rsplit(":", 1)[1]

        assert spotify.get(f"/tracks/{id_}").json()["external_ids"]["isrc"] == "ZZSIM2600000"


class TestAlbum:
    def test_an_album_has_the_catalogues_tracks_of_its_name(self, spotify, control):
        rows = [
            {"title": f"Part {place}", "artists": ["Band"], "album": "Suite", "released": "2001-05"}
            for place in range(60)
        ]
        control.change_catalogue(tracks=rows)
        page = spotify.get("/search", q="track:Part 7", type="track").json()["tracks"]
        album = page["items"][0]["album"]

        whole = spotify.get(f"/albums/{album['id']}").json()
        rest = spotify.get(f"/albums/{album['id']}/tracks", limit=50, offset=50).json()

        names = [one["name"] for one in [*whole["tracks"]["items"], *rest["items"]]]
        assert names == [row["title"] for row in rows]
        assert [one["track_number"] for one in rest["items"]] == list(range(51, 61))
        assert (whole["total_tracks"], whole["tracks"]["total"]) == (60, 60)
        assert (album["release_date"], album["release_date_precision"]) == ("2001-05", "month")
        assert "external_ids" not in rest["items"][0]

    def test_an_album_that_nobody_made_is_not_found(self, spotify):
        assert error(spotify.get(f"/albums/{'q' * 22}")) == (404, "Resource not found")
        assert error(spotify.get("/albums/short")) == (400, "Invalid base62 id")

    def test_release_dates_are_as_exact_as_the_album_is_known(self, spotify, control):
        ids = [uri.rsplit(":", 1)[1] for uri in control.catalogue(60)]

        albums = [spotify.get(f"/tracks/{id_}").json()["album"] for id_ in ids]

        assert {one["release_date_precision"] for one in albums} == {"year", "month", "day"}
        lengths = {"year": 4, "month": 7, "day": 10}
        assert all(
            len(one["release_date"]) == lengths[one["release_date_precision"]] for one in albums
        )


class TestEpisode:
    def test_episode_is_found_or_gone(self, spotify, control):
        control.change_catalogue(episodes=[{"title": "Pilot", "id": "e" * 22}])

        assert spotify.get(f"/episodes/{'e' * 22}").json()["name"] == "Pilot"
        assert error(spotify.get(f"/episodes/{'f' * 22}")) == (404, "Resource not found")

    def test_several_come_at_once_in_extended_mode_with_null_for_what_is_gone(
        self, spotify, control
    ):
        control.switch(mode="extended")
        control.change_catalogue(episodes=[{"title": "Pilot", "id": "e" * 22}])

        found = spotify.get("/episodes", ids=f"{'e' * 22},{'f' * 22}").json()["episodes"]

        assert [one and one["name"] for one in found] == ["Pilot", None]


class TestLibrary:
    def test_likes_are_loaded_newest_first_and_change_one_by_one(self, spotify, control):
        tracks = control.catalogue(4)
        control.load_saved("ada", tracks=tracks[:3])

        control.load_saved("ada", save=[tracks[3]], unsave=[tracks[1]])

        page = spotify.get("/me/tracks", limit=2).json()
        assert [row["track"]["uri"] for row in page["items"]] == [tracks[3], tracks[0]]
        assert page["total"] == 3
        assert control.saved("ada") == [tracks[3], tracks[0], tracks[2]]

    def test_a_saved_album_has_its_tracks(self, spotify, control):
        album = spotify.get(f"/tracks/{control.catalogue(1)[0].rsplit(':', 1)[1]}").json()["album"]
        control.load_saved(
            "ada", albums=[{"uri": album["uri"], "added_at": "2024-02-03T04:05:06Z"}]
        )

        row = spotify.get("/me/albums").json()["items"][0]

        assert row["added_at"] == "2024-02-03T04:05:06Z"
        assert row["album"]["tracks"]["total"] == album["total_tracks"]

    def test_top_tracks_are_those_of_the_range(self, spotify, control):
        tracks = control.catalogue(3)
        control.load_heard("ada", top={"short_term": tracks[:2], "long_term": tracks[2:]})

        def top(**params):
            rows = spotify.get("/me/top/tracks", **params).json()["items"]
            return [row["uri"] for row in rows]

        assert top(time_range="short_term") == tracks[:2]
        assert top(time_range="long_term") == tracks[2:]
        assert top() == []
        assert error(spotify.get("/me/top/tracks", time_range="ever")) == (
            400,
            "Invalid time range",
        )

    def test_plays_come_newest_first_and_after_a_moment(self, spotify, control):
        tracks = control.catalogue(3)
        control.load_heard("ada", recent=[tracks[0], tracks[1], tracks[0]])

        page = spotify.get("/me/player/recently-played", limit=2).json()
        later = spotify.get("/me/player/recently-played", after=page["cursors"]["before"]).json()

        assert [row["track"]["uri"] for row in page["items"]] == [tracks[0], tracks[1]]
        assert [row["played_at"] for row in later["items"]] == [page["items"][0]["played_at"]]
        both = spotify.get("/me/player/recently-played", after="1", before="2")
        assert error(both)[0] == 400
        assert "cursors" not in spotify.get("/me/player/recently-played", before="1").json()

    def test_tracks_and_albums_are_saved_looked_up_and_taken_out(self, spotify, control):
        tracks = control.catalogue(3)
        album = spotify.get(f"/tracks/{tracks[0].rsplit(':', 1)[1]}").json()["album"]["uri"]

        for uri in [tracks[0], album, tracks[1]]:
            control.advance(seconds=60)
            spotify.call("PUT", "/me/library", params={"uris": uri})
        saved = spotify.get("/me/tracks").json()["items"]
        albums = spotify.get("/me/albums").json()["items"]
        known = spotify.get("/me/library/contains", uris=",".join([*tracks, album])).json()
        spotify.call("DELETE", "/me/library", params={"uris": tracks[0]})

        assert [row["track"]["uri"] for row in saved] == [tracks[1], tracks[0]]
        assert [row["album"]["uri"] for row in albums] == [album]
        assert known == [True, True, False, True]
        assert spotify.get("/me/tracks").json()["total"] == 1

    def test_40_uris_are_the_most(self, spotify, control):
        uris = control.catalogue(41)

        most = spotify.call("PUT", "/me/library", params={"uris": ",".join(uris[:40])})
        more = spotify.call("PUT", "/me/library", params={"uris": ",".join(uris)})

        assert (most.status_code, more.status_code) == (200, 400)

    def test_uris_in_the_body_are_not_seen(self, spotify, control):
        answer = spotify.call("PUT", "/me/library", json={"uris": control.catalogue(1)})

        assert answer.status_code == 400

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/me/tracks"),
            ("GET", "/me/albums"),
            ("GET", "/me/top/tracks"),
            ("GET", "/me/top/artists"),
            ("GET", "/me/player/recently-played"),
            ("GET", "/me/library/contains?uris=spotify:track:0000000000000000000000"),
            ("PUT", "/me/library?uris=spotify:track:0000000000000000000000"),
            ("DELETE", "/me/library?uris=spotify:playlist:0000000000000000000000"),
        ],
    )
    def test_each_call_needs_its_scope(self, as_user, method, path):
        answer = as_user("ada", ["ugc-image-upload"]).call(method, path)

        assert error(answer) == (403, "Insufficient client scope")

    def test_what_was_heard_is_a_persons_own_and_stays_the_same(self, spotify, as_user):
        ada = spotify.get("/me/top/tracks", limit=5).json()["items"]
        again = spotify.get("/me/top/tracks", limit=5).json()["items"]
        grace = as_user("grace").get("/me/top/tracks", limit=5).json()["items"]
        played = spotify.get("/me/player/recently-played", limit=5).json()["items"]

        assert ada == again != grace
        assert [row["track"]["id"] for row in played] == [track["id"] for track in ada]
        assert played[0]["played_at"] > played[1]["played_at"]


def test_unknown_call_is_not_found(spotify):
    assert error(spotify.get("/nonsense")) == (404, "Service not found")
