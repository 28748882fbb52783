"""A few runs through the storm: what it finds where all is well, and that it finds what is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from benchmarks.chaos import Tally
from benchmarks.storm import cases, virtual
from benchmarks.storm.faults import Fault, How, Lands
from benchmarks.storm.scenarios import SCENARIOS, Case, Scenario
from benchmarks.storm.trial import Court

NAMED = {scenario.name: scenario for scenario in SCENARIOS}
LATE = Case(NAMED["append"], (Fault(2, How.KILL, Lands(calls=3)),))


@pytest.fixture
def court(transactional_db: None) -> Iterator[Court]:
    virtual.prepare()
    with virtual.session():
        yield Court(0)


def test_a_late_effect_is_waited_for(court: Court) -> None:
    verdict = court.judge(LATE)

    assert (verdict.end, verdict.wrong) == ("done", "")


def test_without_the_settle_wait_a_late_effect_doubles_tracks(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SETTLE_SECONDS", 0)

    verdict = court.judge(LATE)

    assert verdict.wrong == "done with 0 1 2 3 4 10 11 12 13 14 10 11 12 13 14"


@pytest.mark.parametrize("name", NAMED)
def test_each_scenario_ends_as_it_says(court: Court, name: str) -> None:
    verdict = court.judge(Case(NAMED[name]))

    assert (verdict.end, verdict.wrong, verdict.dates_lost) == ("done", "", 0)
    assert len(verdict.writes) <= cases.MOST_WRITES


def test_an_expectation_that_does_not_hold_is_seen(court: Court) -> None:
    scenario = Scenario("wrong", (), wanted=("spotify:track:" + "1" * 22,), expected=())

    assert court.judge(Case(scenario)).wrong.startswith("done with")


def test_runs_under_faults_end_right(court: Court) -> None:
    peace = court.judge(Case(NAMED["remove and add"]))
    some = [*cases.everything(NAMED["remove and add"], peace)][::40]
    some += [cases.at_random(1, number) for number in range(5)]

    tally = Tally.of((case, court.judge(case)) for case in some)

    assert tally.examples == []
    assert (tally.wrong, tally.done) == (0, tally.runs)


def test_a_random_case_is_the_same_for_the_same_numbers() -> None:
    assert cases.at_random(3, 7) == cases.at_random(3, 7) != cases.at_random(3, 8)
