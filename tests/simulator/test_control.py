"""The control API: what it loads, what it tells, what it refuses."""

from __future__ import annotations

import pytest
import requests

from simulator.control_client import Control, ControlError


def test_index_says_to_a_person_what_this_is(process, control):
    for path in ("/_sim/", "/_sim", "/"):
        page = requests.get(f"{process.base}{path}", timeout=10)
        assert page.status_code == 200
        assert "pretends to be Spotify" in page.text


def test_health_is_up(control):
    assert control.call("GET", "health")["status"] == "ok"


def test_unknown_call_and_bad_values_are_told(control):
    for method, path, body in [
        ("GET", "nonsense", None),
        ("POST", "reset", {"world": "flat"}),
        ("POST", "users", {}),
        ("POST", "revoke", {"user": "nobody"}),
        ("GET", "playlists/nonsense", None),
        ("POST", "clock", {"forward": 1}),
        ("POST", "playlists", {"playlists": [{"owner": "ada", "id": "short"}]}),
    ]:
        with pytest.raises(ControlError, match=f'{method} {path}: 40[04] {{"error":'):
            control.call(method, path, body)


@pytest.mark.parametrize(
    "switch",
    [
        {"colour": "red"},
        {"mode": "production"},
        {"rate_limit": "3"},
        {"rate_limit": -1},
        {"rotate": 1},
        {"seed": True},
        {"quota": {"me": "many"}},
        {"items_delay_s": -0.5},
        {"latency_ms": 5, "unknown_track": "maybe"},
    ],
)
def test_bad_switch_is_refused_and_nothing_moves(control, switch):
    before = control.switches()

    with pytest.raises(ControlError):
        control.switch(**switch)

    assert control.switches() == before


def test_reset_puts_everything_back(control, spotify):
    control.switch(rotate=True)
    control.fault(status=500)
    control.advance(days=400)
    spotify.get("/me")

    control.reset("empty")

    assert control.users() == []
    assert control.playlists() == []
    assert control.faults() == []
    assert control.log() == []
    assert control.counts() == {}
    assert control.switches()["rotate"] is False
    assert spotify.get("/me").status_code == 401


def test_users_are_loaded_with_their_facebook_side(control):
    made = control.add_user(
        "linus", name="Linus", account_id="acc", facebook={"id": "77", "email": "l@example.org"}
    )
    bare = control.add_user("solo", facebook=None)

    people = {one["id"]: one for one in control.facebook_users()}
    assert made == {"id": "linus", "account_id": "acc", "facebook_id": "77"}
    assert (people["77"]["name"], people["77"]["email"]) == ("Linus", "l@example.org")
    assert set(bare) == {"id", "account_id"}


def test_person_is_found_by_id_and_by_account_id(control):
    account_id = control.users()[0]["account_id"]

    assert control.revoke(account_id) == control.revoke("ada") == 0


def test_allow_list_takes_five(control):
    for name in "cdefg":
        control.add_user(name)
    control.allow("ada", "grace", "c", "d", "e")

    with pytest.raises(ControlError, match="takes 5 people"):
        control.allow("ada", "grace", "c", "d", "e", "f")
    control.switch(allow_list_size=6)
    control.allow("ada", "grace", "c", "d", "e", "f")

    assert [one["id"] for one in control.users() if one["allowed"]] == [
        *("ada", "grace", "c", "d", "e", "f")
    ]


def test_playlist_is_loaded_overwritten_and_taken_away(control, spotify):
    uris = control.catalogue(3)
    id_ = control.add_playlist("ada", name="One", uris=uris, followers=["grace"])

    control.add_playlist("ada", id=id_, items=[{"uri": uris[0], "added_at": 0}])
    told = control.playlist(id_)
    control.remove_playlist(id_)

    assert told["items"] == [
        {"uri": uris[0], "added_at": "1970-01-01T00:00:00Z", "added_by": "ada"}
    ]
    assert told["in_library_of"] == ["ada", "grace"]
    assert spotify.get(f"/playlists/{id_}").status_code == 404
    assert spotify.get("/me/playlists").json()["total"] == 0


def test_consent_takes_a_whole_address_for_both_providers(control, spotify):
    query = spotify.query()
    facebook = query.replace("spotify%2Flogin", "facebook%2Flogin")

    first = control.consent(f"{spotify.base}/authorize?{query}", "ada")
    second = control.consent(f"{spotify.base}/v24.0/dialog/oauth?{facebook}", "ada")
    denied = control.consent(query, "ada", deny=True)

    assert "/accounts/spotify/login/callback/?code=" in first
    assert "/accounts/facebook/login/callback/?code=" in second
    assert "error=access_denied" in denied
    with pytest.raises(ControlError, match="Invalid redirect URI"):
        control.consent(spotify.query(redirect_uri="http://127.0.0.1:1/"), "ada")


