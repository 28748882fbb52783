"""The rules of Spotify's playlists: caps, positions, copies, dates, rights."""

from __future__ import annotations

import base64
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

TRACK = f"spotify:track:{'a' * 22}"
ALBUM = f"spotify:album:{'a' * 22}"
OUTSIDE = "Given positions are out of bounds"
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 1000


@pytest.fixture
def uris(control):
    return control.catalogue(250)


@pytest.fixture
def make(control):
    def make(uris=(), owner="ada", **values):
        return control.add_playlist(owner, uris=list(uris), **values)

    return make


def message(answer):
    return answer.json()["error"]["message"]


class TestRead:
    def test_page_of_items_is_capped_at_50(self, spotify, make, uris):
        id_ = make(uris)

        usual = spotify.get(f"/playlists/{id_}/items").json()
        most = spotify.get(f"/playlists/{id_}/items", limit=50, offset=200).json()
        more = spotify.get(f"/playlists/{id_}/items", limit=51)

        assert (usual["limit"], len(usual["items"]), usual["total"]) == (20, 20, 250)
        assert (len(most["items"]), most["next"]) == (50, None)
        assert (more.status_code, message(more)) == (400, "Invalid limit")

    def test_next_leads_through_the_whole_list(self, spotify, make, uris):
        url = f"/playlists/{make(uris)}/items?limit=50"
        found = []

        while url:
            page = spotify.call("GET", url).json()
            found += [row["item"]["uri"] for row in page["items"]]
            url = page["next"]

        assert found == uris

    def test_wrapper_tells_date_and_giver_under_the_key_item(self, spotify, make, uris):
        id_ = make([{"uri": uris[0], "added_at": "2020-05-04T03:02:01Z", "added_by": "grace"}])

        row = spotify.get(f"/playlists/{id_}/items").json()["items"][0]

        assert set(row) == {"added_at", "added_by", "is_local", "item"}
        assert row["added_at"] == "2020-05-04T03:02:01Z"
        assert row["added_by"]["id"] == "grace"
        assert row["item"]["uri"] == uris[0]

    @pytest.mark.parametrize(
        ("value", "keys"), [("item", {"item"}), ("track", {"track"}), ("both", {"item", "track"})]
    )
    def test_key_of_the_wrapper_can_be_switched(self, spotify, control, make, uris, value, keys):
        id_ = make(uris[:1])
        control.switch(item_keys=value)

        row = spotify.get(f"/playlists/{id_}/items").json()["items"][0]

        assert set(row) & {"item", "track"} == keys

    def test_local_file_has_no_id_and_keeps_its_place(self, spotify, make, uris):
        local = "spotify:local:Somebody:Tapes:My+Song:61"
        id_ = make([uris[0], local, uris[1]])

        rows = spotify.get(f"/playlists/{id_}/items").json()["items"]

        assert [row["is_local"] for row in rows] == [False, True, False]
        assert (rows[1]["item"]["id"], rows[1]["item"]["uri"]) == (None, local)
        assert (rows[1]["item"]["name"], rows[1]["item"]["duration_ms"]) == ("My Song", 61_000)

    def test_episode_shows_only_to_those_who_ask(self, spotify, control, make, uris):
        control.change_catalogue(episodes=[{"title": "Pilot", "id": "E" * 22}])
        episode = f"spotify:episode:{'E' * 22}"
        id_ = make([episode, uris[0]])

        without = spotify.get(f"/playlists/{id_}/items").json()["items"]
        asked = spotify.get(f"/playlists/{id_}/items", additional_types="track,episode").json()

        assert without[0]["item"] is None
        assert asked["items"][0]["item"]["uri"] == episode
        assert asked["items"][0]["item"]["type"] == "episode"

    def test_unavailable_track_is_null_and_keeps_its_place(self, spotify, control, make, uris):
        id_ = make(uris[:3])
        control.change_catalogue(dead=[uris[1]])

        rows = spotify.get(f"/playlists/{id_}/items").json()["items"]

        assert [row["item"] and row["item"]["uri"] for row in rows] == [uris[0], None, uris[2]]

    def test_whole_playlist_embeds_its_first_100(self, spotify, make, uris):
        id_ = make(uris, name="Mine", description="d")

        playlist = spotify.get(f"/playlists/{id_}").json()

        assert len(playlist["items"]["items"]) == 100
        assert playlist["items"]["total"] == 250
        assert playlist["items"]["next"].endswith(f"/playlists/{id_}/items?offset=100&limit=100")
        assert (playlist["name"], playlist["owner"]["id"]) == ("Mine", "ada")

    def test_other_peoples_contents_are_closed_in_development_mode(self, spotify, make, uris):
        id_ = make(uris[:3], owner="grace")

        whole = spotify.get(f"/playlists/{id_}")
        items = spotify.get(f"/playlists/{id_}/items")

        assert whole.status_code == 200
        assert not {"items", "tracks"} & set(whole.json())
        assert (items.status_code, message(items)) == (403, "Forbidden")

    def test_collaborator_may_read_and_write(self, spotify, make, uris):
        id_ = make(uris[:3], owner="grace", public=False, collaborative=True, collaborators=["ada"])

        read = spotify.get(f"/playlists/{id_}/items")
        write = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:1]})

        assert (read.status_code, write.status_code) == (200, 201)

    def test_fields_choose_parts(self, spotify, make, uris):
        id_ = make(uris[:1], name="Mine")

        items = spotify.get(f"/playlists/{id_}/items", fields="total,items(item(uri,album.name))")
        whole = spotify.get(f"/playlists/{id_}", fields="snapshot_id,items.total")

        album = items.json()["items"][0]["item"]["album"]
        assert items.json() == {
            "total": 1,
            "items": [{"item": {"uri": uris[0], "album": {"name": album["name"]}}}],
        }
        assert set(whole.json()) == {"snapshot_id", "items"}
        assert whole.json()["items"] == {"total": 1}

    def test_missing_and_malformed_ids_are_told_apart(self, spotify):
        assert spotify.get(f"/playlists/{'0' * 22}/items").status_code == 404
        assert message(spotify.get("/playlists/short/items")) == "Invalid base62 id"

    def test_my_playlists_list_own_and_followed(self, spotify, control, make, as_user):
        own = make(name="own")
        followed = make(owner="grace", name="followed", followers=["ada"])
        shared = make(
            owner="grace", name="s", public=False, collaborative=True, collaborators=["ada"]
        )
        reader = as_user("ada", ["playlist-read-private"])

        rows = spotify.get("/me/playlists", limit=50).json()["items"]
        fewer = reader.get("/me/playlists").json()["items"]

        assert [row["id"] for row in rows] == [own, followed, shared]
        assert [row["id"] for row in fewer] == [own, followed]
        assert rows[0]["items"]["total"] == 0

    def test_my_playlists_page_is_capped_at_50(self, spotify):
        assert spotify.get("/me/playlists", limit=51).status_code == 400


