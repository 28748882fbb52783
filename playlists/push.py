"""A run: read, freeze, plan, write, verify, record; killed anywhere, the next worker ends it right.

The row says which plan is under way (``base`` to ``wanted``) and how far it is (``cursor``), and
before each call that one is coming (``unknown_since``). A call whose outcome nobody knows is
believed neither way: after the settle wait the list is read, and its content says what it did.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from enum import Enum
from typing import NoReturn, TypeVar

from django.conf import settings

from accounts.errors import AccountError
from accounts.models import Credential
from playlists import library, outcomes, steps, versions
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.models import LeaseLost, Run, Version
from playlists.spotify import Item
from playlists.spotify.errors import SpotifyError, TimeMustPass
from playlists.steps import Add, Overwrite, Remove, Step
from spotsite import clock

SLICE_SECONDS = 20.0
MOST_QUARRELS = 3
_FIRST_LOOK = timedelta(seconds=1)  # after a write, where the list read does not show it yet

State = Run.State
T = TypeVar("T")


class Pace(Enum):
    """When somebody should look at the run again."""

    NOW = "now"
    LATER = "later"  # ``not_before`` says when
    NEVER = "never"


class _Over(Exception):
    """The run has ended."""


class _SliceOver(Exception):
    """The slice's time is up."""


class _Waits(Exception):
    """The run was put off."""


def work_on(run: Run) -> Pace:
    """Work on a claimed run for one slice at most."""
    try:
        return _work(run)
    except LeaseLost:
        return Pace.NEVER


def _work(run: Run) -> Pace:
    if run.attempts > outcomes.MOST_ATTEMPTS or _is_stale(run):
        run.end(State.FAILED, code="gave_up", sentence=outcomes.GAVE_UP)
        return Pace.NEVER
    credential = Credential.objects.filter(account=run.account_id).first()
    if credential is None or not credential.is_usable:
        code, sentence = outcomes.NEEDS_RECONNECT
        run.end(State.FAILED, code=code, sentence=sentence)
        return Pace.NEVER
    work = _Slice(run, Connection(credential))
    try:
        work.go()
    except _Over:
        return Pace.NEVER
    except _Waits:
        return Pace.LATER
    except _SliceOver:
        run.release()
        return Pace.NOW
    except (SpotifyError, AccountError, Paused) as exc:
        return _settle(run, exc, calls=work.calls, reading=not work.is_writing)
    return Pace.NEVER


def _settle(run: Run, trouble: outcomes.Trouble, *, calls: int, reading: bool) -> Pace:
    run.keep(calls_used=calls)
    outcome = outcomes.of(
        trouble,
        attempts=run.attempts,
        now=clock.now(),
        unknown=run.unknown_since is not None,
        reading=reading,
    )
    if outcome.until is None:
        run.end(State.FAILED, code=outcome.code, sentence=outcome.sentence)
        return Pace.NEVER
    run.wait(
        until=outcome.until,
        code=outcome.code,
        sentence=outcome.sentence,
        attempts=run.attempts + 1 if outcome.counts else None,
    )
    return Pace.LATER


def _is_stale(run: Run) -> bool:
    """Say whether the run goes nowhere: a day has passed, and the last tries were in vain."""
    since = run.last_write_at or run.started_at
    return bool(run.attempts and since and since + outcomes.PATIENCE < clock.now())


