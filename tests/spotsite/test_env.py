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


@pytest.mark.parametrize("value", ["-1", "many", "1.5", ""])
def test_number_reports_what_is_no_count(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROXIES", value)

    assert env.number("PROXIES", 2) == 2
    assert env.problems == {"PROXIES": "PROXIES is not a whole number."}


def test_words_are_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", " a.example, b.example ,")

    assert env.words("HOSTS") == ["a.example", "b.example"]


@pytest.mark.parametrize("value", ["", "lists.example", "ftp://x", "https://", "http://x:y", "//x"])
def test_url_reports_what_is_no_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SITE", value)

    assert env.url("SITE", "https://default.example") == "https://default.example"
    assert env.problems == {"SITE": "SITE is not an http or https address."}


def test_service_reports_another_kind_of_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "mysql://host/name")

    assert env.service("STORE", "postgres://host/name", schemes={"postgres"}) == (
        "postgres://host/name"
    )
    assert env.problems == {"STORE": "STORE does not begin with postgres."}