class TestCreate:
    def test_new_playlist_is_public_empty_and_listed_first(self, spotify, make):
        make(name="old")

        answer = spotify.call("POST", "/me/playlists", json={"name": "New", "description": "d"})

        made = answer.json()
        listed = spotify.get("/me/playlists").json()["items"]
        assert answer.status_code == 201
        assert (made["name"], made["description"], made["public"]) == ("New", "d", True)
        assert made["items"]["total"] == 0
        assert listed[0]["id"] == made["id"]

    def test_private_one_is_reported_private_or_public_by_switch(self, spotify, control):
        made = spotify.call("POST", "/me/playlists", json={"name": "N", "public": False}).json()
        control.switch(public_false_ignored=True)

        again = spotify.get(f"/playlists/{made['id']}").json()

        assert (made["public"], again["public"]) == (False, True)
        assert control.playlist(made["id"])["public"] is False

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"name": ""}, 400),
            ({"name": 3}, 400),
            ({"name": "N", "description": "d" * 301}, 400),
            ({"name": "N", "description": "two\nlines"}, 400),
            ({"name": "N", "collaborative": True, "public": True}, 400),
            ({"name": "n" * 201}, 500),
        ],
    )
    def test_bad_description_is_refused(self, spotify, control, body, status):
        answer = spotify.call("POST", "/me/playlists", json=body)

        assert answer.status_code == status
        assert control.playlists("ada") == []

    def test_number_of_playlists_is_limited(self, spotify, control):
        control.switch(playlists_per_user=1)
        spotify.call("POST", "/me/playlists", json={"name": "1"})

        assert spotify.call("POST", "/me/playlists", json={"name": "2"}).status_code == 400

    def test_two_equal_creates_make_two_playlists(self, spotify, control):
        for _ in range(2):
            spotify.call("POST", "/me/playlists", json={"name": "Same"})

        assert [one["name"] for one in control.playlists("ada")] == ["Same", "Same"]


