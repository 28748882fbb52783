"""Faults on order, seen from a client's side of a real socket."""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests

SHORT_S = 0.3
SERVER_ERROR = '{"error":{"status":500,"message":"Server error."}}'


@pytest.fixture
def id_(control):
    return control.add_playlist("ada", uris=control.catalogue(2))


@pytest.fixture
def add(spotify, control, id_):
    def add(**values):
        uri = control.catalogue(3)[2]
        return spotify.call("POST", f"/playlists/{id_}/items", json={"uris": [uri]}, **values)

    return add


@pytest.fixture
def length(control, id_):
    return lambda: len(control.uris(id_))


class TestStatus:
    @pytest.mark.parametrize(
        ("order", "kind", "body"),
        [
            ({"status": 500}, "application/json", SERVER_ERROR),
            ({"status": 502, "json": {"a": 1}}, "application/json", '{"a":1}'),
            ({"status": 503, "text": "connect error"}, "text/plain", "connect error"),
            ({"status": 504, "text": "<b>", "media": "text/html"}, "text/html", "<b>"),
            ({"status": 500, "text": ""}, "text/plain", ""),
        ],
    )
    def test_answer_is_the_ordered_one_and_nothing_happens(
        self, control, add, length, order, kind, body
    ):
        control.fault(method="POST", **order)

        answer = add()

        assert (answer.status_code, answer.text) == (order["status"], body)
        assert answer.headers["content-type"].split(";")[0] == kind
        assert length() == 2

    def test_effect_may_have_happened(self, control, add, length):
        control.fault(method="POST", status=500, when="after")

        answer = add()

        assert answer.status_code == 500
        assert length() == 3

    def test_effect_may_come_later(self, control, add, length):
        control.stop_clock()
        control.fault(method="POST", status=504, when="late", late_s=60)

        answer = add()
        lengths = [length()]
        control.advance(seconds=59)
        lengths.append(length())
        assert control.clock()["pending"] == 1
        control.advance(seconds=1)

        assert answer.status_code == 504
        assert [*lengths, length()] == [2, 2, 3]

    def test_lost_answer_of_a_create_still_makes_the_playlist(self, spotify, control):
        control.stop_clock()
        control.fault(path="^/v1/me/playlists$", kind="drop", when="late", late_s=5)
        with pytest.raises(requests.ConnectionError):
            spotify.call("POST", "/me/playlists", json={"name": "Lost"})

        before = control.playlists("ada")
        control.advance(seconds=5)

        assert before == []
        assert [one["name"] for one in control.playlists("ada")] == ["Lost"]

    def test_headers_are_sent_along(self, spotify, control):
        control.fault(status=429, headers={"Retry-After": "7"})

        answer = spotify.get("/me")

        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")

    @pytest.mark.parametrize(
        ("status", "text"), [(401, "Access token missing"), (403, "Insufficient client scope")]
    )
    def test_passing_refusals_of_july_2026_go_away_on_a_retry(self, spotify, control, status, text):
        control.fault(path="^/v1/", status=status)

        first, second = spotify.get("/me"), spotify.get("/me")

        assert (first.status_code, first.json()["error"]["message"]) == (status, text)
        assert second.status_code == 200


