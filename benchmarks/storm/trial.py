"""Put one run through what befalls it, and judge how it ended."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from unittest import mock

from allauth.socialaccount.models import SocialAccount

from accounts import tokens
from accounts.models import User
from accounts.scopes import BASE
from accounts.vault import Secret
from benchmarks.storm.fleet import Fleet
from benchmarks.storm.scenarios import Case, Scenario
from benchmarks.storm.spotify import PERSON, Spotify
from benchmarks.storm.virtual import Time
from playlists import guards, push
from playlists.models import Run
from playlists.planning.edits import apply, from_list

APPROVED = {"tripped": dict.fromkeys(guards.SENTENCES, 1_000_000)}
LONG_AGO_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended. ``wrong`` says what is wrong with the list, empty where all is well."""

    state: str
    code: str
    wrong: str
    calls: int
    writes: tuple[int, ...]  # which of the calls
    rows: int
    dates_lost: int  # of those that the plan had promised to keep

    @property
    def is_done(self) -> bool:
        return self.state == Run.State.DONE

    @property
    def end(self) -> str:
        return f"{self.state} {self.code}".strip()


class Court:
    """The account in whose name all runs of this process are made."""

    def __init__(self, number: int) -> None:
        Time()  # the session's clock shows nothing before
        self.number = number
        self.made = 0
        uid = uuid.uuid4().hex[:12]
        self.user = User.objects.create_user(f"{uid}@example.org", name="Ada")
        self.account = SocialAccount.objects.create(
            user=self.user, provider="spotify", uid=uid, extra_data={}
        )
        grant = tokens.Grant(Secret("a"), Secret("r"), timedelta(days=9999), tuple(BASE))
        tokens.absorb(self.account, grant, consent=True, provider_user_id=PERSON)

    def judge(self, case: Case) -> Verdict:
        """Have the run made, and say how it ended."""
        with _drawn(case.seed), _slices(short=case.scenario.slices):
            return self._judge(case)

    def _judge(self, case: Case) -> Verdict:
        scenario = case.scenario
        self.made += 1
        spotify = Spotify(Time(), seed=case.seed, stale=case.stale)
        spotify.world.made = self.number * 10**9 + self.made * 100  # ids are never used again
        playlist_id = "" if scenario.is_new else self._playlist(scenario, spotify)
        run = self._run(scenario, playlist_id)
        spotify.untouched = lambda: set(scenario.expected) - _planned(run)
        dated = _dated(spotify)
        fleet = Fleet(run, spotify, case.faults)
        fleet.work()
        spotify.settle()
        run.refresh_from_db()
        verdict = _verdict(fleet, scenario, dated)
        if case.again and verdict.is_done and not verdict.wrong:
            return replace(verdict, wrong=self._wrong_again(scenario, run, spotify))
        return verdict

    def _playlist(self, scenario: Scenario, spotify: Spotify) -> str:
        """Have the playlist as the run finds it, with what the site knows of it from earlier."""
        id_ = f"storm{self.number:02d}{self.made:015d}"
        if scenario.earlier is None:
            spotify.has(id_, scenario.current)
            spotify.pass_time(LONG_AGO_SECONDS)
            return id_
        playlist = spotify.has(id_, (*scenario.earlier[1::2], *scenario.current[:2]))
        spotify.pass_time(LONG_AGO_SECONDS)
        first = Scenario("earlier", (), scenario.earlier, scenario.earlier)
        Fleet(self._run(first, id_), spotify, ()).work()
        if not scenario.at_once:
            spotify.pass_time(LONG_AGO_SECONDS)
            spotify.edited(playlist, scenario.current)
            spotify.pass_time(LONG_AGO_SECONDS)
        assert playlist.uris == list(scenario.current)
        return id_

    def _run(self, scenario: Scenario, playlist_id: str) -> Run:
        run = Run.objects.create(
            user=self.user,
            account=self.account,
            mode=scenario.mode,
            dates=scenario.dates,
            by_hand=scenario.by_hand,
            name="Mine",
            playlist_id=playlist_id,
            wanted=list(scenario.wanted),
            context=list(scenario.context),
            total=len(scenario.wanted),
            report=APPROVED,  # as after the preview's start button: all that it warns of is fine
        )
        assert run.start()
        return run

    def _wrong_again(self, scenario: Scenario, run: Run, spotify: Spotify) -> str:
        """Make the same run in peace: the books are right if it changes nothing."""
        playlist = spotify.playlists()[0]
        before, moved = playlist.uris, set(spotify.hand.moved)
        spotify.pass_time(LONG_AGO_SECONDS)
        Fleet(self._run(scenario, run.playlist_id), spotify, ()).work()
        after = playlist.uris
        in_place = _without(after, moved) == _without(before, moved)
        if in_place and Counter(after) == Counter(before):
            return ""
        return f"the next run makes {_short(playlist.uris)} of {_short(before)}"