class TestAdd:
    def test_items_are_appended_in_order_with_the_time(self, spotify, control, make, uris):
        id_ = make(uris[:1])
        control.stop_clock()
        control.set_clock("2026-11-22T10:00:00Z")

        answer = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[1:4]})

        items = control.playlist(id_)["items"]
        assert answer.status_code == 201
        assert set(answer.json()) == {"snapshot_id"}
        assert [one["uri"] for one in items] == uris[:4]
        assert items[3]["added_at"] == "2026-11-22T10:00:00Z"
        assert items[3]["added_by"] == "ada"

    def test_items_are_inserted_at_a_position(self, spotify, control, make, uris):
        id_ = make(uris[:2])

        spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[2:4], "position": 1})

        assert control.uris(id_) == [uris[0], uris[2], uris[3], uris[1]]

    def test_same_call_twice_adds_twice(self, spotify, control, make, uris):
        id_ = make()

        for _ in range(2):
            spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:1]})

        assert control.uris(id_) == [uris[0], uris[0]]

    def test_query_wins_over_the_body(self, spotify, control, make, uris):
        id_ = make()

        spotify.call(
            "POST", f"/playlists/{id_}/items", params={"uris": uris[0]}, json={"uris": uris[1:3]}
        )

        assert control.uris(id_) == [uris[0]]

    def test_more_than_100_are_refused(self, spotify, control, make, uris):
        id_ = make()

        answer = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:101]})

        assert answer.status_code == 400
        assert message(answer) == "You can add a maximum of 100 tracks per request."
        assert control.uris(id_) == []

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"uris": []}, "No uris provided"),
            ({}, "No uris provided"),
            ({"uris": "x"}, "Invalid uris"),
            ({"uris": ["spotify:track:short"]}, "Invalid track uri: spotify:track:short"),
            ({"uris": [ALBUM]}, f"Invalid track uri: {ALBUM}"),
            ({"uris": ["spotify:local:a:b:c:1"]}, "Invalid track uri: spotify:local:a:b:c:1"),
            ({"uris": [TRACK], "position": 1}, OUTSIDE),
            ({"uris": [TRACK], "position": -1}, OUTSIDE),
            ({"uris": [TRACK], "position": "0"}, "Invalid position"),
        ],
    )
    def test_bad_input_is_refused(self, spotify, control, make, body, text):
        id_ = make()

        answer = spotify.call("POST", f"/playlists/{id_}/items", json=body)

        assert (answer.status_code, message(answer)) == (400, text)
        assert control.uris(id_) == []

    def test_body_that_is_no_json_is_refused(self, spotify, make):
        answer = spotify.call("POST", f"/playlists/{make()}/items", data="{")

        assert (answer.status_code, message(answer)) == (400, "Error parsing JSON.")

    def test_size_of_a_playlist_is_limited(self, spotify, control, make, uris):
        id_ = make(uris[:5])
        control.switch(playlist_limit=5, playlist_limit_status=500, playlist_limit_message="Full")

        answer = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:1]})

        assert (answer.status_code, message(answer)) == (500, "Full")
        assert len(control.uris(id_)) == 5

    def test_parallel_adds_fail_sometimes_when_switched(self, spotify, control, make, uris):
        id_ = make()
        control.switch(parallel_500_share=1.0, latency_ms=600)

        def add(number):
            body = {"uris": [uris[number]]}
            return spotify.call("POST", f"/playlists/{id_}/items", json=body).status_code

        with ThreadPoolExecutor(2) as pool:
            together = sorted(pool.map(add, [0, 1]))
        alone = add(2)

        assert together == [500, 500]
        assert alone == 201
        assert control.uris(id_) == [uris[2]]

    def test_dead_episode_is_a_502_each_time(self, spotify, control, make, uris):
        id_ = make(uris[:2])
        body = {"uris": [uris[0], f"spotify:episode:{'d' * 22}"]}

        answers = [spotify.call("PUT", f"/playlists/{id_}/items", json=body) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [502, 502, 502]
        assert message(answers[0]) == "Error while loading resource"
        assert control.uris(id_) == uris[:2]

    @pytest.mark.parametrize(("rule", "status"), [("accept", 201), ("400", 400), ("502", 502)])
    def test_dead_track_follows_the_switch(self, spotify, control, make, uris, rule, status):
        id_ = make()
        control.change_catalogue(dead=[uris[0]])
        control.switch(unknown_track=rule)

        answer = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:2]})

        assert answer.status_code == status

    def test_any_well_formed_track_exists_until_the_catalogue_is_closed(
        self, spotify, control, make
    ):
        id_, body = make(), {"uris": [f"spotify:track:{'z' * 22}"]}
        open_ = spotify.call("POST", f"/playlists/{id_}/items", json=body)
        control.switch(open_catalogue=False, unknown_track="400")

        closed = spotify.call("POST", f"/playlists/{id_}/items", json=body)

        assert (open_.status_code, closed.status_code) == (201, 400)