class TestMatch:
    def test_order_hits_the_nth_matching_call_only(self, spotify, control, as_user):
        control.fault(method="GET", path="/me$", user="ada", skip=1, times=2, status=500)
        grace = as_user("grace")

        others = [
            grace.get("/me"),
            spotify.get("/me/playlists"),
            spotify.call("PUT", "/me/library"),
        ]
        mine = [spotify.get("/me").status_code for _ in range(5)]

        assert [one.status_code for one in others] == [200, 200, 400]
        assert mine == [200, 500, 500, 200, 200]
        assert [control.faults()[0][key] for key in ("seen", "hit")] == [3, 2]

    def test_order_without_times_stays_until_it_is_cleared(self, spotify, control):
        number = control.fault(times=None, status=500)
        during = {spotify.get("/me").status_code for _ in range(4)}

        control.clear_fault(number)

        assert during == {500}
        assert spotify.get("/me").status_code == 200
        control.fault(status=500)
        control.clear_faults()
        assert spotify.get("/me").status_code == 200

    def test_body_can_tell_calls_apart(self, spotify, control, id_):
        one, two = control.catalogue(2)
        control.fault(body_contains=two, status=500)

        def put(uri):
            body = {"uris": [uri]}
            return spotify.call("PUT", f"/playlists/{id_}/items", json=body).status_code

        assert [put(one), put(two)] == [200, 500]

    def test_refresh_of_one_person_can_fail(self, spotify, control):
        tokens = {user: control.tokens(user, [])["refresh_token"] for user in ("ada", "grace")}
        control.fault(path="/api/token", user="grace", status=500)

        statuses = [spotify.refresh(tokens[user]).status_code for user in ("ada", "grace", "grace")]

        assert statuses == [200, 500, 200]

    @pytest.mark.parametrize(
        "order",
        [{"kind": "explode"}, {"when": "never"}, {"status": 99}, {"path": "("}, {"colour": "red"}],
    )
    def test_order_that_makes_no_sense_is_refused(self, control, order):
        with pytest.raises(Exception, match="400"):
            control.fault(**order)
        assert control.faults() == []


class TestDrop:
    @pytest.mark.parametrize(("when", "left"), [("before", 2), ("after", 3)])
    def test_connection_ends_without_a_byte(self, control, add, length, when, left):
        control.fault(method="POST", kind="drop", when=when)

        with pytest.raises(requests.ConnectionError):
            add()

        assert length() == left
        assert add().status_code == 201

    def test_raw_client_reads_nothing(self, spotify, control):
        control.fault(kind="drop")
        host, port = urlsplit(spotify.base).netloc.split(":")

        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                read = raw.recv(100)
            except ConnectionResetError:
                read = b""

        assert read == b""


class TestHang:
    @pytest.mark.parametrize(("when", "left"), [("before", 2), ("after", 3)])
    def test_without_seconds_it_lasts_until_the_client_goes(self, control, add, length, when, left):
        control.fault(method="POST", kind="hang", when=when)

        with pytest.raises(requests.ReadTimeout):
            add(timeout=SHORT_S)

        assert length() == left
        assert add().status_code == 201

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_with_seconds_the_answer_is_only_slow(self, control, add, length, when):
        control.fault(method="POST", kind="hang", when=when, seconds=SHORT_S)

        started = time.monotonic()
        answer = add()

        assert time.monotonic() - started >= SHORT_S
        assert answer.status_code == 201
        assert length() == 3

    def test_others_are_served_meanwhile(self, spotify, control, as_user):
        control.fault(user="ada", kind="hang", seconds=30)
        with pytest.raises(requests.ReadTimeout):
            spotify.call("GET", "/me", timeout=SHORT_S)

        assert as_user("grace").get("/me").status_code == 200


class TestDrip:
    def test_bytes_come_slowly_and_for_ever(self, spotify, control):
        control.fault(kind="drip")

        with spotify.call("GET", "/me", stream=True) as answer:
            pieces = answer.iter_content(1)
            first = [next(pieces) for _ in range(3)]

        assert (answer.status_code, first) == (200, [b" ", b" ", b" "])

    def test_a_timeout_between_bytes_does_not_end_it(self, spotify, control):
        control.fault(kind="drip", seconds=1.5)

        answer = spotify.call("GET", "/me", timeout=1)

        assert re.fullmatch(" {3,}", answer.text)


def test_latency_is_added_to_each_call(spotify, control):
    control.switch(latency_ms=SHORT_S * 1000)

    started = time.monotonic()
    spotify.get("/me")

    assert time.monotonic() - started >= SHORT_S
