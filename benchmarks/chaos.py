"""Does a run end right whatever happens? The real engine and rows, in virtual time, under faults.

Each run has the real ``push`` work on real rows in Postgres, against the simulator's engine in this
process. A fault kills the worker or loses an answer at one exact call; nothing waits for real
time: the site's clock and the simulator's are moved to when the next worker may go on.
"""

from __future__ import annotations

import json as jsons
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any
from unittest import mock

import django
from django.core.management import call_command

from benchmarks import table
from simulator import demo
from simulator.clock import Clock
from simulator.engine import Engine
from simulator.messages import Answer, Call, web_error
from simulator.model import Entry
from simulator.state import AccessToken, Pending, Person

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
os.environ["DEMO"] = "True"  # only there the clock can be moved
django.setup()

# After the applications are loaded: these have models.
from allauth.socialaccount.models import SocialAccount  # noqa: E402
from django.conf import settings  # noqa: E402

from accounts import tokens  # noqa: E402
from accounts.models import Credential, User  # noqa: E402
from accounts.scopes import BASE  # noqa: E402
from accounts.vault import Secret  # noqa: E402
from playlists import guards, push  # noqa: E402
from playlists.models import Ledger, Run, Version  # noqa: E402
from playlists.spotify import SpotifyClient, errors  # noqa: E402
from spotsite import clock  # noqa: E402

BLANK = demo.empty("http://site")  # its catalogue takes a while to read
PERSON, TOKEN, URL = "ada", "token", "http://spotify/v1"
LATE_SECONDS = (1.0, 8.0, 25.0, 40.0)  # the settle wait allows no longer ones
STALE_SECONDS = 2.0
MOST_TURNS = 100
APPROVED = dict.fromkeys(guards.SENTENCES, 1_000_000) | {guards.QUARREL: 0}


class Killed(BaseException):
    """The worker is dead: no handler of the engine sees this, and open transactions roll back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at call number ``at`` of a run, or at its row's write number ``at``."""

    at: int
    kind: str  # see CALL_KINDS and ROW_KINDS
    late: float = 0.0


CALL_KINDS = ("kill-before", "kill-after", "cut-before", "cut-after", "5xx-before", "5xx-after")
LATE_KINDS = ("kill-late", "cut-late", "5xx-late")
ROW_KINDS = ("kill-row-before", "kill-row-after")


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    current: tuple[str, ...]
    wanted: tuple[str, ...]
    mode: str = "replace"

    @property
    def expected(self) -> list[str]:
        return [*self.current, *self.wanted] if self.mode == "append" else list(self.wanted)


@dataclass(frozen=True, slots=True)
class Reply:
    """The simulator's answer in the shape that the client reads."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class World:
    """One playlist at a Spotify without sockets, and the faults that its callers meet."""

    def __init__(self, current: Sequence[str], faults: Sequence[Fault], *, stale: float) -> None:
        self.clock = Clock()
        self.spotify = demo.empty("http://site", clock=self.clock, like=BLANK)
        self.engine = Engine(self.spotify)
        person = Person(PERSON, PERSON, "Ada")
        self.spotify.people[PERSON] = person
        self.spotify.allow_list.append(PERSON)
        self.spotify.access_tokens[TOKEN] = AccessToken(
            TOKEN, demo.CLIENT_ID, PERSON, list(BASE), expires_at=self.clock() + 1e9
        )
        self.spotify.switches.set({"stale_read_share": stale, "stale_read_s": STALE_SECONDS})
        self.playlist = self.spotify.new_playlist(person, "Mine")
        self.playlist.entries = [Entry(uri, self.clock(), PERSON) for uri in current]
        self._at_calls = {one.at: one for one in faults if one.kind not in ROW_KINDS}
        self._at_rows = {one.at: one for one in faults if one.kind in ROW_KINDS}
        self.calls = 0
        self.rows = 0

    def move(self, seconds: float) -> None:
        clock.move(timedelta(seconds=seconds))
        self.clock.advance(seconds)
        self.engine.settle()

    def uris(self) -> list[str]:
        """Return the truth once nothing can land any more."""
        while self.spotify.pending:
            self.move(max(LATE_SECONDS))
        return self.playlist.uris

    def answer(self, call: Call) -> Answer:
        """Answer a call as its fault has it; raise where the caller gets no answer."""
        fault = self._at_calls.get(self.calls)
        self.calls += 1
        if fault is None:
            return self.engine.respond(call)
        how, _, when = fault.kind.partition("-")
        if when == "after":
            self.engine.respond(call)
        elif when == "late":
            self.spotify.pending.append(Pending(self.clock() + fault.late, call))
        if how == "kill":
            raise Killed
        if how == "cut":
            raise errors.NoAnswer("cut", maybe_applied=True)
        return web_error(502, "Bad gateway")

    def write_row(self, run: Run, real: Any, *args: Any, **values: Any) -> None:
        fault = self._at_rows.get(self.rows)
        self.rows += 1
        if fault is not None and fault.kind == "kill-row-before":
            raise Killed
        real(run, *args, **values)
        if fault is not None:
            raise Killed


class Line:
    """A connection as the engine knows it, straight into a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = 0
        self.client = SpotifyClient(self._send, lambda: TOKEN, url=URL)

    def person(self) -> str:
        return PERSON

    def prepare(self) -> None:
        """Need no token."""

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> Reply:
        self.calls += 1
        call = Call(
            method,
            "/v1" + url.removeprefix(URL),
            tuple((params or {}).items()),
            {name.lower(): value for name, value in headers.items()},
            b"" if json is None else jsons.dumps(json).encode(),
        )
        answer = self.world.answer(call)
        return Reply(answer.status, answer.headers, answer.body)