class TestReplace:
    def test_everything_is_overwritten_and_dated_anew(self, spotify, control, make, uris):
        id_ = make([{"uri": uri, "added_at": "2020-01-01T00:00:00Z"} for uri in uris[:5]])

        answer = spotify.call("PUT", f"/playlists/{id_}/items", json={"uris": uris[3:6]})

        items = control.playlist(id_)["items"]
        assert answer.status_code == 200
        assert [one["uri"] for one in items] == uris[3:6]
        assert all(one["added_at"] > "2026" for one in items)

    def test_empty_list_clears(self, spotify, control, make, uris):
        id_ = make(uris[:5])

        answer = spotify.call("PUT", f"/playlists/{id_}/items", json={"uris": []})

        assert answer.status_code == 200
        assert control.uris(id_) == []

    def test_more_than_100_are_refused(self, spotify, control, make, uris):
        id_ = make(uris[:1])

        answer = spotify.call("PUT", f"/playlists/{id_}/items", json={"uris": uris[:101]})

        assert answer.status_code == 400
        assert control.uris(id_) == uris[:1]

    def test_replace_and_reorder_exclude_each_other(self, spotify, make, uris):
        id_ = make(uris[:5])
        body = {"uris": uris[:1], "range_start": 0, "insert_before": 2}

        answer = spotify.call("PUT", f"/playlists/{id_}/items", json=body)

        assert answer.status_code == 400

    def test_empty_body_is_refused(self, spotify, control, make, uris):
        id_ = make(uris[:5])

        assert spotify.call("PUT", f"/playlists/{id_}/items").status_code == 400
        assert len(control.uris(id_)) == 5


class TestReorder:
    @pytest.mark.parametrize(
        ("start", "length", "before", "after"),
        [
            (0, 1, 2, "bacde"),
            (0, 1, 5, "bcdea"),
            (0, 2, 5, "cdeab"),
            (4, 1, 0, "eabcd"),
            (3, 2, 1, "adebc"),
            (1, 3, 1, "abcde"),
            (1, 2, 2, "abcde"),
            (1, 2, 3, "abcde"),
            (1, 2, 4, "adbce"),
        ],
    )
    def test_block_moves_before_the_given_place(
        self, spotify, control, make, uris, start, length, before, after
    ):
        names = dict(zip("abcde", uris, strict=False))
        id_ = make(
            [{"uri": names[n], "added_at": f"2020-01-0{i + 1}"} for i, n in enumerate("abcde")]
        )
        dates = {one["uri"]: one["added_at"] for one in control.playlist(id_)["items"]}

        answer = spotify.call(
            "PUT",
            f"/playlists/{id_}/items",
            json={"range_start": start, "range_length": length, "insert_before": before},
        )

        items = control.playlist(id_)["items"]
        assert answer.status_code == 200
        assert [one["uri"] for one in items] == [names[name] for name in after]
        assert {one["uri"]: one["added_at"] for one in items} == dates  # moves keep the date

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"range_start": 0}, "Missing insert_before parameter"),
            ({"insert_before": 0}, "Missing range_start parameter"),
            ({"range_start": 5, "insert_before": 0}, OUTSIDE),
            ({"range_start": 4, "insert_before": 6}, OUTSIDE),
            ({"range_start": 4, "insert_before": 0, "range_length": 2}, OUTSIDE),
            ({"range_start": -1, "insert_before": 0}, OUTSIDE),
            ({"range_start": 1, "insert_before": 0, "range_length": 0}, OUTSIDE),
            ({"range_start": "1", "insert_before": 0}, "Invalid range"),
            (
                {"range_start": 1, "insert_before": 0, "snapshot_id": "x"},
                "Missing or bad version tag",
            ),
        ],
    )
    def test_bad_range_is_refused(self, spotify, control, make, uris, body, text):
        id_ = make(uris[:5])

        answer = spotify.call("PUT", f"/playlists/{id_}/items", json=body)

        assert (answer.status_code, message(answer)) == (400, text)
        assert control.uris(id_) == uris[:5]


