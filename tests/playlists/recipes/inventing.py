"""Definitions and tracks for tests: one by one, and any that the schema allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from playlists.recipes import definition
from playlists.recipes.candidates import Candidate
from playlists.recipes.definition import Definition
from playlists.recipes.evaluate import Evaluation, evaluate
from playlists.recipes.judging import Surroundings

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GYM = "1111111111111111111111"
BLOCK_LIST = "2222222222222222222222"
MORNINGS = "3333333333333333333333"

Json = dict[str, Any]


def plain(*rules: Json, sources: list[Json] | None = None, **target: Any) -> Json:
    """Return a definition as JSON has it: liked songs into *Gym*, a mirror, if nothing is said."""
    return {
        "version": 1,
        "sources": sources or [{"kind": "liked"}],
        "rules": list(rules),
        "target": {
            "account": "ada",
            "playlist": {"kind": "bound", "id": GYM},
            "mode": {"kind": "mirror"},
            **target,
        },
    }


def recipe(*rules: Json, sources: list[Json] | None = None, **target: Any) -> Definition:
    return definition.check(plain(*rules, sources=sources, **target))


def uri(name: str) -> str:
    return f"spotify:track:{name:0>22}"


def track(name: str, **facts: Any) -> Candidate:
    return Candidate(uri=uri(name), **facts)


def evaluated(
    *rules: Json, tracks: list[Candidate], around: Surroundings | None = None
) -> Evaluation:
    sources = [{"kind": "liked"}] * (1 + max((one.source for one in tracks), default=0))
    return evaluate(recipe(*rules, sources=sources), tracks, around or Surroundings(now=NOW))


def names(evaluation: Evaluation) -> str:
    """Return the tracks as one word, where each has a letter for a name."""
    return "".join(one.uri[-1] for one in evaluation.tracks)


SOURCES = 3
_moments = st.none() | st.integers(0, 3000).map(lambda hours: NOW - timedelta(hours=hours))
tracks = st.lists(
    st.builds(
        Candidate,
        uri=st.sampled_from("abcdefghij").map(uri) | st.sampled_from(["", "spotify:local:a:b:c:1"]),
        title=st.sampled_from(["", "One", "one", "Two", "Two - Live", "Öl"]),
        artists=st.sampled_from([(), ("Ada",), ("Bob",), ("Bob", "Ada"), ("Cleo",)]),
        album=st.sampled_from(["", "First", "Last"]),
        released=st.sampled_from(["", "2020", "2020-05", "2020-05-17", "0000"]),
        explicit=st.sampled_from([None, True, False]),
        duration_ms=st.sampled_from([0, 60_000, 61_000, 63_000, 200_000]),
        isrc=st.sampled_from(["", "USA000000001", "USA000000002"]),
        added_at=_moments,
        source=st.integers(0, SOURCES - 1),
        position=st.integers(0, 50),
    ),
    max_size=30,
).map(lambda found: [_as_local(one) for one in found])


def _as_local(one: Candidate) -> Candidate:
    if not one.uri.startswith("spotify:local:"):
        return one
    return Candidate(uri=one.uri, title=one.title, is_local=True, source=one.source)


_ids = st.sampled_from([GYM, BLOCK_LIST, MORNINGS])
_accounts = st.none() | st.sampled_from(["ada", "bob"])
_same = st.sampled_from(["track", "song"])
_texts = st.sampled_from(["title", "artist", "album"])
_dates = st.sampled_from(["added", "released"])
_day = st.sampled_from(["2019-01-01", "2020-05-01", "2020-12-31", "2026-11-01"])


def _of(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Return objects of a kind; a field that is None is left out."""
    return st.fixed_dictionaries({"kind": st.just(kind), **fields}).map(
        lambda found: {name: value for name, value in found.items() if value is not None}
    )


