from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotsite import env


@pytest.fixture(autouse=True)
def fresh_problems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(env, "problems", {})
    return


def test_text_is_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLOUR", "teal")

    assert env.text("COLOUR") == "teal"


def test_text_prefers_the_file_and_strips_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "colour").write_text("ochre\n")
    monkeypatch.setenv("COLOUR", "teal")
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "colour"))

    assert env.text("COLOUR") == "ochre"


def test_text_reports_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "nothing"))

    assert env.text("COLOUR", "grey") == "grey"
    assert env.problems == {"COLOUR": "COLOUR_FILE cannot be read (FileNotFoundError)."}


def test_what_is_empty_is_not_set_in_a_variable_as_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    monkeypatch.setenv("COLOUR", "")
    monkeypatch.setenv("SIZE_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("LOUD", " ")

    assert env.text("COLOUR", "grey") == "grey"
    assert env.number("SIZE", 4) == 4
    assert env.flag("LOUD", default=True) is True
    assert env.problems == {}


def test_text_reports_a_file_that_is_no_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "colour").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("COLOUR_FILE", str(tmp_path / "colour"))

    assert env.text("COLOUR", "grey") == "grey"
    assert env.problems == {"COLOUR": "COLOUR_FILE cannot be read (UnicodeDecodeError)."}


@pytest.mark.parametrize(("value", "meaning"), [("True", True), ("False", False), ("", False)])
def test_flag_knows_three_words(monkeypatch: pytest.MonkeyPatch, value: str, meaning: bool) -> None:
    monkeypatch.setenv("LOUD", value)

    assert env.flag("LOUD") is meaning
    assert env.problems == {}


def test_flag_is_off_and_reported_where_it_says_anything_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOUD", "yes")

    assert env.flag("LOUD") is False
    assert env.problems == {"LOUD": 'LOUD is neither "True" nor "False".'}


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "1 2"])
def test_number_reports_what_is_no_count(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROXIES", value)

    assert env.number("PROXIES", 2) == 2
    assert env.problems == {"PROXIES": "PROXIES is not a whole number."}


@pytest.mark.parametrize("value", ["1000001", "9" * 5000])
def test_number_reports_what_no_date_could_hold(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DAYS", value)

    assert env.number("DAYS", 2) == 2
    assert env.problems == {"DAYS": "DAYS is larger than 1000000."}


def test_words_are_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", " a.example, b.example ,")

    assert env.words("HOSTS") == ["a.example", "b.example"]


@pytest.mark.parametrize(
    "value",
    [
        *("lists.example", "ftp://x", "https://", "http://x:y", "//x", "http://[::1", "http://x y"),
        *("https://x?y", "https://x#y", "https://user@x", "https://x:99999"),
    ],
)
def test_url_reports_what_is_no_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SITE", value)

    assert env.url("SITE", "https://default.example") == "https://default.example"
    assert env.problems == {"SITE": "SITE is not an http or https address."}


DATABASE = "postgres://127.0.0.1/name"


def service(value: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORE", value)
    return env.service("STORE", DATABASE, schemes={"postgres", "postgresql"}, path="/[^/]+")


def test_service_reports_another_kind_of_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert service("mysql://host/name", monkeypatch) == DATABASE
    assert env.problems == {"STORE": "STORE does not begin with postgres:// or postgresql://."}


@pytest.mark.parametrize(
    "value",
    [
        *("name", "postgres://host", "postgres://host/", "postgres://[host/name"),
        *("postgres://host:port/name", "postgres://u:p#w@h/name", "postgres://u:p/w@h/name"),
    ],
)
def test_service_reports_what_is_no_whole_address(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service(value, monkeypatch) == DATABASE
    assert "its password is not percent-encoded" in env.problems["STORE"]


@pytest.mark.parametrize(
    "value", ["postgresql://u:p%23w@h:5432/n?sslmode=require", "postgres:///n"]
)
def test_service_is_the_address(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service(value, monkeypatch) == value
    assert env.problems == {}


def test_service_that_is_not_set_is_reported_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert service("", monkeypatch) == DATABASE
    assert env.problems.pop("STORE") == "STORE is not set."

    monkeypatch.setenv("STORE_FILE", "/nowhere")

    assert service("", monkeypatch) == DATABASE
    assert env.problems["STORE"] == "STORE_FILE cannot be read (FileNotFoundError)."
