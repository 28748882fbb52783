"""What a definition may say, and what its errors say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from playlists.recipes import definition, sentence
from playlists.recipes.definition import NotADefinition
from playlists.recipes.reading import DEEPEST, MOST_BYTES
from playlists.recipes.sentence import Names
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import BLOCK_LIST, GYM, NOW, Json, plain

MATCHES = {"kind": "matches", "field": "title", "pattern": "live"}
EXPLICIT = {"kind": "explicit"}


def keep(when: Json) -> Json:
    return {"kind": "keep", "when": when}


def scheduled(*entries: Json, **rest: Any) -> Json:
    return {**plain(), "schedule": {"entries": list(entries), **rest}}


def complaints(data: Any) -> list[str]:
    with pytest.raises(NotADefinition) as caught:
        definition.check(data)
    return [str(problem) for problem in caught.value.problems]


@settings(deadline=None)
@given(inventing.definitions)
def test_what_is_read_is_written_and_read_again(data: Json) -> None:
    read = definition.check(data)

    assert definition.read(definition.text(read)) == read
    assert definition.check(definition.data(read)) == read


@settings(deadline=None)
@given(inventing.definitions)
def test_what_can_be_read_follows_the_exported_schema(data: Json) -> None:
    validator = Draft202012Validator(definition.json_schema())

    assert list(validator.iter_errors(data)) == []
    assert list(validator.iter_errors(definition.data(definition.check(data)))) == []


def test_the_exported_schema_is_one_and_refuses_what_is_not_known() -> None:
    Draft202012Validator.check_schema(definition.json_schema())
    validator = Draft202012Validator(definition.json_schema())

    assert not validator.is_valid({**plain(), "colour": "red"})
    assert not validator.is_valid(plain({"kind": "limit", "most": 0}))


def test_what_is_left_out_has_a_sensible_value() -> None:
    read = definition.check(plain())

    assert read.rules == ()
    assert read.schedule.entries == ()
    assert not read.target.overwrites
    assert read.sources[0].if_unreadable == "fail"


KINDS = '"albums", "liked", "list", "playlist", "recent", "top", "uris" or "version"'
ONE_FIELD = [
    (
        plain(sources=[{"kind": "likes"}]),
        f"sources[0].kind is not one of the choices. Allowed: {KINDS}.",
    ),
    (plain(sources=[{}]), f"sources[0].kind is missing. Allowed: {KINDS}."),
    (plain(sources=[3]), f"sources[0] is not an object. Allowed: an object whose kind is {KINDS}."),
    (
        plain(sources=[{"kind": "playlist", "playlist": "gym"}]),
        "sources[0].playlist has another form. Allowed: a playlist's id: 22 letters and digits.",
    ),
    (
        plain(sources=[{"kind": "top", "range": "month"}]),
        'sources[0].range is not one of the choices. Allowed: "4 weeks", "6 months" or "year".',
    ),
    (
        plain(sources=[{"kind": "uris", "uris": ["spotify:album:1"]}]),
        (
            "sources[0].uris[0] has another form. "
            "Allowed: spotify:track: or spotify:episode: and 22 letters and digits."
        ),
    ),
    (
        plain(sources=[{"kind": "liked", "if_unreadable": "ask"}]),
        'sources[0].if_unreadable is not one of the choices. Allowed: "fail" or "skip".',
    ),
    (
        plain(sources=[{"kind": "list", "list": "a b"}]),
        "sources[0].list has another form. Allowed: up to 64 letters, digits, - and _.",
    ),
    (
        plain(sources=[{"kind": "liked"}] * 21),
        "sources has too many entries. Allowed: a list of 1 to 20.",
    ),
    (
        plain({"kind": "limit", "most": 0}),
        "rules[0].most is too small. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit", "most": 10_001}),
        "rules[0].most is too large. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit", "most": "10"}),
        "rules[0].most is not a whole number. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit", "most": True}),
        "rules[0].most is not a whole number. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit", "most": 2.5}),
        "rules[0].most is not a whole number. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit"}),
        "rules[0].most is missing. Allowed: a whole number from 1 to 10,000.",
    ),
    (
        plain({"kind": "limit", "most": 3, "least": 2}),
        "rules[0].least is not known here. Allowed: kind, most, unit, per, which.",
    ),
    (
        plain(keep(EXPLICIT), keep(EXPLICIT), keep({**MATCHES, "pattern": "("})),
        "rules[2].when.pattern is not a regular expression that can be used: missing ): (.",
    ),
    (
        plain(keep({**MATCHES, "pattern": r"(a)\1"})),
        (
            "rules[0].when.pattern is not a regular expression that can be used: "
            r"invalid escape sequence: \1."
        ),
    ),
    (
        plain(keep({**MATCHES, "pattern": "(?=a)"})),
        (
            "rules[0].when.pattern is not a regular expression that can be used: "
            "invalid perl operator: (?= (looking ahead and behind is not possible)."
        ),
    ),
    (
        plain(keep({**MATCHES, "pattern": "(.{0,99}a){9}"})),
        (
            "rules[0].when.pattern is not a regular expression that can be used: "
            "it stands for too much: use smaller numbers in braces, or fewer choices."
        ),
    ),
    (
        plain(keep({**MATCHES, "pattern": ""})),
        "rules[0].when.pattern is too short. Allowed: text of 1 to 200 characters.",
    ),
    (
        plain(keep({**MATCHES, "pattern": "a" * 201})),
        "rules[0].when.pattern is too long. Allowed: text of 1 to 200 characters.",
    ),
    (
        plain(keep({**MATCHES, "exact_case": 1})),
        "rules[0].when.exact_case is neither true nor false. Allowed: true or false.",
    ),
    (
        plain(keep({"kind": "contains", "field": "title", "text": " "})),
        "rules[0].when.text is blank.",
    ),
    (
        plain(keep({"kind": "contains", "field": "title", "text": "a\x07"})),
        "rules[0].when.text has a character that cannot be shown.",
    ),
    (
        plain(keep({"kind": "contains", "field": "title", "text": 7})),
        "rules[0].when.text is not text. Allowed: text of 1 to 200 characters.",
    ),
    (
        plain(keep({"kind": "all", "of": []})),
        "rules[0].when.of has too few entries. Allowed: a list of 1 to 20.",
    ),
    (
        plain(keep({"kind": "any", "of": [EXPLICIT, {"kind": "date", "field": "added"}]})),
        "rules[0].when.of[1] needs since or until, or both.",
    ),
    (
        plain(keep({"kind": "age", "field": "added"})),
        "rules[0].when needs at_least_days or at_most_days, or both.",
    ),
    (
        plain(keep({"kind": "duration", "at_least": 2, "at_most": 1})),
        "rules[0].when has at_least beyond at_most: no track can be both.",
    ),
    *(
        (
            plain(keep({"kind": "date", "field": "added", "since": day})),
            "rules[0].when.since is not a date. Allowed: a date such as 2026-01-31.",
        )
        for day in ["2026-02-30", "20260131", "2026-01-31T00:00", 1_700_000_000, "1"]
    ),
    (
        plain({"kind": "sort", "by": [{"field": "tempo"}]}),
        (
            "rules[0].by[0].field is not one of the choices. Allowed: "
            '"title", "artist", "album", "added", "released", "duration", "explicit", "isrc", '
            '"source" or "position".'
        ),
    ),
    (
        plain({"kind": "interleave", "weights": [1, 2]}),
        "rules[0].weights needs one number for each source: 1.",
    ),
    ({**plain(), "rules": {}}, "rules is not a list. Allowed: a list of up to 50."),
    (plain(*[{"kind": "block"}] * 51), "rules has too many entries. Allowed: a list of up to 50."),
    (
        plain(by_hand="keep", mode={"kind": "replace"}),
        (
            "target has by_hand keep with the mode replace, which overwrites changes by hand: "
            "take the mode mirror, or leave by_hand out."
        ),
    ),
    (plain(mode={"kind": "rolling"}), "target.mode needs count or days, or both."),
    (
        plain(mode="mirror"),
        (
            'target.mode is not an object. Allowed: an object whose kind is "add_missing", '
            '"append", "mirror", "prepend", "replace" or "rolling".'
        ),
    ),
    (
        plain(playlist={"kind": "new", "name": ""}),
        "target.playlist.name is too short. Allowed: text of 1 to 100 characters.",
    ),
    (
        plain(guards={"share": 101}),
        "target.guards.share is too large. Allowed: a whole number from 1 to 100.",
    ),
    (
        plain(description="a" * 301),
        "target.description is too long. Allowed: text of up to 300 characters.",
    ),
    (
        {**plain(), "target": None},
        (
            "target is not an object. Allowed: an object with account, playlist, mode, by_hand, "
            "dates, guards, name, description."
        ),
    ),
    (
        scheduled({"kind": "daily", "at": "24:00"}),
        "schedule.entries[0].at has another form. Allowed: a time of day from 00:00 to 23:59.",
    ),
    (
        scheduled({"kind": "hourly", "every_hours": 0}),
        "schedule.entries[0].every_hours is too small. Allowed: a whole number from 1 to 744.",
    ),
    (
        scheduled({"kind": "weekly", "days": ["monday", "monday"], "at": "05:00"}),
        "schedule.entries[0].days name a day twice.",
    ),
    (
        scheduled({"kind": "cron", "text": "0 5 * * * *"}),
        (
            "schedule.entries[0].text cannot be used: '0 5 * * * *' has 6 fields: five are needed, "
            "minute, hour, day of month, month, day of week."
        ),
    ),
    (
        scheduled({"kind": "cron", "text": "* * * * *"}),
        (
            "schedule.entries[0].text cannot be used: minute and hour of '* * * * *' come more "
            "often than once in 1 h, which is the most: give one minute, such as 0."
        ),
    ),
    (
        scheduled({"kind": "hourly", "every_hours": 3}, {"kind": "hourly", "every_hours": 3}),
        "schedule.entries name the same times twice.",
    ),
    *(
        (
            scheduled(time_zone=zone),
            'schedule.time_zone is not a time zone such as "Europe/Berlin".',
        )
        for zone in ["Mars", "../UTC", "Europe", "/etc/passwd"]
    ),
    (
        scheduled(quiet={"start": "22:00", "end": "22:00"}),
        "schedule.quiet starts when it ends.",
    ),
    (
        {**plain(), "colour": 1},
        ("colour is not known here. Allowed: version, sources, rules, target, schedule."),
    ),
    ([], "The definition is not an object."),
    (None, "The definition is not an object."),
]


@pytest.mark.parametrize(("data", "complaint"), ONE_FIELD, ids=[case[1] for case in ONE_FIELD])
def test_an_error_names_the_field_and_what_is_allowed(data: Any, complaint: str) -> None:
    assert complaints(data) == [complaint]


def test_all_errors_are_named_at_once_up_to_twenty() -> None:
    two = plain({"kind": "limit", "most": 0}, sources=[{"kind": "x"}])
    many = plain(*[{"kind": "limit"}] * 50)

    assert [one.partition(" ")[0] for one in complaints(two)] == [
        "sources[0].kind",
        "rules[0].most",
    ]
    assert len(complaints(many)) == 20


def test_people_read_where_the_error_is_in_words() -> None:
    with pytest.raises(NotADefinition) as caught:
        definition.check(
            plain(keep({"kind": "all", "of": [EXPLICIT, {**MATCHES, "pattern": "("}]}))
        )

    assert [one.where for one in caught.value.problems] == ["rule 1, when, condition 2, pattern"]


def test_a_name_that_somebody_made_up_is_shown_in_short() -> None:
    assert complaints({**plain(), "a\x1b" * 50: 1})[0].startswith(f"{'a' * 39}… is not known")


def test_what_was_given_is_not_in_the_error() -> None:
    assert "hunter2" not in "".join(complaints(plain({"kind": "limit", "most": "hunter2"})))


def nested(levels: int) -> Json:
    when: Json = EXPLICIT
    for _ in range(levels):
        when = {"kind": "not", "of": when}
    return when


def test_groups_lie_five_deep_and_no_deeper() -> None:
    definition.check(plain(keep(nested(5))))

    assert complaints(plain(keep(nested(6)))) == [
        "rules[0] has more than 5 groups of conditions inside one another."
    ]


def test_there_is_an_end_to_conditions_patterns_and_lines() -> None:
    twenty = {"kind": "any", "of": [EXPLICIT] * 20}
    lines = {"kind": "uris", "uris": [inventing.uri("a")] * 5_001}
    letters = keep({**MATCHES, "pattern": r"\p{L}"})

    definition.check(plain(*[keep(twenty)] * 9))
    definition.check(plain(letters, letters))

    assert complaints(plain(*[keep(twenty)] * 10)) == [
        "rules have too many conditions: at most 200 are allowed in all."
    ]
    assert complaints(plain(sources=[lines, lines])) == [
        "sources have too many lines: at most 10,000 are allowed in all."
    ]
    assert complaints(plain(*[letters] * 3)) == [
        (
            "rules have regular expressions that stand for too much together: use fewer, "
            "smaller numbers in braces, or fewer choices."
        )
    ]


DEEP = "is too deep: at most 40 levels are allowed."
UNUSABLE = [
    ("[" * 100_000, f"The definition {DEEP}"),
    ('{"a":' * 50_000 + "1" + "}" * 50_000, f"The definition {DEEP}"),
    ('{"version": NaN}', "version is not a number that can be used."),
    ('{"version": -Infinity}', "version is not a number that can be used."),
    ('{"version": 1e999}', "version is not a number that can be used."),
    ('{"version": 9007199254740993}', "version is not a number that can be used."),
    (f'{{"version": {"9" * 5_000}}}', "version is not a number that can be used."),
    ('{"version": 1, "rules": [], "rules": []}', 'The definition has "rules" twice.'),
    ('{"sources": [{"kind": 1, "kind": 1}]}', 'sources[0] has "kind" twice.'),
    ('{"version": "\\u0000"}', "version has a character that cannot be stored."),
    ('{"version": "\\ud800"}', "version has a character that cannot be stored."),
    ('{"\\u0000": 1}', "The definition has a name that cannot be stored."),
    (
        "{",
        (
            "The definition is not JSON: line 1, column 2: "
            "Expecting property name enclosed in double quotes."
        ),
    ),
    ("", "The definition is not JSON: line 1, column 1: Expecting value."),
    (
        '"' + '\\"' * 400_000,
        ("The definition is not JSON: line 1, column 1: Unterminated string starting at."),
    ),
    (b"\xff\xfe", "The definition is not UTF-8 text."),
    (" " * (MOST_BYTES + 1), "The definition is too long: at most 1,000,000 bytes are allowed."),
    (
        "[" + "0," * 300_000 + "0]",
        ("The definition has too many parts: at most 200,000 are allowed."),
    ),
]


@pytest.mark.parametrize(("text", "complaint"), UNUSABLE, ids=range(len(UNUSABLE)))
def test_json_that_cannot_be_used_is_one_clear_error(text: str | bytes, complaint: str) -> None:
    with pytest.raises(NotADefinition) as caught:
        definition.read(text)

    assert [str(one) for one in caught.value.problems] == [complaint]


def test_brackets_in_texts_are_no_levels() -> None:
    brackets = keep({"kind": "contains", "field": "title", "text": '"' + "[" * 2 * DEEPEST})

    assert definition.read(json.dumps(plain(brackets))).rules


def test_plain_data_is_bounded_like_text() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]

    assert complaints({"version": 1, "rules": deep}) == [f"The definition {DEEP}"]
    assert complaints({"version": float("nan")}) == ["version is not a number that can be used."]
    assert complaints({"version": {1}}) == ["version is a set, which JSON does not have."]
    assert complaints({1: 1}) == ["The definition has a name that cannot be stored."]


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        (2, "version is not known to this site. Allowed: 1."),
        (0, "version is not known to this site. Allowed: 1."),
        ("1", "version is not a whole number. Allowed: 1."),
        (True, "version is not a whole number. Allowed: 1."),
        (None, "version is missing. Allowed: 1."),
    ],
)
def test_a_version_that_is_not_known_is_refused(version: Any, complaint: str) -> None:
    assert complaints({**plain(), "version": version}) == [complaint]


def test_older_versions_are_upgraded_step_by_step() -> None:
    upgrades = {
        1: lambda data: {**data, "rules": [*data["rules"], {"kind": "block"}]},
        2: lambda data: {**data, "colour": "red"},
    }

    found = definition.upgraded({"version": 1, "rules": []}, upgrades=upgrades, newest=3)

    assert found == {"version": 3, "rules": [{"kind": "block"}], "colour": "red"}


def test_an_older_version_than_can_be_upgraded_is_refused() -> None:
    with pytest.raises(NotADefinition, match=r"not known to this site. Allowed: 2 or 3\.$"):
        definition.upgraded({"version": 1}, upgrades={2: dict}, newest=3)


def test_a_playlist_that_was_made_is_bound_by_its_id() -> None:
    new = definition.check(plain(playlist={"kind": "new", "name": "Gym"}))

    made = definition.bound(new, GYM)

    assert new.target.playlist_id == ""
    assert made == definition.check(plain())


def test_a_schedule_says_when_it_runs_next() -> None:
    daily = definition.check(
        scheduled({"kind": "daily", "at": "05:00"}, time_zone="Europe/Berlin")
    ).schedule
    paused = definition.check(scheduled({"kind": "daily", "at": "05:00"}, paused=True)).schedule
    late = definition.check(
        scheduled(
            {"kind": "weekly", "days": ["thursday"], "at": "23:00"},
            {"kind": "monthly", "day": 31, "at": "12:00"},
            quiet={"start": "22:00", "end": "07:00"},
        )
    ).schedule

    assert daily.next_run(after=NOW, key="") == datetime(2026, 11, 26, 4, tzinfo=UTC)
    assert daily.due(last=NOW - timedelta(days=3), now=NOW, key="") == NOW
    assert paused.next_run(after=NOW, key="") is None
    assert late.next_run(after=NOW, key="") == datetime(2026, 11, 27, 7, tzinfo=UTC)


def test_the_accounts_of_all_parts_are_known() -> None:
    rule = keep({"kind": "not", "of": {"kind": "liked", "account": "cleo"}})
    bobs = {"kind": "playlist", "playlist": BLOCK_LIST, "account": "bob"}

    found = definition.check(plain(rule, sources=[bobs, {"kind": "liked"}]))

    assert found.accounts == {"ada", "bob", "cleo"}
    assert found.target.playlist_id == GYM


BOOK = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text(encoding="utf-8")


def test_the_example_in_the_book_is_a_definition_and_says_what_the_book_says() -> None:
    example = BOOK.partition("```json")[2].partition("```")[0]
    names = Names(playlists={GYM: "Gym", BLOCK_LIST: "Block list"}, zone="Europe/Berlin")

    said = sentence.sentence(definition.read(example), names)

    assert said.replace("*", "") in BOOK.replace("*", "").replace("\n", " ")


def test_the_book_names_every_kind_and_field() -> None:
    schema = definition.json_schema()
    objects = [schema, *schema["$defs"].values()]
    fields = {field for one in objects for field in one["properties"]} - {"kind"}
    kinds = {one["properties"]["kind"]["const"] for one in objects if "kind" in one["properties"]}

    names = set(re.findall(r"`(\w+)`", BOOK)) | set(re.findall(r'"(\w+)":', BOOK))

    assert len(fields) > 30
    assert len(kinds) > 30
    assert (fields | kinds) - names == set()