class TestRemove:
    def test_all_copies_go_whatever_positions_say(self, spotify, control, make, uris):
        a, b, c = uris[:3]
        id_ = make([a, b, a, c, a])

        answer = spotify.call(
            "DELETE",
            f"/playlists/{id_}/items",
            json={"items": [{"uri": a, "positions": [0]}, {"uri": c}]},
        )

        assert answer.status_code == 200
        assert control.uris(id_) == [b]

    def test_old_snapshot_is_no_lock(self, spotify, control, make, uris):
        id_ = make(uris[:3])
        old = spotify.get(f"/playlists/{id_}").json()["snapshot_id"]
        spotify.call("POST", f"/playlists/{id_}/items", json={"uris": uris[3:5]})

        answer = spotify.call(
            "DELETE",
            f"/playlists/{id_}/items",
            json={"items": [{"uri": uris[3]}], "snapshot_id": old},
        )

        assert answer.status_code == 200
        assert control.uris(id_) == [*uris[:3], uris[4]]

    def test_a_uri_that_is_not_there_changes_nothing(self, spotify, control, make, uris):
        id_ = make(uris[:3])

        answer = spotify.call(
            "DELETE", f"/playlists/{id_}/items", json={"items": [{"uri": uris[9]}]}
        )

        assert answer.status_code == 200
        assert control.uris(id_) == uris[:3]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"items": []},
            {"tracks": [{"uri": TRACK}]},
            {"items": [{"id": "a"}]},
            {"items": [{"uri": "nonsense"}]},
            {"items": [{"uri": TRACK}], "snapshot_id": "nonsense"},
            {"items": [{"uri": TRACK}] * 101},
        ],
    )
    def test_bad_input_is_refused(self, spotify, make, body):
        answer = spotify.call("DELETE", f"/playlists/{make()}/items", json=body)

        assert answer.status_code == 400

    @pytest.mark.parametrize(
        ("rule", "status", "left"), [("400", 400, 2), ("ignore", 200, 2), ("remove", 200, 1)]
    )
    def test_local_file_follows_the_switch(self, spotify, control, make, uris, rule, status, left):
        local = "spotify:local:a:b:c:1"
        id_ = make([uris[0], local])
        control.switch(local_delete=rule)

        answer = spotify.call("DELETE", f"/playlists/{id_}/items", json={"items": [{"uri": local}]})

        assert (answer.status_code, len(control.uris(id_))) == (status, left)