@contextmanager
def _drawn(seed: int) -> Iterator[None]:
    """Draw the jitter of waits from the seed too, so that a case is always the same."""
    with mock.patch.object(secrets, "randbelow", Random(seed).randrange):
        yield


@contextmanager
def _slices(*, short: bool) -> Iterator[None]:
    with mock.patch.object(push, "SLICE_SECONDS", 0.0 if short else push.SLICE_SECONDS):
        yield


def _verdict(fleet: Fleet, scenario: Scenario, dated: Counter[tuple[str, float]]) -> Verdict:
    run, spotify = fleet.run, fleet.spotify
    kept = (dated & _dated(spotify)).total()
    promised = int(run.report.get("kept_dates", 0)) - spotify.hand.removed.total()
    return Verdict(
        state=run.state,
        code=run.code,
        wrong=_wrong(run, scenario, spotify),
        calls=len(spotify.calls),
        writes=tuple(at for at, call in enumerate(spotify.calls) if call.method != "GET"),
        rows=fleet.rows,
        dates_lost=max(0, promised - kept),
    )


def _planned(run: Run) -> set[str]:
    """Return the URIs that calls of the plan name."""
    edits = Run.objects.values_list("edits", flat=True).get(pk=run.pk)
    return {uri for edit in edits for part in edit if isinstance(part, list) for uri in part}


def _wrong(run: Run, scenario: Scenario, spotify: Spotify) -> str:
    """Return what is wrong: a done run has the expected list, any other one a stage on its way."""
    playlists = spotify.playlists()
    if len(playlists) != 1:
        return f"{len(playlists)} playlists"
    uris = playlists[0].uris
    if run.is_active:
        return "it never ends"
    if run.state == Run.State.DONE:
        if scenario.by_hand == Run.ByHand.OVERWRITE:
            return "" if tuple(uris) == scenario.expected else f"done with {_short(uris)}"
        return _amiss(uris, scenario.expected, spotify)
    return "" if uris in _stages(run) else f"{run.state} with {_short(uris)}"


def _amiss(uris: Sequence[str], expected: Sequence[str], spotify: Spotify) -> str:
    """Compare with what is expected, and with what somebody did meanwhile, where it counts.

    What somebody moved while the last reading was under way may stand anywhere: its page may have
    been read before, so that for the run it came after the end.
    """
    hand = spotify.hand
    by_hand = Counter(uri for uri in uris if uri in hand.added)
    ours = [uri for uri in uris if uri not in hand.added]
    stays = [uri for uri in expected if uri not in hand.removed]
    in_place = _without(ours, hand.moved) == _without(stays, hand.moved)
    if in_place and Counter(ours) == Counter(stays) and by_hand == hand.added:
        return ""
    return f"done with {_short(uris)}"


def _without(uris: Sequence[str], some: Collection[str]) -> list[str]:
    return [uri for uri in uris if uri not in some]


def _stages(run: Run) -> list[list[str]]:
    stages = [list(run.base)]
    for edit in run.edits:
        stages.append(apply(from_list(edit), stages[-1]))
    return stages


def _dated(spotify: Spotify) -> Counter[tuple[str, float]]:
    """Count the items with their dates."""
    return Counter(
        (entry.uri, entry.added_at) for one in spotify.playlists() for entry in one.entries
    )


def _short(uris: Sequence[str]) -> str:
    return " ".join(uri.rpartition(":")[2].lstrip("0") or "0" for uri in uris)
