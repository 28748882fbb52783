"""All lists in one ZIP file: sent while it is made, under names that every system takes."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.formats import archive

NOW = datetime(2026, 11, 25, 12, 30, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Morning", "Morning.csv"),
        ("AC/DC: best? \\ of <all>", "AC DC best of all.csv"),
        ("../../etc/passwd", "etc passwd.csv"),
        ("..", "playlist.csv"),
        ("", "playlist.csv"),
        (".hidden. ", "hidden.csv"),
        ("con", "_con.csv"),
        ("LPT1.txt", "_LPT1.txt.csv"),
        ("control", "control.csv"),
        ("a\x00b\nc\td", "a b c d.csv"),
        ("\u202egpj.evil", "gpj.evil.csv"),
        ("caf\u00e9 \U0001f3b5", "caf\u00e9 \U0001f3b5.csv"),
        ("cafe\u0301", "caf\u00e9.csv"),
        ("x" * 500, "x" * 80 + ".csv"),
        ("\U0001f3b5" * 80, "\U0001f3b5" * 45 + ".csv"),
    ],
)
def test_a_title_becomes_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert archive.file_name(title, extension="csv") == name


@given(st.text(max_size=300))
def test_no_title_makes_a_bad_name(title: str) -> None:
    name = archive.file_name(title, extension="csv")

    assert len(name.encode("utf-8", "replace")) <= 200
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert not name.startswith((".", " "))
    assert name.endswith(".csv")


def test_no_two_names_are_the_same() -> None:
    names = archive.Names()

    given = [names.unique(name) for name in ("a.csv", "A.csv", "a.csv", "a (2).csv", "b.csv")]

    assert given == ["a.csv", "A (2).csv", "a (3).csv", "a (2) (2).csv", "b.csv"]
    assert len({name.casefold() for name in given}) == 5


@given(st.lists(st.sampled_from(["a.csv", "A.csv", "a (2).csv", "a (2) (2).csv", "b.csv"])))
def test_names_stay_different_in_any_order(wanted: list[str]) -> None:
    names = archive.Names()

    assert len({names.unique(name).casefold() for name in wanted}) == len(wanted)


def test_a_zip_holds_each_list_under_a_name_of_its_own() -> None:
    files = [("M\u00f6rgen.csv", iter(["caf\u00e9,", "b\n"])), ("m\u00f6rgen.csv", iter(["2"]))]

    packed = zipfile.ZipFile(io.BytesIO(b"".join(archive.pack(files, at=NOW))))

    assert packed.testzip() is None
    assert {info.filename: packed.read(info) for info in packed.infolist()} == {
        "M\u00f6rgen.csv": "caf\u00e9,b\n".encode(),
        "m\u00f6rgen (2).csv": b"2",
    }
    assert {info.date_time for info in packed.infolist()} == {(2026, 11, 25, 12, 30, 2)}


def test_an_empty_zip_is_one() -> None:
    packed = b"".join(archive.pack([], at=datetime(1970, 1, 1, tzinfo=UTC)))

    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == []


def test_a_zip_of_anything_is_sent_in_little_memory() -> None:
    dice = random.Random(1)

    def blocks() -> Iterator[str]:
        for _ in range(200):
            yield dice.randbytes(8_000).hex()

    tracemalloc.start()
    size = sum(map(len, archive.pack((("a.csv", blocks()) for _ in range(5)), at=NOW)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size > 5_000_000
    assert peak < 2_000_000