def test_tokens_and_grants_tell_of_each_consent(control):
    made = control.tokens("ada", ["user-top-read"], consented_at="2026-06-01T00:00:00Z")

    grants = control.grants("ada")

    assert len(grants) == 1
    assert grants[0]["consented"] == "2026-06-01T00:00:00Z"
    assert grants[0]["scopes"] == ["user-top-read"]
    assert grants[0]["refresh_tokens"] == [made["refresh_token"]]
    assert control.grants("grace") == []


def test_revocation_leaves_access_tokens_unless_asked(control, spotify):
    assert control.revoke("ada") == 1
    assert spotify.get("/me").status_code == 200

    control.revoke("ada", access_tokens=True)

    assert spotify.get("/me").status_code == 401


def test_access_tokens_end_on_demand(control, spotify, as_user):
    grace = as_user("grace")

    control.expire_access_tokens("ada")

    assert spotify.get("/me").json()["error"]["message"] == "The access token expired"
    assert grace.get("/me").status_code == 200


def test_clock_moves_stops_and_goes_on(control):
    control.stop_clock()
    stopped = [control.clock()["now"] for _ in range(2)]
    moved = control.advance(seconds=90, days=1)
    control.set_clock("2027-01-01T00:00:00Z")
    at = control.clock()
    control.start_clock()
    going = control.clock()

    assert stopped[0] == stopped[1]
    assert moved - stopped[0] == 86_490
    assert (at["iso"], at["stopped"]) == ("2027-01-01T00:00:00Z", True)
    assert going["stopped"] is False
    assert at["now"] <= going["now"] < at["now"] + 10


class TestLog:
    def test_a_call_is_written_down_whole(self, control, spotify):
        id_ = control.add_playlist("ada", public=False)
        control.clear_log()

        spotify.call(
            "POST",
            f"/playlists/{id_}/items",
            params={"x": "y"},
            json={"uris": control.catalogue(1)},
        )

        row = control.log()[0]
        assert (row["method"], row["path"]) == ("POST", f"/v1/playlists/{id_}/items")
        assert row["query"] == {"x": "y"}
        assert row["headers"]["authorization"] == f"Bearer {spotify.token}"
        assert row["body"].startswith('{"uris":')
        assert (row["user"], row["client_id"], row["status"]) == ("ada", "spotsite-demo", 201)
        assert row["time"] == pytest.approx(control.clock()["now"], abs=10)

    def test_log_is_filtered(self, control, spotify, as_user):
        control.clear_log()
        spotify.get("/me")
        spotify.get("/nonsense")
        as_user("grace").get("/me")
        spotify.call("PUT", "/me/library")

        def paths(**filters):
            return [row["path"] for row in control.log(**filters)]

        numbers = [row["number"] for row in control.log()]
        assert paths() == ["/v1/me", "/v1/nonsense", "/v1/me", "/v1/me/library"]
        assert paths(user="grace") == ["/v1/me"]
        assert paths(status=404) == ["/v1/nonsense"]
        assert paths(method="PUT") == ["/v1/me/library"]
        assert paths(path="/me$") == ["/v1/me", "/v1/me"]
        assert paths(since=numbers[2]) == ["/v1/me/library"]
        assert paths(limit=2) == ["/v1/me", "/v1/me/library"]

    def test_refresh_is_logged_under_its_person(self, control, spotify):
        token = control.tokens("grace", [])["refresh_token"]

        spotify.refresh(token)

        assert control.log(path="/api/token")[0]["user"] == "grace"

    def test_fault_and_late_effect_can_be_told(self, control, spotify):
        control.stop_clock()
        number = control.fault(path="/me/playlists", when="late", late_s=5, status=500)
        spotify.call("POST", "/me/playlists", json={"name": "N"})
        control.advance(seconds=5)

        rows = control.log(method="POST")

        assert [(row["status"], row["fault"], row["late"]) for row in rows] == [
            (500, number, False),
            (201, None, True),
        ]

    def test_calls_are_counted_by_endpoint(self, control, spotify):
        ids = [control.add_playlist("ada") for _ in range(2)]
        control.clear_log()
        for id_ in ids:
            spotify.get(f"/playlists/{id_}/items")
        spotify.get("/me")

        assert control.counts() == {"GET /v1/playlists/{id}/items": 2, "GET /v1/me": 1}

    def test_control_calls_are_not_logged(self, control):
        control.clear_log()
        control.switches()

        assert control.log() == []


def test_many_clients_may_be_served_at_once(process, control, as_user):
    """Keep-alive connections of several clients do not disturb each other."""
    ada, grace = as_user("ada"), as_user("grace")
    ada.session, grace.session = requests.Session(), requests.Session()

    names = [one.get("/me").json()["id"] for _ in range(20) for one in (ada, grace)]

    assert names == ["ada", "grace"] * 20
    ada.session.close()
    grace.session.close()


def test_client_says_what_the_simulator_said(process):
    with Control(process.base) as control, pytest.raises(ControlError) as caught:
        control.revoke("nobody at all")

    assert "nobody is called 'nobody at all'" in str(caught.value)