@dataclass(frozen=True, slots=True)
class Verdict:
    state: str
    code: str
    calls: int
    rows: int
    wrong: str  # empty where all is well


class Bench:
    """The account in whose name all runs are made."""

    def __init__(self) -> None:
        call_command("migrate", verbosity=0)
        self.user = User.objects.create_user(name="Ada")
        self.account = SocialAccount.objects.create(
            user=self.user, provider="spotify", uid=PERSON, extra_data={}
        )
        grant = tokens.Grant(Secret("a"), Secret("r"), timedelta(days=9999), tuple(BASE))
        tokens.absorb(self.account, grant, consent=True, provider_user_id=PERSON)

    def run(self, scenario: Scenario, faults: Sequence[Fault], *, stale: float = 0.0) -> Verdict:
        world = World(scenario.current, faults, stale=stale)
        run = Run.objects.create(
            user=self.user,
            account=self.account,
            mode=scenario.mode,
            name="Mine",
            playlist_id=world.playlist.id,
            wanted=list(scenario.wanted),
            total=len(scenario.wanted),
            approved=APPROVED,
        )
        run.start()
        self._work(run, world)
        run.refresh_from_db()
        verdict = Verdict(
            run.state, run.code, world.calls, world.rows, _wrong(run, scenario, world)
        )
        Run.objects.all().delete()
        Ledger.objects.all().delete()
        Version.objects.all().delete()
        clock.move(-clock.offset())
        return verdict

    def _work(self, run: Run, world: World) -> None:
        """Do what a fleet of mortal workers does, until the run has ended."""
        real = Run._write

        def write(row: Run, *args: Any, **values: Any) -> None:
            world.write_row(row, real, *args, **values)

        def connect(_: Credential) -> Any:
            return Line(world)

        with mock.patch.object(Run, "_write", write):
            for _ in range(MOST_TURNS):
                claimed = Run.objects.claim(run.pk)
                if claimed is not None:
                    try:
                        push.work_on(claimed, connect=connect)
                    except Killed:
                        continue
                    continue
                run.refresh_from_db()
                if not run.is_active:
                    return
                world.move(_seconds_until_free(run))


def _seconds_until_free(run: Run) -> float:
    moments = [moment for moment in (run.not_before, run.lease_until) if moment]
    return max(0.0, (max(moments) - clock.now()).total_seconds()) + 0.01 if moments else 1.0


def _wrong(run: Run, scenario: Scenario, world: World) -> str:
    """The oracle: a run that is done has the wanted list, one that is not has lost nothing."""
    uris = world.uris()
    if run.state == Run.State.DONE:
        return "" if uris == scenario.expected else f"done with {_short(uris)}"
    if run.is_active:
        return "it never ends"
    lost = set(scenario.current) & set(scenario.wanted) - set(uris)
    return f"{run.state}, lost {_short(sorted(lost))}" if lost else ""


def _short(uris: Sequence[str]) -> str:
    return " ".join(uri.rpartition(":")[2].lstrip("0") or "0" for uri in uris)