class TestRights:
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_items_of_others_cannot_be_written(self, spotify, control, make, uris, method):
        id_ = make(uris[:2], owner="grace")
        body = {"uris": uris[:1], "items": [{"uri": uris[0]}]}

        answer = spotify.call(method, f"/playlists/{id_}/items", json=body)

        assert (answer.status_code, message(answer)) == (403, "Forbidden")
        assert control.uris(id_) == uris[:2]

    def test_only_the_owner_changes_the_description(self, spotify, make, as_user):
        id_ = make(owner="grace", public=False, collaborative=True, collaborators=["ada"])

        answer = spotify.call("PUT", f"/playlists/{id_}", json={"name": "Mine now"})

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        ("public", "scope", "status"),
        [
            (True, "playlist-modify-public", 201),
            (True, "playlist-modify-private", 403),
            (False, "playlist-modify-private", 201),
            (False, "playlist-modify-public", 403),
        ],
    )
    def test_scope_depends_on_the_public_flag(self, as_user, make, uris, public, scope, status):
        id_ = make(public=public)
        client = as_user("ada", [scope])

        answer = client.call("POST", f"/playlists/{id_}/items", json={"uris": uris[:1]})

        assert answer.status_code == status
        if status == 403:
            assert message(answer) == "Insufficient client scope"

    def test_reading_needs_its_scope(self, as_user, make):
        id_ = make()
        client = as_user("ada", ["playlist-modify-public"])

        assert message(client.get(f"/playlists/{id_}/items")) == "Insufficient client scope"
        assert client.get("/me/playlists").status_code == 403


class TestDescription:
    def test_change_moves_the_snapshot_and_leaves_the_items(self, spotify, control, make, uris):
        id_ = make(uris[:3], name="Old")
        before = spotify.get(f"/playlists/{id_}").json()["snapshot_id"]

        answer = spotify.call("PUT", f"/playlists/{id_}", json={"name": "New", "public": False})

        after = spotify.get(f"/playlists/{id_}").json()
        assert (answer.status_code, answer.content) == (200, b"")
        assert (after["name"], after["public"]) == ("New", False)
        assert after["snapshot_id"] != before
        assert control.uris(id_) == uris[:3]

    def test_unfollowed_playlist_leaves_the_library_and_can_still_be_read(
        self, spotify, control, make, uris
    ):
        id_ = make(uris[:3])
        uri = f"spotify:playlist:{id_}"

        answer = spotify.call("DELETE", "/me/library", params={"uris": uri})

        assert answer.status_code == 200
        assert spotify.get("/me/playlists").json()["items"] == []
        assert spotify.get(f"/playlists/{id_}/items").json()["total"] == 3
        spotify.call("PUT", "/me/library", params={"uris": uri})
        assert spotify.get("/me/playlists").json()["total"] == 1


class TestCover:
    def put(self, spotify, id_, data):
        headers = {"Content-Type": "image/jpeg"}
        return spotify.call("PUT", f"/playlists/{id_}/images", data=data, headers=headers)

    def test_jpeg_in_base64_is_taken_and_moves_the_snapshot(self, spotify, control, make):
        id_ = make()
        before = control.playlist(id_)["snapshot_id"]

        answer = self.put(spotify, id_, base64.b64encode(JPEG))

        assert answer.status_code == 202
        assert control.playlist(id_)["snapshot_id"] != before
        assert len(spotify.get(f"/playlists/{id_}/images").json()) == 1

    def test_payload_over_256_kb_is_refused(self, spotify, make):
        small = base64.b64encode(JPEG + b"0" * 190_000)
        large = base64.b64encode(JPEG + b"0" * 196_608)

        assert self.put(spotify, make(), small).status_code == 202
        assert self.put(spotify, make(), large).status_code == 413

    def test_trailing_newline_and_raw_bytes_are_refused(self, spotify, make):
        assert self.put(spotify, make(), base64.b64encode(JPEG) + b"\n").status_code == 400
        assert self.put(spotify, make(), JPEG).status_code == 400

    def test_scope_is_needed(self, as_user, make):
        client = as_user("ada", ["playlist-modify-public"])

        assert self.put(client, make(), base64.b64encode(JPEG)).status_code == 401


def test_a_list_of_10000_is_written_and_read(spotify, control, make):
    wanted = control.catalogue(10_000)
    random.Random(1).shuffle(wanted)
    id_ = make()

    for start in range(0, len(wanted), 100):
        body = {"uris": wanted[start : start + 100]}
        assert spotify.call("POST", f"/playlists/{id_}/items", json=body).status_code == 201
    over = spotify.call("POST", f"/playlists/{id_}/items", json={"uris": wanted[:1]})
    last = spotify.get(f"/playlists/{id_}/items", limit=50, offset=9_950).json()

    assert control.uris(id_) == wanted
    assert [row["item"]["uri"] for row in last["items"]] == wanted[9_950:]
    assert over.status_code == 403
