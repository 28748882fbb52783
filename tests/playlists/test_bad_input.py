"""What is meant to break the site, through its pages: a clear sentence, no 500, bounded memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from playlists import formats
from playlists.models import Matching, Recipe, Run
from tests.playlists.cast import Member, said, tracks, worked, writes
from tests.playlists.recipe_cast import of, playlist

MEGABYTE = 1024 * 1024
PUT, BRING, JSON = "/playlists/put/", "/matches/new/", "/recipes/new/json/"
MANY = "Queen - One Vision\n"


@contextmanager
def bounded(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MEGABYTE


def bomb(depth: int) -> str:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(depth))
    return (
        f'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY e0 "lol">{entities}]>'
        f"<playlist><title>&e{depth};</title></playlist>"
    )


def uploaded(browser: Client, page: str, text: str, name: str, *, target: str) -> Any:
    file = SimpleUploadedFile(name, text.encode())
    return browser.post(page, {"file": file, "playlist": target, "mode": "append", "name": ""})


FILES = {
    "xml bomb": (bomb(12), "x.xspf", "declares a document type"),
    "xml from outside": (
        '<!DOCTYPE p SYSTEM "file:///etc/passwd"><playlist/>',
        "x.xspf",
        "document type",
    ),
    "deep xml": ("<?xml version='1.0'?><playlist>" + "<a>" * 90_000, "x.xspf", "far more"),
    "deep json": ("[" * 300_000, "x.json", "nested too deep"),
    "long numbers": ("[" + "9" * 900_000 + "]", "x.json", "a number that is too long"),
    "10 MB of lines": (MANY * (formats.MOST_BYTES // len(MANY)), "x.txt", "at most 10,000"),
    "10 MB of nothing": ("\n" * formats.MOST_BYTES, "x.txt", ""),
    "10 MB and one": ("x" * (formats.MOST_BYTES + 1), "x.txt", "10 MB"),
    "a zip": ("PK\x03\x04" * 100_000, "x.csv", "spreadsheet"),
}


@pytest.mark.parametrize("page", [PUT, BRING])
@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_list_is_named_in_a_sentence(ada: Member, page: str, kind: str) -> None:
    text, name, words = FILES[kind]
    target = ada.has(tracks(2))
    browser = ada.browser()
    browser.get(page)  # what is loaded once is not counted

    with bounded(250):
        answer = uploaded(browser, page, text, name, target=target)

    assert answer.status_code == 200
    assert words in said(answer)
    assert said(answer)
    assert not Run.objects.exists()
    assert not Matching.objects.exists()
    assert writes(ada) == []


@pytest.mark.parametrize("page", [PUT, BRING, JSON, "/blocks/"])
def test_10_mb_of_pasted_text_is_refused_before_it_is_read(ada: Member, page: str) -> None:
    target = ada.has(tracks(2))
    text = MANY * (formats.MOST_BYTES // len(MANY))
    body = {"list": text, "text": text, "lines": text, "playlist": target, "mode": "append"}
    browser = ada.browser()
    browser.get(page)

    answer = browser.post(page, body)

    assert answer.status_code == 413
    assert "too much" in answer.content.decode() or "too large" in answer.content.decode()


# Recipes ------------------------------------------------------------------------------------------


def sent(ada: Member, text: str) -> Any:
    browser = ada.browser()
    browser.get(JSON)
    with bounded(150):
        return browser.post(JSON, {"name": "Mine", "text": text})


def with_rules(ada: Member, *rules: dict[str, Any]) -> str:
    return json.dumps(of(ada, {"kind": "liked"}, rules=list(rules)))


def by_title(pattern: str) -> dict[str, Any]:
    when = {"kind": "matches", "field": "title", "pattern": pattern}
    return {"kind": "drop", "when": when}


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("((a{100}){100}){100}", "rules[0]"),
        ("(a|b|ab)*" + "x" * 300, "rules[0]"),
        (r"(?=a)b", "looking ahead"),
        (r"(a)\1", "rules[0]"),
        ("(" * 150, "rules[0]"),
        (r"\p{L}{190}", "rules[0]"),
    ],
)
def test_an_expression_that_costs_too_much_is_refused_with_its_place(
    ada: Member, pattern: str, words: str
) -> None:
    answer = sent(ada, with_rules(ada, by_title(pattern)))

    assert answer.status_code == 200
    assert words in said(answer), said(answer)
    assert not Recipe.objects.exists()


def test_an_expression_that_would_go_off_elsewhere_is_harmless_here(ada: Member) -> None:
    ada.spotify.change_catalogue(tracks=[{"title": "a" * 200 + "!", "id": "a" * 22}])
    source, target = ada.has(["spotify:track:" + "a" * 22, *tracks(2)]), ada.has(tracks(1))
    data = of(ada, playlist(source), target=target, rules=[by_title("^(a+)+$")])

    answer = sent(ada, json.dumps(data))

    assert answer.status_code == 302, said(answer)
    assert worked(Run.objects.get()).state == Run.State.DRAFT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 900_000, "is too deep"),
        ('{"a":' * 150_000 + "1" + "}" * 150_000, "is too deep"),
        ('{"version": 1, "version": 1}', "twice"),
        ('{"version": NaN}', "version"),
        ('{"version": ' + "9" * 500_000 + "}", "version"),
        ('{"sources": ["\\u0000"]}', "cannot be stored"),
        ("{" * 1_100_000, "at most"),
        ("[" + "1," * 400_000 + "1]", "too many parts"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_json_that_is_no_definition_is_named_in_a_sentence(
    ada: Member, text: str, words: str
) -> None:
    answer = sent(ada, text)

    assert answer.status_code == 200
    assert words in said(answer), said(answer)
    assert not Recipe.objects.exists()


def test_playlists_of_others_are_refused_as_source_target_and_by_hand(ada: Member) -> None:
    theirs = Member.joins(ada.spotify, "bob").has(tracks(3))
    mine = ada.has(tracks(3))

    as_target = sent(ada, json.dumps(of(ada, playlist(mine), target=theirs)))
    as_source = sent(ada, json.dumps(of(ada, playlist(theirs), target=mine)))
    odd = sent(ada, json.dumps(of(ada, playlist("../../me"), target=mine)))
    put = ada.browser().post(
        PUT, {"list": tracks(1)[0], "playlist": theirs, "mode": "append", "name": ""}
    )

    assert "not one of yours" in said(as_target)
    assert "sources[0].playlist cannot be read: it is not one of yours" in said(as_source)
    assert "sources[0]" in said(odd)
    assert "not one of yours" in said(put)
    assert not Recipe.objects.exists()
    assert writes(ada) == []


def test_two_recipes_for_one_playlist_are_refused(ada: Member) -> None:
    source, target = ada.has(tracks(3)), ada.has(tracks(3))
    text = json.dumps(of(ada, playlist(source), target=target))
    assert sent(ada, text).status_code == 302

    answer = sent(ada, text)

    assert "Another recipe keeps this playlist already" in said(answer)
    assert Recipe.objects.count() == 1


def test_a_recipe_for_a_playlist_that_somebody_else_keeps_is_refused(ada: Member) -> None:
    bob = Member.joins(ada.spotify, "bob")
    shared = bob.has(tracks(3), collaborative=True, public=False, collaborators=["ada"])
    theirs = json.dumps(of(bob, playlist(bob.has(tracks(2))), target=shared))
    assert sent(bob, theirs).status_code == 302

    answer = sent(ada, json.dumps(of(ada, playlist(ada.has(tracks(2))), target=shared)))

    assert "Another recipe keeps this playlist already" in said(answer)
    assert Recipe.objects.get().user == bob.user