def tracks(*numbers: int) -> tuple[str, ...]:
    return tuple(f"spotify:track:{number:022d}" for number in numbers)


LOCAL = "spotify:local:Me:Demo:Song:180"
SCENARIOS = (
    Scenario("append", tracks(*range(5)), tracks(*range(10, 15)), "append"),
    Scenario("append copies", tracks(1, 2, 1), tracks(1, 2, 1), "append"),
    Scenario("append three batches", tracks(1), tracks(*range(10, 230)), "append"),
    Scenario("remove and add", tracks(*range(8)), tracks(0, 1, 9, 3, 4, 10, 6, 7)),
    Scenario("move blocks", tracks(*range(120)), tracks(*range(60, 120), *range(60))),
    Scenario("copies", tracks(1, 2, 1, 3, 1, 4), tracks(1, 3, 2, 4, 4)),
    Scenario("replace", tracks(*range(30)), tracks(*range(100, 130))),
    Scenario("a local file moves", (*tracks(1, 2), LOCAL, *tracks(3)), (LOCAL, *tracks(3, 2, 5))),
    Scenario("long exchange", tracks(*range(130)), tracks(*range(200, 330))),
)


def every_place(
    bench: Bench, names: Sequence[str] | None
) -> Iterator[tuple[Scenario, tuple[Fault, ...]]]:
    """Yield every scenario with a fault of every kind at every place, and every lateness."""
    for scenario in SCENARIOS:
        if names is not None and scenario.name not in names:
            continue
        peace = bench.run(scenario, ())
        for at, kind in product(range(peace.calls), CALL_KINDS):
            yield scenario, (Fault(at, kind),)
        for at, kind, late in product(range(peace.calls), LATE_KINDS, LATE_SECONDS):
            yield scenario, (Fault(at, kind, late),)
        for at, kind in product(range(peace.rows), ROW_KINDS):
            yield scenario, (Fault(at, kind),)


def at_random(count: int, seed: int) -> Iterator[tuple[Scenario, tuple[Fault, ...]]]:
    """Yield random lists with up to four faults each."""
    dice = Random(seed)
    for number in range(count):
        pool = tracks(*range(dice.choice((4, 12, 60))))
        current = tuple(dice.choices(pool, k=dice.randrange(1, 150)))
        wanted = tuple(dice.choices(pool, k=dice.randrange(1, 150)))
        mode = dice.choice(("replace", "replace", "append"))
        faults = tuple(
            Fault(
                dice.randrange(14),
                dice.choice(CALL_KINDS + LATE_KINDS + ROW_KINDS),
                dice.choice(LATE_SECONDS),
            )
            for _ in range(dice.randrange(1, 5))
        )
        yield Scenario(f"random {seed}/{number}", current, wanted, mode), faults


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--runs", type=int, default=5000, help="random runs (5000)")
    options.add_argument("--at", nargs="*", help="scenarios of the first part (all)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--no-settle", action="store_true", help="do not wait for late calls")
    given = options.parse_args()
    if given.no_settle:
        settings.SETTLE_SECONDS = 0
    bench = Bench()
    rows = [
        judged("every place", bench, every_place(bench, given.at)),
        judged("random", bench, at_random(given.runs, given.seed), stale=0.05),
    ]
    totals = {"settle_seconds": settings.SETTLE_SECONDS, "seed": given.seed}
    table.show("Runs under faults, in virtual time", rows, totals=totals, as_json=given.json)


def judged(
    name: str,
    bench: Bench,
    cases: Iterator[tuple[Scenario, tuple[Fault, ...]]],
    *,
    stale: float = 0.0,
) -> table.Row:
    began = time.monotonic()
    runs = calls = wrong = unfinished = 0
    for scenario, faults in cases:
        verdict = bench.run(scenario, faults, stale=stale)
        runs += 1
        calls += verdict.calls
        unfinished += verdict.state != Run.State.DONE
        if verdict.wrong:
            wrong += 1
            if wrong <= 5 and settings.SETTLE_SECONDS:
                print(f"# {scenario.name} {faults}: {verdict.wrong} ({verdict.code})", flush=True)
    return {
        "part": name,
        "runs": runs,
        "wrong": wrong,
        "held or failed": unfinished,
        "calls a run": calls / max(1, runs),
        "seconds": time.monotonic() - began,
    }


if __name__ == "__main__":
    main()
