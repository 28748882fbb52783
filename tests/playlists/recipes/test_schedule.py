"""A recipe runs by the person's clock: on days when it is turned, out of quiet hours, spread."""

from __future__ import annotations

import calendar
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlists.recipes import crontext
from playlists.recipes.schedule import (
    MOST_ENTRIES,
    SPREAD,
    Cron,
    Daily,
    Entry,
    EveryHours,
    Monthly,
    NotASchedule,
    Pause,
    Quiet,
    Weekly,
    check,
    describe,
    describe_all,
    due,
    next_run,
    zone_called,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ZONES = sorted(zoneinfo.available_timezones())
NIGHT = Quiet(time(22), time(7))
# Where and on which day a clock was turned: by an hour, half of one, a quarter, two, a whole day.
TURNS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Sao_Paulo", date(2017, 10, 15)),
    ("America/Caracas", date(2007, 12, 9)),
    ("America/Caracas", date(2016, 5, 1)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Asia/Pyongyang", date(2015, 8, 15)),
    ("Asia/Pyongyang", date(2018, 5, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("UTC", date(2026, 3, 29)),
]


def at(hours_and_minutes: str) -> time:
    return time.fromisoformat(hours_and_minutes)


def moment(text: str) -> datetime:
    """Read a moment in UTC, such as "2026-03-28 12:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(when: datetime, zone: str) -> datetime:
    return when.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def runs(
    entries: Sequence[Entry],
    zone: str,
    after: datetime,
    *,
    quiet: Quiet | None = None,
    key: str = "",
) -> Iterator[datetime]:
    while (run := next_run(entries, after=after, zone=zone, quiet=quiet, key=key)) is not None:
        yield run
        after = run


def shown(entry: Entry, zone: str, after: str, count: int, quiet: Quiet | None = None) -> list[str]:
    """Return what the clock shows at the next runs, with its offset."""
    found = runs([entry], zone, moment(after), quiet=quiet)
    there = ZoneInfo(zone)
    return [f"{next(found).astimezone(there):%d %H:%M %z}" for _ in range(count)]


# What an independent reader of the same schedule says, minute by minute.


@cache
def values(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for term in text.split(","):
        span, _, step = term.partition("/")
        start, _, end = span.partition("-")
        lowest = low if span == "*" else int(start)
        highest = high if span == "*" or (step and not end) else int(end or start)
        found.update(range(lowest, highest + 1, int(step or 1)))
    return frozenset(found)


def cron_matches(text: str, face: datetime) -> bool:
    minute, hour, day, month, weekday = text.split()
    if face.minute not in values(minute, 0, 59) or face.hour not in values(hour, 0, 23):
        return False
    by_day = face.day in values(day, 1, 31)
    by_weekday = bool({face.isoweekday(), face.isoweekday() % 7} & values(weekday, 0, 7))
    stars = day.startswith("*") or weekday.startswith("*")
    by_date = (by_day and by_weekday) if stars else (by_day or by_weekday)
    return by_date and face.month in values(month, 1, 12)


def matches(entry: Entry, face: datetime) -> bool:
    match entry:
        case Daily(at=said):
            return face.time() == said
        case Weekly(days=days, at=said):
            return face.time() == said and face.weekday() in days
        case Monthly(day=day, at=said):
            length = calendar.monthrange(face.year, face.month)[1]
            return face.time() == said and face.day == min(day, length)
        case Cron(text=text):
            return cron_matches(text, face)
        case EveryHours():
            raise AssertionError(entry)


def is_due(entry: Entry, now: datetime, face: datetime, highest: datetime) -> bool:
    """Say whether an entry is due as the clock shows a face, and has shown others up to one."""
    if isinstance(entry, EveryHours):
        return (now - moment("1970-01-01")) % (entry.hours * HOUR) == timedelta(0)
    if isinstance(entry, Cron) and any(one.startswith("*") for one in entry.text.split()[:2]):
        return matches(entry, face)
    passed = (highest + number * MINUTE for number in range(1, (face - highest) // MINUTE + 1))
    return any(matches(entry, one) for one in passed)


@cache
def faces(zone: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    moments = [start + number * MINUTE for number in range((end - start) // MINUTE + 1)]
    return [(now, wall(now, zone)) for now in moments]


def minute_by_minute(
    entries: Sequence[Entry], zone: str, start: datetime, end: datetime, quiet: Quiet | None
) -> list[datetime]:
    found, waits = [], False
    (_, highest), *minutes = faces(zone, start, end)
    for now, face in minutes:
        waits = waits or any(is_due(entry, now, face, highest) for entry in entries)
        if waits and not (quiet and in_quiet(quiet, face.time())):
            found.append(now)
            waits = False
        highest = max(face, highest)
    return found


def in_quiet(quiet: Quiet, face: time) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= face < quiet.end
    return face >= quiet.start or face < quiet.end


nights = st.builds(time, st.integers(0, 3), st.sampled_from([0, 15, 29, 30, 45, 59]))
times = nights | st.builds(time, st.integers(0, 23), st.integers(0, 59))
crons = st.builds(
    "{} {} {} {} {}".format,
    st.sampled_from(["0", "15", "30", "59", "*/60"]),
    st.sampled_from(["*", "*/2", "*/7", "0", "2", "1-3", "0,12", "20-23/3", "5/6"]),
    st.sampled_from(["*", "1", "31", "*/2", "25-31", "8,9"]),
    st.sampled_from(["*", "3,10,11", "*/2", "1-12"]),
    st.sampled_from(["*", "0", "7", "1-5", "0,6"]),
)
by_clock = (
    st.builds(Daily, times)
    | st.builds(Weekly, st.sets(st.integers(0, 6), min_size=1).map(tuple), times)
    | st.builds(Monthly, st.integers(1, 31), times)
    | st.builds(Cron, crons)
)
entries_of_all_kinds = by_clock | st.builds(EveryHours, st.integers(1, 30))
schedules = st.lists(entries_of_all_kinds, min_size=1, max_size=3)
quiets = st.none() | st.lists(times, min_size=2, max_size=2, unique=True).map(lambda x: Quiet(*x))
keys = st.just("") | st.text(min_size=1, max_size=5)
turns = st.sampled_from(TURNS)
anywhere = st.tuples(st.sampled_from(ZONES), st.dates(date(1975, 1, 1), date(2040, 1, 1)))
places = turns | anywhere


def near(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time(), UTC) + minutes * MINUTE


around = st.integers(-2 * 1440, 2 * 1440)


@pytest.mark.parametrize(
    ("entry", "zone", "after", "expected"),
    [
        (
            Daily(at("02:30")),
            "Europe/Berlin",
            "2026-03-27 12:00",
            ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"],
        ),
        (
            Daily(at("02:30")),
            "Europe/Berlin",
            "2026-10-24 12:00",
            ["25 02:30 +0200", "26 02:30 +0100"],
        ),
        (
            Weekly((6, 0), at("02:00")),
            "America/New_York",
            "2026-03-07 12:00",
            ["08 03:00 -0400", "09 02:00 -0400", "15 02:00 -0400"],
        ),
        (
            Daily(at("01:59")),
            "America/New_York",
            "2026-10-31 12:00",
            ["01 01:59 -0400", "02 01:59 -0500"],
        ),
        (
            Daily(at("02:15")),
            "Australia/Lord_Howe",
            "2026-10-03 00:00",
            ["04 02:30 +1100", "05 02:15 +1100"],
        ),
        (
            Daily(at("01:45")),
            "Australia/Lord_Howe",
            "2026-04-04 00:00",
            ["05 01:45 +1100", "06 01:45 +1030"],
        ),
        (
            Daily(at("05:00")),
            "Pacific/Apia",
            "2011-12-29 12:00",
            ["29 05:00 -1000", "31 00:00 +1400", "31 05:00 +1400"],
        ),
        (
            Monthly(30, at("09:00")),
            "Pacific/Apia",
            "2011-12-01 12:00",
            ["31 00:00 +1400", "30 09:00 +1400", "29 09:00 +1400"],
        ),
        (
            Daily(at("00:00")),
            "America/Havana",
            "2026-03-07 12:00",
            ["08 01:00 -0400", "09 00:00 -0400"],
        ),
        (
            Monthly(31, at("23:00")),
            "UTC",
            "2028-01-30 00:00",
            ["31 23:00 +0000", "29 23:00 +0000", "31 23:00 +0000", "30 23:00 +0000"],
        ),
        (Monthly(29, at("00:00")), "UTC", "2027-02-01 00:00", ["28 00:00 +0000"]),
        (
            EveryHours(6),
            "Europe/Berlin",
            "2026-03-28 23:00",
            ["29 01:00 +0100", "29 08:00 +0200", "29 14:00 +0200"],
        ),
        (
            Cron("30 2 * * *"),
            "Europe/Berlin",
            "2026-03-28 12:00",
            ["29 03:00 +0200", "30 02:30 +0200"],
        ),
        (
            Cron("30 2 * * *"),
            "Europe/Berlin",
            "2026-10-24 12:00",
            ["25 02:30 +0200", "26 02:30 +0100"],
        ),
        (
            Cron("0 * * * *"),
            "Europe/Berlin",
            "2026-10-24 23:30",
            ["25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"],
        ),
        (
            Cron("30 * * * *"),
            "Europe/Berlin",
            "2026-03-29 00:00",
            ["29 01:30 +0100", "29 03:30 +0200"],
        ),
        (
            Cron("0 */6 8 3 *"),
            "America/Havana",
            "2026-03-01 12:00",
            ["08 06:00 -0400", "08 12:00 -0400", "08 18:00 -0400", "08 00:00 -0500"],
        ),
        (
            Cron("*/60 2 * * *"),
            "Europe/Berlin",
            "2026-10-24 12:00",
            ["25 02:00 +0200", "25 02:00 +0100", "26 02:00 +0100"],
        ),
        (
            Cron("0 */24 1 11 *"),
            "America/Havana",
            "2026-10-31 12:00",
            ["01 00:00 -0400", "01 00:00 -0500", "01 00:00 -0400"],
        ),
        (Cron("0 5 L * *"), "UTC", "2028-02-01 00:00", ["29 05:00 +0000", "31 05:00 +0000"]),
        (Cron("0 5 * * MON#1"), "UTC", "2026-11-25 00:00", ["07 05:00 +0000", "04 05:00 +0000"]),
        (Cron("0 0 29 2 *"), "UTC", "2096-03-01 00:00", ["29 00:00 +0000"]),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:40],
)
def test_it_runs_as_the_clock_shows(
    entry: Entry, zone: str, after: str, expected: list[str]
) -> None:
    assert shown(entry, zone, after, len(expected)) == expected


@settings(max_examples=60, deadline=None)
@given(turns, schedules, st.sampled_from([None, NIGHT, Quiet(time(9), time(17, 15))]))
@example(TURNS[0], [Cron("0 2-4 * * *")], None)
@example(TURNS[1], [Cron("0 */2 25 10 *"), Daily(at("02:59"))], None)
@example(TURNS[5], [Cron("0 */23 1 11 *")], None)
@example(TURNS[16], [Weekly((4,), at("12:00"))], NIGHT)
def test_it_runs_as_a_look_at_the_clock_each_minute_says(
    turn: tuple[str, date], schedule: list[Entry], quiet: Quiet | None
) -> None:
    zone, day = turn
    start, end = near(day, -1440), near(day, 2 * 1440)

    found = []
    for run in runs(schedule, zone, start, quiet=quiet):
        if run > end:
            break
        found.append(run)

    seen = minute_by_minute(schedule, zone, start - DAY, end, quiet)
    assert found == [run for run in seen if run > start]


@settings(max_examples=400, deadline=None)
@given(places, schedules, quiets, keys, around, around, st.integers(0, 59_999_999))
def test_it_is_later_and_never_goes_back(
    place: tuple[str, date],
    schedule: list[Entry],
    quiet: Quiet | None,
    key: str,
    one: int,
    other: int,
    micros: int,
) -> None:
    zone, day = place
    early, late = sorted([near(day, one) + micros * TICK, near(day, other)])

    first = next_run(schedule, after=early, zone=zone, quiet=quiet, key=key)
    second = next_run(schedule, after=late, zone=zone, quiet=quiet, key=key)

    assert first is not None
    assert second is not None
    assert early < first <= second
    assert late < second
    if first > late:
        assert first == second
    assert next_run(schedule, after=first - TICK, zone=zone, quiet=quiet, key=key) == first


@settings(max_examples=200, deadline=None)
@given(places, schedules, quiets.filter(bool), keys, around)
def test_it_never_runs_in_quiet_hours(
    place: tuple[str, date], schedule: list[Entry], quiet: Quiet, key: str, minutes: int
) -> None:
    zone, day = place
    found = runs(schedule, zone, near(day, minutes), quiet=quiet, key=key)

    for _ in range(5):
        assert not in_quiet(quiet, wall(next(found), zone).time())


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1975, 1, 1), date(2040, 1, 1)), times)
@example("Pacific/Apia", date(2011, 6, 1), time(5))
@example("America/Havana", date(2026, 1, 1), time(0))
def test_a_daily_recipe_runs_once_for_each_of_400_days(zone: str, day: date, said: time) -> None:
    there = ZoneInfo(zone)
    start = datetime.combine(day, time(), there).astimezone(UTC) - TICK
    if said == time(0) and wall(start + TICK, zone) != datetime.combine(day, said):
        day -= DAY  # the day began in a gap: its run is that of a time before
    found = runs([Daily(said)], zone, start)

    for number in range(400):
        stated = datetime.combine(day + number * DAY, said)
        run = next(found)
        exists = wall(stated.replace(tzinfo=there).astimezone(UTC), zone) == stated
        if exists:
            assert wall(run, zone) == stated
        else:
            assert wall(run, zone) > stated > wall(run - TICK, zone)


@settings(max_examples=200, deadline=None)
@given(places, by_clock, st.text(min_size=1), around)
def test_a_run_is_spread_to_later_by_minutes(
    place: tuple[str, date], entry: Entry, key: str, minutes: int
) -> None:
    zone, day = place
    said = next_run([entry], after=near(day, minutes), zone=zone)
    assert said is not None

    spread = next_run([entry], after=said - TICK, zone=zone, key=key)

    assert spread is not None
    assert said <= spread < said + SPREAD
    assert spread.microsecond == 0


def test_many_recipes_fill_the_whole_spread() -> None:
    midnight = moment("2026-11-26 00:00")
    minutes = [0] * 10

    for number in range(2000):
        run = next_run([Daily(time(0))], after=midnight - TICK, zone="UTC", key=f"recipe-{number}")
        assert run is not None
        minutes[(run - midnight) // MINUTE] += 1

    assert min(minutes) > 150
    assert max(minutes) < 250


def test_every_six_hours_is_spread_over_six_hours() -> None:
    after = moment("2026-11-26 00:00")
    hours = [0] * 6

    for number in range(1200):
        run = next_run([EveryHours(6)], after=after, zone="UTC", key=f"recipe-{number}")
        assert run is not None
        hours[(run - after) // HOUR] += 1

    assert sum(hours) == 1200
    assert min(hours) > 150


def test_a_recipe_keeps_its_place_in_the_spread() -> None:
    found = runs([Daily(at("05:00"))], "Europe/Berlin", moment("2026-03-01 00:00"), key="a")

    assert {wall(next(found), "Europe/Berlin").time() for _ in range(100)} == {at("05:07:54")}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"])
@pytest.mark.parametrize("hours", [1, 5, 24, 744])
def test_every_so_many_hours_is_real_time(zone: str, hours: int) -> None:
    found = runs([EveryHours(hours)], zone, moment("2011-12-01 00:00"), key="a")
    several = [next(found) for _ in range(100)]

    assert {later - one for one, later in pairwise(several)} == {hours * HOUR}


def test_hours_are_spread_by_the_same_share_as_times() -> None:
    after = moment("2026-11-26 00:00")

    for number in range(50):
        key = f"recipe-{number}"
        daily = next_run([Daily(time(0))], after=after - TICK, zone="UTC", key=key)
        hourly = next_run([EveryHours(1)], after=after - TICK, zone="UTC", key=key)

        assert daily is not None
        assert hourly is not None
        assert timedelta(0) <= (hourly - after) - 6 * (daily - after) < timedelta(seconds=6)


def test_an_entry_asked_in_a_repeated_hour_names_a_later_time() -> None:
    asked = moment("2026-10-25 01:10")  # the second 02:10

    found = Daily(at("02:30")).due_after(asked, ZoneInfo("Europe/Berlin"), 0.0)

    assert found == moment("2026-10-26 01:30")


def test_several_entries_take_turns() -> None:
    schedule: list[Entry] = [Weekly((0, 4), at("18:30")), Daily(at("05:00"))]
    found = runs(schedule, "UTC", moment("2026-11-27 00:00"))

    assert [f"{next(found):%a %H:%M}" for _ in range(4)] == [
        "Fri 05:00",
        "Fri 18:30",
        "Sat 05:00",
        "Sun 05:00",
    ]


def test_two_entries_of_one_time_are_one_run() -> None:
    found = runs([Daily(at("05:00")), Cron("0 5 * * *")], "UTC", moment("2026-11-27 00:00"))

    assert [f"{next(found):%d %H:%M}" for _ in range(2)] == ["27 05:00", "28 05:00"]


def test_without_entries_nothing_runs() -> None:
    assert next_run([], after=moment("2026-11-27 00:00"), zone="UTC") is None


# Quiet hours


def test_what_is_due_in_quiet_hours_comes_at_their_end_as_one_run() -> None:
    schedule = [Daily(at("22:00")), Daily(at("03:00")), Daily(at("06:59")), Daily(at("12:00"))]
    found = runs(schedule, "UTC", moment("2026-11-26 21:00"), quiet=NIGHT)

    assert [f"{next(found):%d %H:%M}" for _ in range(3)] == ["27 07:00", "27 12:00", "28 07:00"]


def test_it_is_not_lost_when_asked_for_within_quiet_hours() -> None:
    after = moment("2026-11-27 03:00")

    run = next_run([Weekly((3,), at("23:00"))], after=after, zone="UTC", quiet=NIGHT)

    assert run == moment("2026-11-27 07:00")


def test_the_end_of_quiet_hours_is_spread_too() -> None:
    after = moment("2026-11-27 03:00")
    found = {
        next_run([Daily(time(0))], after=after, zone="UTC", quiet=NIGHT, key=str(number))
        for number in range(300)
    }

    assert len(found) > 200
    assert all(
        run and moment("2026-11-27 07:00") <= run < moment("2026-11-27 07:10") for run in found
    )


def test_over_a_day_that_a_zone_left_out_quiet_hours_are_one() -> None:
    after = moment("2011-12-30 13:00")  # 31 December, 3:00 in Apia

    run = next_run([Weekly((3,), at("23:00"))], after=after, zone="Pacific/Apia", quiet=NIGHT)

    assert run is not None
    assert wall(run, "Pacific/Apia") == datetime.fromisoformat("2011-12-31 07:00")


def test_hourly_runs_begin_again_with_the_one_that_was_put_off() -> None:
    after, quiet = moment("2026-11-27 03:00"), Quiet(at("22:00"), at("07:30"))

    for number in range(100):
        key = f"recipe-{number}"
        put_off = next_run([Daily(time(0))], after=after, zone="UTC", quiet=quiet, key=key)
        hourly = next_run([EveryHours(1)], after=after, zone="UTC", quiet=quiet, key=key)

        assert hourly == put_off


def test_hours_outside_of_quiet_hours_stay_real_time() -> None:
    after, quiet = moment("2026-11-27 03:00"), Quiet(at("22:00"), at("07:30"))
    just_after = 0

    for number in range(1000):
        key = f"recipe-{number}"
        plain = next_run([EveryHours(12)], after=after, zone="UTC", key=key)
        assert plain is not None
        if at("07:30") <= plain.time() < at("10:00"):
            just_after += plain.time() < at("07:35")
            assert (
                next_run([EveryHours(12)], after=after, zone="UTC", quiet=quiet, key=key) == plain
            )

    assert just_after > 0


def test_a_run_just_before_quiet_hours_is_not_spread_into_them() -> None:
    after = moment("2026-11-27 12:00")
    found = {
        next_run([Daily(at("21:55"))], after=after, zone="UTC", quiet=NIGHT, key=str(number))
        for number in range(300)
    }

    assert len(found) > 100
    assert all(
        run and moment("2026-11-27 21:55") <= run < moment("2026-11-27 22:00") for run in found
    )


@pytest.mark.parametrize(
    ("quiet", "entry", "after", "expected"),
    [
        # An end in the gap is over as the gap is.
        (
            Quiet(at("22:00"), at("02:30")),
            Daily(at("01:00")),
            "2026-03-28 23:30",
            ["29 03:00 +0200", "30 02:30 +0200"],
        ),
        # Quiet hours within a gap do not exist on that day.
        (
            Quiet(at("02:10"), at("02:50")),
            Daily(at("02:30")),
            "2026-03-28 23:30",
            ["29 03:00 +0200", "30 02:50 +0200"],
        ),
        # An end that comes twice counts the second time, a start the first time.
        (
            Quiet(at("22:00"), at("02:30")),
            Daily(at("01:00")),
            "2026-10-24 20:30",
            ["25 02:30 +0100", "26 02:30 +0100"],
        ),
        (
            Quiet(at("02:30"), at("04:00")),
            Cron("45 * * * *"),
            "2026-10-24 23:30",
            ["25 01:45 +0200", "25 04:00 +0100", "25 04:45 +0100"],
        ),
    ],
)
def test_quiet_hours_when_the_clock_is_turned(
    quiet: Quiet, entry: Entry, after: str, expected: list[str]
) -> None:
    assert shown(entry, "Europe/Berlin", after, len(expected), quiet) == expected


# Pause, catching up


def test_a_pause_without_an_end_stops_everything() -> None:
    now = moment("2026-11-27 00:00")

    assert next_run([Daily(time(5))], after=now, zone="UTC", pause=Pause()) is None
    assert due([Daily(time(5))], last=now - 9 * DAY, now=now, zone="UTC", pause=Pause()) is None


def test_after_a_pause_it_goes_on_and_makes_up_for_nothing() -> None:
    schedule, last = [Daily(time(5))], moment("2026-11-20 05:00")
    pause = Pause(until=moment("2026-11-27 05:00"))

    run = next_run(schedule, after=last, zone="UTC", pause=pause)
    early = due(schedule, last=last, now=moment("2026-11-27 04:59"), zone="UTC", pause=pause)

    abroad = Pause(until=pause.until and pause.until.astimezone(ZoneInfo("Asia/Tokyo")))

    assert run == moment("2026-11-27 05:00")
    assert early is None
    assert next_run(schedule, after=last, zone="UTC", pause=abroad) == run


def test_a_hundred_missed_runs_are_one_now() -> None:
    schedule: list[Entry] = [EveryHours(1), Daily(time(5))]
    now = moment("2026-11-27 12:34")

    assert due(schedule, last=moment("2020-01-01 00:00"), now=now, zone="UTC") == now


def test_nothing_is_due_before_its_time() -> None:
    schedule, last = [Daily(time(5))], moment("2026-11-26 05:00")

    assert due(schedule, last=last, now=moment("2026-11-27 04:59"), zone="UTC") is None
    on_time = moment("2026-11-27 05:00")
    assert due(schedule, last=last, now=on_time, zone="UTC") == on_time


def test_a_missed_run_waits_for_the_end_of_quiet_hours() -> None:
    schedule, last = [Daily(at("21:00"))], moment("2026-11-26 12:00")
    night, morning = moment("2026-11-26 23:00"), moment("2026-11-27 07:00")

    assert due(schedule, last=last, now=night, zone="UTC", quiet=NIGHT) == morning
    assert due(schedule, last=last, now=morning, zone="UTC", quiet=NIGHT) == morning


@settings(max_examples=200, deadline=None)
@given(places, schedules, quiets, keys, around)
def test_what_is_due_may_run_at_the_time_it_names(
    place: tuple[str, date], schedule: list[Entry], quiet: Quiet | None, key: str, minutes: int
) -> None:
    zone, day = place
    last = near(day, minutes)
    now = last + 40 * DAY

    when = due(schedule, last=last, now=now, zone=zone, quiet=quiet, key=key)

    if when is not None:
        assert when >= now
        assert due(schedule, last=last, now=when, zone=zone, quiet=quiet, key=key) == when


# The ends of the calendar, zones


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("quiet", [None, NIGHT])
@pytest.mark.parametrize(
    "entry",
    [
        Daily(time(5)),
        Weekly((0,), time(5)),
        Monthly(31, time(5)),
        EveryHours(24),
        Cron("0 5 1 1 *"),
    ],
    ids=describe,
)
def test_the_calendar_ends_with_the_year_9999(entry: Entry, quiet: Quiet | None, zone: str) -> None:
    found = runs([entry], zone, moment("9999-11-01 00:00"), quiet=quiet)

    assert len(list(found)) < 70
    assert next_run([entry], after=datetime.max.replace(tzinfo=UTC), zone=zone) is None


def test_the_first_of_all_moments_has_a_next_run() -> None:
    after = datetime.min.replace(tzinfo=UTC)

    assert next_run([Daily(time(5))], after=after, zone="UTC") == moment("1970-01-01 05:00")


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    after = moment("2026-11-27 00:00").astimezone(ZoneInfo("Asia/Tokyo"))

    run = next_run([Daily(time(5))], after=after, zone="UTC")

    assert run == moment("2026-11-27 05:00")
    assert run.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        next_run([Daily(time(5))], after=datetime(2026, 1, 1), zone="UTC")  # noqa: DTZ001


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Phobos",
        "Europe",
        "../etc/passwd",
        "/etc/localtime",
        "CEST",
        "a\0b",
        "Europe/Berlin ",
    ],
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(NotASchedule, match=r"^zone: .* is none: give one such as Europe/Berlin"):
        zone_called(name)


# What is refused


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("61 5 * * *", "minute '61' is not understood: .*0 to 59"),
        ("0 24 * * *", "hour '24' is not understood: .*0 to 23"),
        ("0 5 0 * *", "day of month '0' is not understood: .*1 to 31"),
        ("0 5 * 13 *", "month '13' is not understood: .*1 to 12"),
        ("0 5 * * XYZ", "day of week 'XYZ' is not understood: .*0 to 7"),
        ("0 5 * * 1-", "day of week '1-' is not understood"),
        ("0 5/0 * * *", "hour '5/0' is not understood"),
        ("0 5 * *", "has 4 fields: five are needed, minute, hour"),
        ("", "has 0 fields"),
        ("@daily", "has 1 fields"),
        ("0 0 5 * * *", "has 6 fields"),
        ("0 5 * * " + "1," * 60 + "1", "129 characters are too many: 100"),
        ("0 5 31 2 *", "day of month, month and day of week of '0 5 31 2 \\*' never meet"),
        ("0 5 30 FEB *", "never meet"),
        ("0 5 31 4,6,9,11 *", "never meet"),
        ("0 5 LW * */6", "never meet"),
        ("* * * * *", "more often than once in 1 h"),
        ("*/30 * * * *", "more often than once in 1 h"),
        ("0,30 5 1 1 *", "more often than once in 1 h"),
        ("0,59 0,23 * * *", "more often than once in 1 h"),
    ],
)
def test_cron_text_that_cannot_be_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotASchedule, match=f"^cron: .*{reason}") as refused:
        Cron(text)

    assert refused.value.field == "cron"


def test_the_least_gap_counts_over_midnight() -> None:
    crontext.check("0 1,23 * * *", least_gap=2 * HOUR)

    with pytest.raises(NotASchedule, match="more often than once in 2 h"):
        crontext.check("0 0,23 * * *", least_gap=2 * HOUR)


@settings(max_examples=500, deadline=None)
@given(
    st.text(max_size=30)
    | st.lists(st.text("0123456789*/-,#LWMONJAN²٣", max_size=6), min_size=5, max_size=5).map(
        " ".join
    )
)
def test_any_text_is_a_schedule_or_is_refused(text: str) -> None:
    try:
        entry = Cron(text)
    except NotASchedule:
        return
    assert next_run([entry], after=moment("2026-11-27 00:00"), zone="Europe/Berlin")
    assert describe(entry)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: EveryHours(0), "hours"),
        (lambda: EveryHours(745), "hours"),
        (lambda: Weekly((), time(5)), "days"),
        (lambda: Weekly((1, 1), time(5)), "days"),
        (lambda: Weekly((7,), time(5)), "days"),
        (lambda: Monthly(0, time(5)), "day"),
        (lambda: Monthly(32, time(5)), "day"),
        (lambda: Daily(time(5, 0, 1)), "at"),
        (lambda: Daily(time(5, tzinfo=UTC)), "at"),
        (lambda: Quiet(time(5), time(5)), "quiet end"),
        (lambda: Quiet(time(5, 0, 1), time(6)), "quiet start"),
        (lambda: check([Daily(time(5)), Daily(time(5))]), "schedule"),
        (lambda: check([Daily(time(hour)) for hour in range(MOST_ENTRIES + 1)]), "schedule"),
    ],
)
def test_what_is_not_allowed_is_refused_by_field(make: object, field: str) -> None:
    assert callable(make)
    with pytest.raises(NotASchedule) as refused:
        make()

    assert refused.value.field == field


# In words


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (EveryHours(1), "every hour"),
        (EveryHours(6), "every 6 hours"),
        (Daily(at("05:00")), "every day at 05:00"),
        (Weekly((0,), at("18:30")), "every Monday at 18:30"),
        (Weekly((4, 0), at("18:30")), "every Monday and Friday at 18:30"),
        (Weekly((4, 0, 6), at("18:30")), "every Monday, Friday and Sunday at 18:30"),
        (Monthly(1, at("09:00")), "on the 1st of each month at 09:00"),
        (Monthly(12, at("09:00")), "on the 12th of each month at 09:00"),
        (Monthly(22, at("09:00")), "on the 22nd of each month at 09:00"),
        (Monthly(23, at("09:00")), "on the 23rd of each month at 09:00"),
        (
            Monthly(30, at("09:00")),
            "on the 30th of each month, or the last day where it is shorter, at 09:00",
        ),
        (Monthly(31, at("09:00")), "on the last day of each month at 09:00"),
        (Cron("0 5  * * 1"), 'by cron "0 5 * * 1" (at 05:00 on Monday)'),
    ],
    ids=str,
)
def test_it_reads_as_a_part_of_a_sentence(entry: Entry, words: str) -> None:
    assert describe(entry) == words


def test_a_whole_schedule_reads_as_one() -> None:
    schedule: list[Entry] = [Daily(at("05:00")), EveryHours(6)]

    assert describe_all([]) == "only when you start it"
    assert describe_all(schedule) == "every day at 05:00 and every 6 hours"
    assert describe_all(schedule, quiet=NIGHT) == (
        "every day at 05:00 and every 6 hours, but not between 22:00 and 07:00"
    )