single_conditions = st.one_of(
    _of("contains", field=_texts, text=st.sampled_from(["o", "Live", "ö"])),
    _of("is", field=_texts, text=st.sampled_from(["one", "ADA"])),
    _of("matches", field=_texts, pattern=st.sampled_from(["^o", "live$", "."])),
    _of("date", field=_dates, since=_day),
    _of("date", field=_dates, until=_day),
    _of("age", field=_dates, at_most_days=st.integers(1, 400)),
    _of("age", field=_dates, at_least_days=st.integers(1, 400)),
    _of("duration", at_most=st.sampled_from([60, 62, 100])),
    _of("duration", at_least=st.sampled_from([60, 62]), at_most=st.sampled_from([62, 100])),
    _of("explicit"),
    _of("in_playlist", playlists=st.lists(_ids, min_size=1, max_size=2), same=_same),
    _of("in_my_playlists", account=_accounts, same=_same),
    _of("liked", account=_accounts, same=_same),
    _of("blocked"),
)
conditions = st.recursive(
    single_conditions,
    lambda inner: st.one_of(
        _of("all", of=st.lists(inner, min_size=1, max_size=3)),
        _of("any", of=st.lists(inner, min_size=1, max_size=3)),
        _of("not", of=inner),
    ),
    max_leaves=4,
)
_fields = ["title", "artist", "album", "added", "released", "duration", "explicit", "isrc"]
_keys = st.fixed_dictionaries(
    {
        "field": st.sampled_from([*_fields, "source", "position"]),
        "order": st.sampled_from(["ascending", "descending"]),
    }
)
_which = st.sampled_from(["first", "last"])
KEPT = ["first", "last", "oldest", "newest", "longest", "shortest"]
filters = st.one_of(
    _of("keep", when=conditions),
    _of("drop", when=conditions),
    _of("block"),
    _of("duplicates", same=_same, keep=st.sampled_from(KEPT)),
    _of(
        "limit",
        most=st.integers(1, 12),
        unit=st.sampled_from(["tracks", "minutes"]),
        per=st.sampled_from(["list", "artist", "source"]),
        which=_which,
    ),
)
orders = st.one_of(
    _of("sort", by=st.lists(_keys, min_size=1, max_size=3)),
    _of(
        "shuffle",
        seed=st.sampled_from(["x", "y"]),
        again=st.sampled_from(["never", "day", "week", "month"]),
    ),
    _of("space", apart=st.integers(1, 4)),
    _of("interleave"),
    _of("interleave", weights=st.lists(st.integers(1, 3), min_size=SOURCES, max_size=SOURCES)),
)
rules = st.lists(filters | orders, max_size=5)

_if = st.sampled_from(["fail", "skip"])
_reads = {"account": _accounts, "if_unreadable": _if}
sources = st.lists(
    st.one_of(
        _of("playlist", playlist=_ids, **_reads),
        _of("liked", **_reads),
        _of("albums", **_reads),
        _of("top", range=st.sampled_from(["4 weeks", "6 months", "year"]), **_reads),
        _of("recent", **_reads),
        _of("uris", uris=st.lists(st.sampled_from("abc").map(uri), max_size=3), **_reads),
        _of("list", list=st.just("list-7"), **_reads),
        _of("version", version=st.just("41"), **_reads),
    ),
    min_size=SOURCES,
    max_size=SOURCES,
)
modes = st.one_of(
    *(_of(kind) for kind in ("mirror", "replace", "add_missing", "append", "prepend")),
    _of("rolling", count=st.integers(1, 12), at=st.sampled_from(["end", "start"])),
    _of("rolling", days=st.integers(1, 60), count=st.none() | st.integers(1, 12)),
)
targets = st.fixed_dictionaries(
    {
        "account": st.just("ada"),
        "playlist": _of("bound", id=_ids) | _of("new", name=st.sampled_from(["Gym", "Öl & Co"])),
        "mode": modes,
        "dates": st.sampled_from(["budget", "strict", "cheapest"]),
        "guards": st.sampled_from([{}, {"share": 30}, {"calls": 50}, {"share": 1, "calls": 1}]),
    },
    optional={
        "by_hand": st.just("overwrite"),
        "name": st.just("Gym"),
        "description": st.sampled_from(["", "For <b>"]),
    },
)
_time = st.sampled_from(["00:00", "05:00", "23:59"])
entries = st.one_of(
    _of("hourly", every_hours=st.integers(1, 744)),
    _of("daily", at=_time),
    _of("weekly", days=st.sampled_from([["monday"], ["friday", "sunday"]]), at=_time),
    _of("monthly", day=st.integers(1, 31), at=_time),
    _of("cron", text=st.just("0 5 * * 1")),
)
schedules = st.fixed_dictionaries(
    {
        "entries": st.lists(entries, max_size=3, unique_by=lambda one: repr(sorted(one.items()))),
        "time_zone": st.sampled_from(["UTC", "Europe/Berlin"]),
        "paused": st.booleans(),
    },
    optional={"quiet": st.just({"start": "22:00", "end": "07:00"})},
)
definitions = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "sources": sources,
        "rules": rules,
        "target": targets,
        "schedule": schedules,
    }
)
