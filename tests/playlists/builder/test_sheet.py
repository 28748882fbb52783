"""A definition as a form and back: nothing is lost, whatever the schema allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from playlists.builder import editing, faults, sheet
from playlists.builder.kinds import KEPT
from playlists.builder.sheet import Sheet
from playlists.recipes import definition
from playlists.recipes.definition import NotADefinition
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import BLOCK_LIST, GYM, MORNINGS, Json, plain, uri

EXPLICIT = {"kind": "explicit"}
LIKED = {"kind": "liked", "same": "track"}


def opened(data: Json) -> Sheet:
    return sheet.of(definition.check(data), name="Gym")


def again(one: Sheet) -> Sheet:
    """Return the sheet as a browser gives it back."""
    return sheet.received(sheet.sent(one))


def drop(when: Json) -> Json:
    return {"kind": "drop", "when": when}


@settings(deadline=None, max_examples=300)
@given(inventing.definitions)
def test_a_definition_in_a_form_says_what_it_said(data: Json) -> None:
    known = definition.check(data)

    back = again(sheet.of(known, name="Gym"))

    assert definition.check(sheet.draft(back)) == known
    assert definition.data(definition.check(sheet.draft(back))) == definition.data(known)
    assert back.name == "Gym"


@pytest.mark.parametrize(
    ("when", "group", "conditions"),
    [
        (EXPLICIT, "one", ["explicit"]),
        ({"kind": "not", "of": EXPLICIT}, "one", ["explicit"]),
        ({"kind": "all", "of": [EXPLICIT]}, "all", ["explicit"]),
        (
            {"kind": "any", "of": [EXPLICIT, {"kind": "not", "of": LIKED}]},
            "any",
            ["explicit", "liked"],
        ),
        ({"kind": "not", "of": {"kind": "any", "of": [EXPLICIT]}}, "not_any", ["explicit"]),
        ({"kind": "not", "of": {"kind": "not", "of": EXPLICIT}}, "one", [KEPT]),
        (
            {"kind": "all", "of": [{"kind": "any", "of": [LIKED]}, EXPLICIT]},
            "all",
            [KEPT, "explicit"],
        ),
    ],
)
def test_groups_of_one_level_are_fields_and_deeper_ones_stay_as_text(
    when: Json, group: str, conditions: list[str]
) -> None:
    (rule,) = opened(plain(drop(when))).rules

    assert rule.first("group") == group
    assert [one.kind for one in rule.conditions] == conditions


@pytest.mark.parametrize(
    "data",
    [
        plain(drop({"kind": "matches", "field": "title", "pattern": "a\nb"})),
        plain(drop({"kind": "in_playlist", "playlists": [GYM, MORNINGS, GYM]})),
        plain(drop({"kind": "in_playlist", "playlists": [MORNINGS, GYM]})),
        plain(drop({"kind": "contains", "field": "title", "text": "  (Live) "})),
        plain(description=""),
        plain(description="  two  spaces "),
        plain(sources=[{"kind": "uris", "uris": []}]),
        plain(sources=[{"kind": "uris", "uris": [uri("a"), uri("a")]}]),
        {**plain(), "schedule": {"entries": [{"kind": "cron", "text": "0 5 * *\t1"}]}},
        {**plain(), "schedule": {"entries": [{"kind": "cron", "text": "0 5 * *\n1"}]}},
        {
            **plain(),
            "schedule": {
                "entries": [{"kind": "weekly", "days": ["sunday", "monday"], "at": "05:00"}]
            },
        },
    ],
)
def test_what_a_browser_would_change_is_kept_all_the_same(data: Json) -> None:
    assert definition.check(sheet.draft(again(opened(data)))) == definition.check(data)


@pytest.mark.parametrize(
    "kind", ["keep", "drop", "sort", "duplicates", "space", "limit", "shuffle"]
)
def test_a_new_rule_of_any_kind_needs_little(kind: str) -> None:
    one = opened(plain())

    assert editing.act(one, "add rules", kind=kind) == "rules-0"

    if kind in {"keep", "drop"}:
        one.rules[0].conditions[0].values["text"] = ["live"]
    assert definition.check(sheet.draft(again(one))).rules[0].kind == kind


def test_buttons_move_and_remove() -> None:
    one = opened(plain({"kind": "block"}, {"kind": "space", "apart": 2}, {"kind": "interleave"}))

    def kinds() -> str:
        return " ".join(rule.kind for rule in one.rules)

    assert editing.act(one, "down rules 0", kind="") == "rules-1"
    assert kinds() == "space block interleave"
    assert editing.act(one, "up rules 2", kind="") == "rules-1"
    assert kinds() == "space interleave block"
    assert editing.act(one, "up rules 0", kind="") == "rules-0"
    assert editing.act(one, "down rules 2", kind="") == "rules-2"
    assert kinds() == "space interleave block"
    assert editing.act(one, "remove rules 1", kind="") == ""
    assert kinds() == "space block"


@pytest.mark.parametrize(
    "action", ["", "save", "up rules 9", "remove sources", "add rules 7", "up rules 0 0", "x y 1"]
)
def test_what_is_no_button_changes_nothing(action: str) -> None:
    one = opened(plain({"kind": "block"}))

    editing.act(one, action, kind="nonsense")

    assert one == opened(plain({"kind": "block"}))


def test_conditions_are_added_and_removed_and_a_second_one_makes_a_group() -> None:
    one = opened(plain(drop(EXPLICIT)))

    assert editing.act(one, "add rules 0", kind="blocked") == "rules-0-1"
    assert sheet.draft(one)["rules"][0]["when"] == {
        "kind": "all",
        "of": [EXPLICIT, {"kind": "blocked"}],
    }
    editing.act(one, "remove rules 0 0", kind="")
    assert sheet.draft(one)["rules"][0]["when"] == {"kind": "all", "of": [{"kind": "blocked"}]}


def test_weights_go_with_their_sources() -> None:
    three = [{"kind": "liked"}, {"kind": "recent"}, {"kind": "albums"}]
    one = opened(plain({"kind": "interleave", "weights": [3, 2, 1]}, sources=three))

    editing.act(one, "up sources 2", kind="")
    assert one.rules[0].first("weights") == "3, 1, 2"
    editing.act(one, "remove sources 0", kind="")
    assert one.rules[0].first("weights") == "1, 2"
    editing.act(one, "add sources", kind="liked")
    assert one.rules[0].first("weights") == "1, 2, 1"


def wrong(data: dict[str, Any]) -> faults.Faults:
    """Return what is said of a sheet whose fields hold this, though it is no definition."""
    one = opened(plain())
    for prefix, _, block in sheet.blocks(one):
        for name, value in data.items():
            own, _, field = name.rpartition("-")
            if own == prefix:
                block.values[field] = [value]
    with pytest.raises(NotADefinition) as caught:
        definition.check(sheet.draft(again(one)))
    return faults.of(caught.value.problems, one)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("target-count", "x", "Is not a whole number. Allowed: a whole number from 1 to 10,000."),
        ("target-share", "101", "Is too large. Allowed: a whole number from 1 to 100."),
        ("target-name", "x" * 101, "Is too long. Allowed: text of 1 to 100 characters."),
        (
            "schedule-quiet_start",
            "5",
            "Has another form. Allowed: a time of day from 00:00 to 23:59.",
        ),
        ("schedule-time_zone", "Mars", 'Is not a time zone such as "Europe/Berlin".'),
    ],
)
def test_a_fault_is_said_at_its_field(field: str, value: str, says: str) -> None:
    prefix, _, name = field.rpartition("-")

    found = wrong({field: value, "target-mode": "rolling", "target-days": "3"})

    assert says in found.of(prefix)[name]
    assert found.general == []


@pytest.mark.parametrize(
    ("rule", "values", "field", "says"),
    [
        ("limit", {"most": "many"}, ("rules-0", "most"), "Is not a whole number"),
        ("sort", {"by0": ""}, ("rules-0", "by0"), "Has too few entries"),
        ("interleave", {"weights": "1, 2"}, ("rules-0", "weights"), "Needs one number for each"),
        ("keep", {}, ("rules-0-0", "text"), "Is missing"),
    ],
)
def test_a_fault_in_a_rule_is_said_at_its_field(
    rule: str, values: dict[str, str], field: tuple[str, str], says: str
) -> None:
    one = opened(plain())
    editing.act(one, "add rules", kind=rule)
    one.rules[0].values |= {name: [value] for name, value in values.items()}
    with pytest.raises(NotADefinition) as caught:
        definition.check(sheet.draft(one))

    found = faults.of(caught.value.problems, one)

    assert list(found.fields) == [field]
    assert found.fields[field][0].startswith(says)


def test_a_fault_in_a_group_is_said_at_the_condition() -> None:
    one = opened(plain(drop({"kind": "not", "of": {"kind": "any", "of": [EXPLICIT, LIKED]}})))
    editing.act(one, "add rules 0", kind="matches")
    one.rules[0].conditions[2].values |= {"pattern": ["("], "no": ["on"]}
    editing.act(one, "add rules 0", kind="in_playlist")
    one.rules[0].conditions[3].values["playlists"] = [BLOCK_LIST, "x"]
    with pytest.raises(NotADefinition) as caught:
        definition.check(sheet.draft(one))

    found = faults.of(caught.value.problems, one)

    assert set(found.fields) == {("rules-0-2", "pattern"), ("rules-0-3", "playlists")}
