"""The rate limit of 30 seconds and the quota of 24 hours."""

from __future__ import annotations

import pytest

HOUR_S = 3_600


@pytest.fixture(autouse=True)
def still(control):
    """Stop the clock, and let tokens outlive the days that it is moved."""
    control.stop_clock()
    control.switch(access_token_s=10 * 24 * HOUR_S)


def statuses(client, number, path="/me"):
    return [client.get(path).status_code for _ in range(number)]


def test_without_a_limit_nothing_is_refused(spotify):
    assert set(statuses(spotify, 60)) == {200}


def test_rolling_window_refuses_and_names_the_wait(spotify, control):
    control.switch(rate_limit=3)
    first = statuses(spotify, 2)
    control.advance(seconds=10)

    more = [spotify.get("/me") for _ in range(2)]
    control.advance(seconds=20)
    after = statuses(spotify, 3)

    assert first == [200, 200]
    assert [one.status_code for one in more] == [200, 429]
    assert more[1].headers["retry-after"] == "20"
    assert more[1].json() == {"error": {"status": 429, "message": "API rate limit exceeded"}}
    assert after == [200, 200, 429]


def test_limit_is_counted_per_app_and_not_per_person(spotify, control, as_user):
    control.switch(rate_limit=2)
    control.add_app("other", "s", ["http://127.0.0.1/"])
    other = as_user("ada")
    other.token = control.tokens("ada", [], client_id="other")["access_token"]

    mine = [spotify.get("/me").status_code, as_user("grace").get("/me").status_code]

    assert mine == [200, 200]
    assert spotify.get("/me").status_code == 429
    assert other.get("/me").status_code == 200


def test_calling_while_limited_lengthens_the_wait_when_switched(spotify, control):
    control.switch(rate_limit=2, limited_calls_count=True)
    statuses(spotify, 2)
    control.advance(seconds=20)
    statuses(spotify, 2)
    control.advance(seconds=11)

    assert spotify.get("/me").status_code == 429


def test_quota_refuses_one_bucket_for_hours(spotify, control):
    control.switch(quota={"playlist-read": 2})
    statuses(spotify, 1, "/me/playlists")
    control.advance(seconds=HOUR_S)
    statuses(spotify, 1, "/me/playlists")

    refused = spotify.get("/me/playlists")
    other = spotify.get("/me")

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(23 * HOUR_S)
    assert refused.json() == {
        "error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}
    }
    assert other.status_code == 200


def test_quota_rolls_and_is_not_reset_at_midnight(spotify, control):
    control.set_clock("2026-11-22T22:00:00Z")
    control.switch(quota={"all": 2})
    spotify.token = control.tokens("ada", [])["access_token"]
    first = statuses(spotify, 2)
    control.advance(seconds=3 * HOUR_S)
    after_midnight = spotify.get("/me").status_code
    control.advance(seconds=21 * HOUR_S)

    assert first == [200, 200]
    assert after_midnight == 429
    assert spotify.get("/me").status_code == 200


def test_quota_is_shared_by_all_apps_of_the_developer(spotify, control):
    control.switch(quota={"me": 1})
    control.add_app("other", "s", ["http://127.0.0.1/"])
    spotify.get("/me")

    spotify.token = control.tokens("ada", [], client_id="other")["access_token"]

    assert spotify.get("/me").status_code == 429


def test_extended_mode_has_no_quota(spotify, control):
    control.switch(quota={"me": 0}, mode="extended")

    assert spotify.get("/me").status_code == 200


def test_retry_after_is_missing_by_share(spotify, control):
    control.switch(rate_limit=0, retry_after_missing_share=0.5, seed=1)

    waits = {"retry-after" in spotify.get("/me").headers for _ in range(20)}

    assert waits == {True, False}


def test_body_may_be_text(spotify, control):
    control.switch(rate_limit=0, limited_body="text")
    text = spotify.get("/me")
    control.switch(limited_body="mixed")
    kinds = {spotify.get("/me").headers["content-type"].split(";")[0] for _ in range(20)}

    assert (text.text, len(text.content)) == ("Too many requests", 17)
    assert kinds == {"text/plain", "application/json"}


def test_refused_token_is_not_counted_and_tokens_are_not_limited(spotify, control):
    control.switch(rate_limit=1)
    good, spotify.token = spotify.token, "false"
    statuses(spotify, 5)
    spotify.token = good

    assert spotify.get("/me").status_code == 200
    refresh = control.tokens("ada", [])["refresh_token"]
    assert {spotify.refresh(refresh).status_code for _ in range(5)} == {200}