class _Slice:
    """One worker's turn at a run."""

    def __init__(self, run: Run, connection: Connection) -> None:
        self.run = run
        self.connection = connection
        self.spotify = connection.client
        self._calls_before = run.calls_used
        self._ends = time.monotonic() + SLICE_SECONDS
        self.is_writing = False  # stays so where the write raises
        self._seen: list[Item] | None = None  # the list as read, until the next write

    @property
    def calls(self) -> int:
        return self._calls_before + self.connection.calls

    def go(self) -> None:
        """Bring the playlist to what is wanted, as far as the slice's time goes."""
        self._let_settle()  # first: an ended run lets the next one start on the playlist
        self._heed_cancelling()
        self.connection.prepare()
        if not self.run.playlist_id:
            self._make_playlist()
        plan = self._where_we_are()
        while self.run.cursor < len(plan):
            self._write(plan[self.run.cursor], plan)
            self._heed_time()
        self._verify()

    # Where things stand ---------------------------------------------------------------------------

    def _heed_cancelling(self) -> None:
        if self.run.cancel_asked:
            self.run.end(State.CANCELLED, code="cancelled")
            raise _Over

    def _heed_time(self) -> None:
        if time.monotonic() > self._ends:
            raise _SliceOver

    def _let_settle(self) -> None:
        """Put the run off while a call of unknown outcome may still land."""
        if self.run.unknown_since is None:
            return
        until = self.run.unknown_since + timedelta(seconds=settings.SETTLE_SECONDS)
        now = clock.now()
        if until > now:
            when = outcomes.when(until, now=now)
            sentence = f"A call's answer was lost; we look {when} what became of it."
            self.run.wait(until=until, code="settling", sentence=sentence)
            raise _Waits

    def _where_we_are(self) -> list[Step]:
        """Return the plan, having found out how far it is by the snapshot's hint or by reading."""
        run = self.run
        playlist = self.spotify.playlist(run.playlist_id)
        if playlist.owner_id != self.connection.person() and not playlist.collaborative:
            self._fail(
                "not_yours",
                "This playlist belongs to somebody else, so Spotify does not let you change it.",
            )
        if run.base is None:
            return self._begin(self._read(), playlist.snapshot_id)
        plan = self._plan(run.base)
        model = _replay(run.base.uris, plan[: run.cursor])
        if (
            run.unknown_since is None
            and run.snapshot_id
            and playlist.snapshot_id == run.snapshot_id
        ):
            return plan
        items = self._read()
        uris = [item.uri for item in items]
        following = plan[run.cursor].apply(model) if run.cursor < len(plan) else None
        if run.unknown_since is not None and uris == following:
            self._step_done(plan, snapshot_id="")
        elif uris == model:
            run.keep(unknown_since=None)
        elif uris == self._wanted(run.base):
            run.keep(unknown_since=None, cursor=len(plan), done=run.total)
        else:
            return self._changed_elsewhere(items, playlist.snapshot_id)
        return plan

    def _begin(self, items: list[Item], snapshot_id: str) -> list[Step]:
        """Freeze what is there before the first write, and plan."""
        run = self.run
        before = versions.freeze(
            run.account,
            run.playlist_id,
            items,
            cause=Version.Cause.BEFORE,
            snapshot_id=snapshot_id,
        )
        run.keep(before=run.before or before)
        return self._plan_from(before)

    def _plan_from(self, base: Version) -> list[Step]:
        plan = self._plan(base)
        self.run.keep(
            base=base, cursor=0, snapshot_id="", unknown_since=None, done=self._done(plan, 0)
        )
        return plan

    def _changed_elsewhere(self, items: list[Item], snapshot_id: str) -> list[Step]:
        """Freeze what somebody else made of it: a replacement goes on from there, adding stops."""
        run = self.run
        self._look_again_soon()
        version = versions.freeze(
            run.account,
            run.playlist_id,
            items,
            cause=Version.Cause.ELSEWHERE,
            snapshot_id=snapshot_id,
        )
        done = run.done + self._lost_but_added(items)
        run.keep(quarrels=run.quarrels + 1, unknown_since=None, after=version, done=done)
        if run.mode == Run.Mode.APPEND and run.done >= run.total:
            self._end_added(run.base, version)
        if run.mode == Run.Mode.APPEND:
            self._fail(
                "changed_elsewhere",
                f"The playlist was changed elsewhere in the meantime. {run.done:,} of "
                f"{run.total:,} were added, and no change of others was touched. Try again to "
                "add the rest.",
            )
        if run.quarrels >= MOST_QUARRELS:
            self._fail(
                "quarrel",
                "Something else keeps changing the playlist, so we stopped. All of it is stored.",
            )
        return self._plan_from(version)

    def _end_added(self, base: Version | None, now: Version) -> NoReturn:
        """End a run that has added everything to a list that others changed meanwhile."""
        if base is not None and Counter(self.run.wanted) <= Counter(now.uris):
            self._end_done(base, now)
        self._fail(
            "taken_out",
            f"All {self.run.total:,} were added, but somebody has changed the playlist since, and "
            "some are not there any more. No change of others was touched.",
        )

    def _lost_but_added(self, items: list[Item]) -> int:
        """Return how many items the call whose answer was lost has added all the same.

        Spotify adds all of a call's items or none. So where the list holds most of them more often
        than it did, the call was carried out, and somebody has taken some out since.
        """
        run = self.run
        if run.unknown_since is None or run.base is None or run.mode != Run.Mode.APPEND:
            return 0
        plan = self._plan(run.base)
        more = Counter(item.uri for item in items)
        more -= Counter(_replay(run.base.uris, plan[: run.cursor]))
        coming = plan[run.cursor].uris if run.cursor < len(plan) else ()
        added = (Counter(coming) & more).total()
        return len(coming) if added * 2 > len(coming) else 0

    def _look_again_soon(self) -> None:
        """Put the run off while the list that was read may be older than our last write."""
        wrote = self.run.last_write_at
        now = clock.now()
        if wrote is None or wrote + timedelta(seconds=settings.SETTLE_SECONDS) <= now:
            return
        until = now + max(_FIRST_LOOK, now - wrote)
        when = outcomes.when(until, now=now)
        sentence = f"Spotify does not show the last change yet; we look again {when}."
        self.run.wait(until=until, code="settling", sentence=sentence)
        raise _Waits

    def _read(self) -> list[Item]:
        """Read the whole list; a long one takes many calls, so the run is kept in the meantime."""
        items: list[Item] = []
        for page in self.spotify.item_pages(self.run.playlist_id):
            items += page.items
            self.run.keep(calls_used=self.calls)
        self._seen = items
        return items

    # What is to be done ---------------------------------------------------------------------------

    def _plan(self, base: Version) -> list[Step]:
        run = self.run
        if run.mode == Run.Mode.APPEND:
            return list(steps.append(base.uris, run.wanted))
        started = run.before or base
        floor = min(started.length, len(run.wanted)) - steps.BATCH
        try:
            return steps.replace(base.uris, run.wanted, floor=floor)
        except steps.Unwritable:
            self._fail(
                "cannot_be_put_back",
                "The playlist holds local files or tracks that are not available. Spotify's API "
                "cannot put those back, so nothing was written. Add to the end instead, or remove "
                "them first.",
            )
        except steps.Unreachable:
            self._fail(
                "too_many_copies",
                "One track is in the playlist more than 100 times. It cannot be replaced without "
                "emptying the list on the way, so nothing more was written.",
            )

    def _wanted(self, base: Version) -> list[str]:
        run = self.run
        return [*base.uris, *run.wanted] if run.mode == Run.Mode.APPEND else list(run.wanted)

    def _done(self, plan: list[Step], cursor: int) -> int:
        """Return how many of the wanted items are in place: those that no later call brings."""
        coming = sum(len(step.uris) for step in plan[cursor:] if not isinstance(step, Remove))
        return max(0, self.run.total - coming)

    def _fail(self, code: str, sentence: str) -> NoReturn:
        self.run.keep(calls_used=self.calls)
        self.run.end(State.FAILED, code=code, sentence=sentence)
        raise _Over

    # Writing --------------------------------------------------------------------------------------

    def _write(self, step: Step, plan: list[Step]) -> None:
        playlist_id = self.run.playlist_id
        match step:
            case Remove(uris):
                snapshot_id = self._call(lambda: self.spotify.remove(playlist_id, uris))
            case Add(position, uris):
                snapshot_id = self._call(
                    lambda: self.spotify.add(playlist_id, uris, position=position)
                )
            case Overwrite(uris):
                snapshot_id = self._call(lambda: self.spotify.replace(playlist_id, uris))
        self._step_done(plan, snapshot_id=snapshot_id)

    def _call(self, call: Callable[[], T]) -> T:
        """Say in the row that a call is coming, and make it; one that surely failed is unsaid."""
        run = self.run
        run.refresh_from_db(fields=["cancel_asked"])
        self._heed_cancelling()
        run.keep(unknown_since=clock.now(), calls_used=self.calls)
        self._seen = None
        self.is_writing = True
        try:
            answer = call()
        except SpotifyError as exc:
            if not exc.maybe_applied:
                # A refusal may mean that the list is not what we think: read it, trust no hint.
                refused = not isinstance(exc, TimeMustPass)
                run.keep(unknown_since=None, snapshot_id="" if refused else run.snapshot_id)
            raise
        except (AccountError, Paused):
            run.keep(unknown_since=None)
            raise
        self.is_writing = False
        return answer

    def _step_done(self, plan: list[Step], *, snapshot_id: str) -> None:
        run = self.run
        run.keep(
            unknown_since=None,
            cursor=run.cursor + 1,
            snapshot_id=snapshot_id,
            last_write_at=clock.now(),
            done=self._done(plan, run.cursor + 1),
            calls_used=self.calls,
            attempts=0,
            code="",
            sentence="",
        )

    def _make_playlist(self) -> None:
        """Make the playlist; where an earlier answer was lost, look for what it made first."""
        run = self.run
        found = self._find_made() if run.unknown_since is not None else ""
        if not found:
            run.keep(unknown_since=None)
            found = self._call(lambda: self.spotify.create(run.name, description=run.mark)).id
        run.keep(playlist_id=found, unknown_since=None, calls_used=self.calls, attempts=0)
        library.forget(run.account)

    def _find_made(self) -> str:
        mine = self.spotify.my_playlists()
        return next((one.id for one in mine if self.run.mark in one.description), "")

    def _verify(self) -> None:
        """End only when a read of the whole list shows what is wanted."""
        run = self.run
        assert run.base is not None  # noqa: S101 -- a plan has a base
        items = self._read() if self._seen is None else self._seen
        if [item.uri for item in items] != self._wanted(run.base):
            self._changed_elsewhere(items, "")
            raise _SliceOver
        after = versions.freeze(
            run.account,
            run.playlist_id,
            items,
            cause=Version.Cause.AFTER,
            snapshot_id=run.snapshot_id,
        )
        self._end_done(run.base, after)

    def _end_done(self, base: Version, after: Version) -> NoReturn:
        run = self.run
        library.forget(run.account)
        became = versions.difference((run.before or base).uris, after.uris)
        report = {**run.report, **asdict(became)}
        run.keep(after=after, done=run.total, calls_used=self.calls, report=report)
        run.end(State.DONE)
        raise _Over


def _replay(uris: list[str], done: list[Step]) -> list[str]:
    for step in done:
        uris = step.apply(uris)
    return uris
