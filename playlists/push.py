"""A run: read, freeze, plan, guard, write, verify, record; the next worker ends what one left.

The row holds the plan (``edits`` from ``base`` to ``goal``), how far it is (``cursor``), and before
each call it says that one is coming (``unknown_since``). A call whose outcome nobody knows is
believed neither way: after the settle wait the list is read, and its content says what it did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from html import unescape
from itertools import islice
from typing import NoReturn, TypeVar

from django.conf import settings
from django.db import transaction

from accounts.errors import AccountError
from accounts.models import Credential
from playlists import (
    aims,
    courses,
    gather,
    guards,
    ledgers,
    library,
    making,
    news,
    outcomes,
    outline,
    readings,
    versions,
)
from playlists import plan as planner
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.gather import CannotRead, Doubted, Gathering
from playlists.halving import Halving
from playlists.ledgers import View
from playlists.models import LeaseLost, Ledger, Recipe, Run, TargetTaken, Version
from playlists.plan import Add, Edit, Move, Plan, Remove, Replace
from playlists.planning.edits import apply, as_list, from_list
from playlists.readings import KeepsChanging, Reader
from playlists.recipes import definition
from playlists.recipes.definition import NotADefinition
from playlists.recipes.evaluate import evaluate
from playlists.spotify import Item
from playlists.spotify.calls import PAGE
from playlists.spotify.errors import SpotifyError, TimeMustPass
from spotsite import clock

SLICE_SECONDS = 20.0
MOST_QUARRELS = 2
MOST_CHANGES = 12
# How long a list that was as planned is taken to be so without looking.
_TRUST = timedelta(seconds=60)
_IN_READING = "reading: "  # marks a doubt that the next read that goes well dispels
_BUSY_WAIT = timedelta(seconds=30)  # another run is at work on what this one has made
_FIRST_LOOK = timedelta(seconds=1)  # after a write, where the list read does not show it yet

State = Run.State
T = TypeVar("T")
Connect = Callable[[Credential], Connection]


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


def work_on(run: Run, connect: Connect = Connection) -> Pace:
    """Work on a claimed run for one slice at most."""
    try:
        return _work(run, connect)
    except LeaseLost:
        return Pace.NEVER


def _work(run: Run, connect: Connect) -> Pace:
    if run.attempts > outcomes.MOST_ATTEMPTS or _is_stale(run):
        news.end(run, State.FAILED, code="gave_up", sentence=outcomes.GAVE_UP)
        return Pace.NEVER
    credential = Credential.objects.filter(account=run.account_id).first()
    if credential is None or not credential.is_usable:
        code, sentence = outcomes.NEEDS_RECONNECT
        news.end(run, State.FAILED, code=code, sentence=sentence)
        return Pace.NEVER
    work = _Slice(run, credential, connect)
    try:
        work.go()
    except _Over:
        return Pace.NEVER
    except _Waits:
        return Pace.LATER
    except KeepsChanging:
        code, sentence = outcomes.KEEPS_CHANGING
        run.keep(calls_used=work.calls)
        news.end(run, State.FAILED, code=code, sentence=sentence)
        return Pace.NEVER
    except _SliceOver:
        run.release()
        return Pace.NOW
    except Doubted as exc:
        return _ask_again(run, exc, work)
    except (SpotifyError, AccountError, Paused) as exc:
        return _settle(run, exc, work)
    return Pace.NEVER


def _settle(run: Run, trouble: outcomes.Trouble, work: _Slice) -> Pace:
    reading = not work.is_writing
    # A read that came further was not in vain. A write is: reading the list again brings nothing.
    attempts = 0 if reading and work.has_read_on else run.attempts
    kind = _IN_READING if reading else ""  # of a refused read and a refused write neither is second
    is_same_kind = run.doubt.startswith(_IN_READING) == reading
    outcome = outcomes.of(
        trouble,
        attempts=attempts,
        now=clock.now(),
        unknown=run.unknown_since is not None,
        last=run.doubt.removeprefix(kind) if is_same_kind else "",
        reading=reading,
    )
    doubt = f"{kind}{outcome.doubt}" if outcome.doubt else run.doubt
    run.keep(calls_used=work.calls, doubt=doubt)
    return _go_by(run, outcome, attempts)


def _ask_again(run: Run, doubted: Doubted, work: _Slice) -> Pace:
    """Wait before lists that were refused are asked for a second time; ``gather`` knows which."""
    attempts = 0 if work.has_read_on else run.attempts
    outcome = outcomes.of(
        doubted.refusal, attempts=attempts, now=clock.now(), unknown=False, reading=True
    )
    run.keep(calls_used=work.calls)
    return _go_by(run, outcome, attempts)


def _go_by(run: Run, outcome: outcomes.Outcome, attempts: int) -> Pace:
    """End the run or put it off."""
    if outcome.until is None:
        news.end(run, State.FAILED, code=outcome.code, sentence=outcome.sentence)
        return Pace.NEVER
    news.wait(
        run,
        until=outcome.until,
        code=outcome.code,
        sentence=outcome.sentence,
        attempts=attempts + 1 if outcome.counts else None,
    )
    return Pace.LATER


def _is_stale(run: Run) -> bool:
    """Say whether the run goes nowhere: a day has passed, and the last tries were in vain."""
    # The later one: a run that was held may have written weeks before it went on.
    since = max(filter(None, (run.last_write_at, run.started_at)), default=None)
    return bool(run.attempts and since and since + outcomes.PATIENCE < clock.now())


class _Slice:
    """One worker's turn at a run."""

    def __init__(self, run: Run, credential: Credential, connect: Connect) -> None:
        self.run = run
        self.connection = connection = connect(credential)
        self.spotify = connection.client
        self._calls_before = run.calls_used
        self._ends = time.monotonic() + SLICE_SECONDS
        self._now = as_left(run)  # the list as it is by our own books
        self._read_items: list[Item] | None = None  # the list as read, until the next write
        self._halving = Halving.from_json(run.halving)
        self._connect = connect
        self._others: Gathering | None = None  # reads by other accounts
        self._hint = ""  # the snapshot id that Spotify showed before the list was read
        self._shown: str | None = None  # the one that it has shown since our last write
        self._reader = Reader(run, keep=self._keep, stop=self._stop, wait=self._wait_to_confirm)
        self.is_writing = False  # stays so where the write raises

    @property
    def calls(self) -> int:
        others = self._others.calls if self._others is not None else 0
        return self._calls_before + self.connection.calls + others

    @property
    def has_read_on(self) -> bool:
        """Say whether pages were read that the next slice need not read again."""
        return self._reader.has_advanced

    def go(self) -> None:
        """Bring the playlist to what is wanted, as far as the slice's time goes."""
        self._let_settle()  # first: an ended run lets the next one start on the playlist
        self._heed_cancelling()
        self.connection.prepare()
        if not self.run.is_gathered:
            self._gather()
        if self.run.is_dry:
            self._look()
        if not self.run.playlist_id:
            self._make_playlist()
        self._find_out()
        while True:
            while self.run.cursor < len(self.run.edits):
                self._write(from_list(self.run.edits[self.run.cursor]))
                self._heed_time()
            if not self._halving.aside:
                break
            self._go_on_with(self._halving.next_try())
        self._verify()

    # What a recipe makes of its sources -----------------------------------------------------------

    def _gather(self) -> None:
        """Read the sources as far as they have changed, and write down what they come to."""
        run = self.run
        row = Recipe.objects.filter(runs=run.pk).first()
        if row is None:
            self._fail("recipe_gone", outcomes.RECIPE_GONE)
        try:
            recipe = definition.check(row.definition)
        except NotADefinition:
            self._fail("recipe_invalid", "The recipe is not valid any more. Edit it and try again.")
        self._others = Gathering(
            run,
            recipe,
            connect=self._connect,
            connection=self.connection,
            reader=self._reader,
            step=self._step,
        )
        try:
            gathered = self._others.go()
        except CannotRead as exc:
            self._fail("source_unreadable", exc.sentence)
        found = evaluate(recipe, gathered.tracks, gathered.around)
        run.keep(
            is_gathered=True,
            wanted=found.uris,
            total=len(found.uris),
            partial=bool(gathered.unknown),
            report={**run.report, **gather.report(gathered, found)},
            calls_used=self.calls,
        )

    def _step(self) -> None:
        """Between two calls that read: keep the run, and end it where it is cancelled."""
        self._keep()
        self.run.refresh_from_db(fields=["cancel_asked"])
        self._heed_cancelling()

    def _keep(self) -> None:
        """Hold the run on after a call that read."""
        dispelled = {"doubt": ""} if self.run.doubt.startswith(_IN_READING) else {}
        self.run.keep(calls_used=self.calls, **dispelled)

    def _stop(self) -> None:
        """Between two pages of a long list: look whether it is time, and whether to go on."""
        self.run.refresh_from_db(fields=["cancel_asked"])
        self._heed_cancelling()
        self._heed_time()

    def _look(self) -> None:
        """End as a draft that says what would change."""
        run = self.run
        snapshot_id = self._snapshot() if run.playlist_id else ""
        items = self._read() if run.playlist_id else []
        versions.remember(items)
        report = {**run.report, **courses.changes(run, items)}
        report |= {"looked": True, "snapshot": snapshot_id}
        run.keep(report=report, calls_used=self.calls)
        run.end(State.DRAFT)
        raise _Over

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

    def _find_out(self) -> None:
        """Have a plan, and know how far it is: by our books, by the snapshot's hint, by reading."""
        run = self.run
        if run.is_planned and run.unknown_since is None and self._was_seen_lately():
            return
        snapshot_id = self._snapshot()
        if not run.is_planned:
            self._begin(snapshot_id)
            return
        is_certain = run.unknown_since is None
        if is_certain and run.snapshot_id and snapshot_id == run.snapshot_id:
            run.keep(seen_at=clock.now())
            return
        self._compare(self._read(), snapshot_id)

    def _snapshot(self) -> str:
        """Return the playlist's snapshot id, by a look unless that was seen in a read just now."""
        return self._reader.mark(self._target) or self._look_at_it()

    def _look_at_it(self) -> str:
        """Ask for the playlist's head, and end the run where it is somebody else's."""
        playlist = self.spotify.playlist(self.run.playlist_id)
        if playlist.owner_id != self.connection.person() and not playlist.collaborative:
            self._fail(
                "not_yours",
                "This playlist belongs to somebody else, so Spotify does not let you change it.",
            )
        self._shown = playlist.snapshot_id
        return playlist.snapshot_id

    def _look_while_reading(self) -> str:
        """Return the snapshot id once it may be that of our own last write."""
        shown = self._look_at_it()
        if self.run.snapshot_id and shown != self.run.snapshot_id:
            self._look_again_soon(self.run.last_write_at)
        return shown

    def _was_seen_lately(self) -> bool:
        seen = self.run.seen_at
        return seen is not None and seen + _TRUST > clock.now()

    def _compare(self, items: list[Item], snapshot_id: str) -> None:
        """Take the list as read for what it is: as planned, one edit further, or another's work."""
        run = self.run
        uris = [item.uri for item in items]
        edit = self._next_edit() if run.unknown_since is not None else None
        if edit is not None and uris == apply(edit, self._now):
            self._edit_done(edit, snapshot_id="")
        elif uris == self._now:
            if edit is not None:
                self._edit_refused(edit)
            run.keep(unknown_since=None, seen_at=clock.now())
        else:
            self._changed_elsewhere(items, snapshot_id)

    def _next_edit(self) -> Edit | None:
        run = self.run
        return from_list(run.edits[run.cursor]) if run.cursor < len(run.edits) else None

    @property
    def _target(self) -> str:
        return f"target {self.run.playlist_id}"

    def _read(self) -> list[Item]:
        """Read the whole list; a long one takes more than one slice."""
        whole = self._reader.read(
            self._target,
            partial(readings.of_playlist, self.spotify, self.run.playlist_id),
            self._look_while_reading,
            seen=self._shown,
            hint=self.run.snapshot_id,
        )
        self._keep()
        self._read_items = whole.items
        return whole.items

    def _freeze(self, items: Sequence[Item], cause: Version.Cause, snapshot_id: str) -> Version:
        run = self.run
        return versions.freeze(
            run.account, run.playlist_id, items, cause=cause, snapshot_id=snapshot_id, run=run
        )

    # What is to be done ---------------------------------------------------------------------------

    def _begin(self, snapshot_id: str) -> None:
        """Freeze what is there before the first write, plan, and ask the guards."""
        ledger = ledgers.of(self.run.playlist_id)
        self._hint = snapshot_id
        known = ledger.version if ledger and ledger.snapshot_id else None
        if known is not None and ledger and ledger.snapshot_id == snapshot_id:
            items = known.items
            seen = ledgers.view(self.run, items, ledger)
            plan = self._plan(known.uris, seen.aim.goal)
            # The hint may be half a minute old: it is good enough where nothing is taken or moved.
            if all(isinstance(edit, Add) for edit in plan.edits):
                self._set_out(items, known, seen, plan, ledger)
                return
        items = self._read()
        self._heed_last_run([item.uri for item in items])
        self._reader.confirm(self._target, self._look_while_reading)
        before = self._freeze(items, Version.Cause.BEFORE, snapshot_id)
        seen = ledgers.view(self.run, items, ledger)
        plan = self._plan(before.uris, seen.aim.goal)
        self._set_out(items, before, seen, plan, ledger)

    def _heed_last_run(self, uris: list[str]) -> None:
        """Put the run off while the list that was read may be older than the last run's write."""
        last = Run.objects.that_wrote_lately(self.run).select_related("after").first()
        if last is not None and (last.unknown_since is not None or uris != as_left(last)):
            self._read_again_soon(last.unknown_since or last.last_write_at)

    def _set_out(
        self,
        items: Sequence[Item],
        before: Version,
        seen: View,
        plan: Plan,
        ledger: Ledger | None,
    ) -> None:
        run = self.run
        run.keep(
            before=self._first(before),
            total=len(seen.aim.ours)
            if run.target
            else len(run.wanted) - len(seen.aim.left_out) - len(seen.aim.missing),
            report={**run.report, **courses.told(seen, plan, now=before.uris)},
        )
        again = ledger is not None and ledger.undone > 0 and seen.undone is not None
        undone = max(1, seen.undone.count) if again and seen.undone is not None else 0
        self._ask_guards(items, seen.aim.goal, plan, undone=undone)
        self._now = list(before.uris)
        with transaction.atomic():
            self._keep_plan(plan, goal=seen.aim.goal)
            ledgers.begin(run, seen, ledger, now=items)

    def _first(self, newest: Version) -> Version:
        """Return the list before the run's first write: the newest one while there was none."""
        run = self.run
        has_written = run.last_write_at is not None or run.unknown_since is not None
        return run.before if has_written and run.before is not None else newest

    def _keep_plan(self, plan: Plan, *, goal: Sequence[str]) -> None:
        """Store the plan from the list as it is now; to the whole goal, or to a part of it."""
        run = self.run
        edits = [as_list(edit) for edit in plan.edits]
        run.keep(
            is_planned=True,
            base=self._now,
            goal=list(goal),
            edits=edits,
            cursor=0,
            report={**run.report, "outline": outline.of(self._now, plan.edits)},
            refusals=0,
            snapshot_id="",
            unknown_since=None,
            seen_at=clock.now(),
            done=self._done(edits),
            calls_used=self.calls,
        )

    def _plan(self, base: Sequence[str], goal: Sequence[str]) -> Plan:
        items = self._read_items
        known = items if items and [item.uri for item in items] == list(base) else None
        try:
            return courses.plan_for(self.run, base, goal, now=known)
        except planner.Unreachable:
            self._fail("too_many_copies", outcomes.TOO_MANY_COPIES)

    def _ask_guards(
        self, now: Sequence[Item], goal: Sequence[str], plan: Plan, *, undone: int = 0
    ) -> None:
        """Hold the run where it would do what nobody has approved."""
        run = self.run
        prospect = guards.Prospect(now, goal, plan, partial=run.partial, undone=undone)
        tripped = guards.tripped(prospect, guards.limits_of(run)) if plan.edits else {}
        standing = guards.standing(tripped, run.approved)
        if standing:
            self._hold(tripped, standing, now=now, goal=goal)

    def _hold(
        self,
        tripped: dict[str, int],
        standing: dict[str, int],
        *,
        now: Sequence[Item],
        goal: Sequence[str],
    ) -> NoReturn:
        run = self.run
        would = asdict(versions.difference([item.uri for item in now], goal))
        report = {**run.report, "tripped": tripped, "would": would}
        run.keep(calls_used=self.calls, report=report)
        sentence = " ".join(guards.sentences(standing, guards.limits_of(run)))
        news.end(run, State.HELD, code=next(iter(standing)), sentence=sentence)
        raise _Over

    def _changed_elsewhere(self, items: list[Item], snapshot_id: str) -> None:
        """Freeze what somebody else made of the list, and plan anew from there.

        What people did by hand is kept. Where our own change was undone, it is made once more; the
        second time the run is held.
        """
        run = self.run
        self._read_again_soon(run.last_write_at)
        self._reader.confirm(self._target, self._look_while_reading)
        version = self._freeze(items, Version.Cause.ELSEWHERE, snapshot_id)
        now = version.uris
        expected = self._likeliest(now)
        hand = aims.changes(expected, now)
        undone = self._undone(expected, now)
        has_landed = expected is not self._now
        run.keep(
            before=self._first(version),
            last_write_at=run.unknown_since if has_landed else run.last_write_at,
            changes=run.changes + 1,
            quarrels=run.quarrels + (undone is not None),
            after=version,
            attempts=0,
            doubt="",  # what was refused was meant for another list
        )
        if undone is not None:
            hand = aims.Changes(hand.added - undone.added, hand.removed - undone.removed)
        keeps = run.by_hand == Run.ByHand.KEEP or run.mode != Run.Mode.REPLACE
        if run.mode != Run.Mode.APPEND:
            hand = aims.unforeseen(hand, run.goal, now)
        goal = aims.regained(run.goal, items, hand) if keeps else self._overwriting(items)
        self._now = now
        plan = self._plan(now, self._within(goal))
        with transaction.atomic():
            self._keep_plan(plan, goal=goal)
            if keeps:
                ledgers.changed(run, hand)
        if run.changes > MOST_CHANGES or run.quarrels >= MOST_QUARRELS:
            number = max(1, undone.count if undone else hand.count)
            quarrel = {guards.QUARREL: number}
            self._hold(quarrel, quarrel, now=items, goal=goal)
        self._ask_guards(items, goal, plan)

    def _likeliest(self, now: Sequence[str]) -> list[str]:
        """Return what the list was before somebody changed it, where a lost call may have landed.

        Spotify adds or removes all of a call's items or none; so the nearer list is the right one.
        """
        edit = self._next_edit() if self.run.unknown_since is not None else None
        if edit is None:
            return self._now
        following = apply(edit, self._now)
        return min((self._now, following), key=lambda uris: aims.changes(uris, now).count)

    def _undone(self, expected: Sequence[str], now: Sequence[str]) -> aims.Changes | None:
        before = self.run.before
        undone = aims.undoing(before.uris, expected, now) if before is not None else None
        is_choice = undone is not None and undone.count < aims.FEWEST_UNDONE
        return None if is_choice and self.run.by_hand == Run.ByHand.KEEP else undone

    def _overwriting(self, items: Sequence[Item]) -> list[str]:
        return ledgers.view(self.run, items, None).aim.goal

    def _read_again_soon(self, wrote: datetime | None) -> None:
        """Put the run off while the list that was read may be older than our last write."""
        if _may_be_unseen(wrote):
            self._reader.forget(self._target)
            self._look_again_soon(wrote)

    def _look_again_soon(self, wrote: datetime | None) -> None:
        """Put the run off while what Spotify shows may be older than our last write."""
        now = clock.now()
        if wrote is None or not _may_be_unseen(wrote):
            return
        until = now + max(_FIRST_LOOK, now - wrote)
        when = outcomes.when(until, now=now)
        sentence = f"Spotify does not show the last change yet; we look again {when}."
        self.run.keep(seen_at=None)
        self.run.wait(until=until, code="settling", sentence=sentence)
        raise _Waits

    def _wait_to_confirm(self, until: datetime) -> NoReturn:
        """Put the run off until Spotify must show whether a list changed while it was read."""
        self._keep()
        when = outcomes.when(until, now=clock.now())
        sentence = f"A list may have changed while it was read; we look again {when}."
        self.run.wait(until=until, code="changing", sentence=sentence)
        raise _Waits

    def _done(self, edits: Sequence[list[object]], cursor: int = 0) -> int:
        """Return how many of the wanted items are in place: those that no later call touches."""
        coming = sum(_touched(from_list(edit)) for edit in edits[cursor:])
        return max(0, self.run.total - coming)

    def _fail(self, code: str, sentence: str) -> NoReturn:
        self.run.keep(calls_used=self.calls)
        news.end(self.run, State.FAILED, code=code, sentence=sentence)
        raise _Over

    # Writing --------------------------------------------------------------------------------------

    def _write(self, edit: Edit) -> None:
        playlist_id = self.run.playlist_id
        match edit:
            case Remove(uris):
                snapshot_id = self._call(lambda: self.spotify.remove(playlist_id, uris))
            case Add(position, uris):
                snapshot_id = self._call(
                    lambda: self.spotify.add(playlist_id, uris, position=position)
                )
            case Replace(uris):
                snapshot_id = self._call(lambda: self.spotify.replace(playlist_id, uris))
            case Move(start, length, before):
                snapshot_id = self._call(
                    lambda: self.spotify.reorder(
                        playlist_id, start=start, length=length, before=before
                    )
                )
        self._edit_done(edit, snapshot_id=snapshot_id)

    def _call(self, call: Callable[[], T]) -> T:
        """Say in the row that a call is coming, and make it; one that surely failed is unsaid."""
        run = self.run
        run.refresh_from_db(fields=["cancel_asked"])
        self._heed_cancelling()
        run.keep(unknown_since=clock.now(), calls_used=self.calls)
        self._read_items = self._shown = None
        self._reader.forget(self._target)
        self.is_writing = True
        try:
            answer = call()
        except SpotifyError as exc:
            if not exc.maybe_applied:
                # A refusal may mean that the list is not what we think: read it, trust no hint.
                refused = not isinstance(exc, TimeMustPass)
                hints = {"snapshot_id": "", "seen_at": None} if refused else {}
                run.keep(unknown_since=None, **hints)
            raise
        except (AccountError, Paused):
            run.keep(unknown_since=None)
            raise
        self.is_writing = False
        return answer

    def _edit_done(self, edit: Edit, *, snapshot_id: str) -> None:
        run = self.run
        self._now = apply(edit, self._now)
        now = clock.now()
        run.keep(
            unknown_since=None,
            cursor=run.cursor + 1,
            refusals=0,
            # What was refused before this worked says nothing of a later outage.
            refused_since=run.refused_since if run.halving else None,
            snapshot_id=snapshot_id,
            last_write_at=now,
            seen_at=now,
            done=self._done(run.edits, run.cursor + 1),
            calls_used=self.calls,
            attempts=0,
            doubt="",
            code="",
            sentence="",
        )

    # What Spotify does not take -------------------------------------------------------------------

    def _edit_refused(self, edit: Edit) -> None:
        """Count a call that did not happen; halve one that never does, until the cause is alone."""
        run = self.run
        run.keep(refusals=run.refusals + 1, refused_since=run.refused_since or clock.now())
        worked, since = run.last_write_at, run.refused_since
        found = self._halving.after_refusal(
            edit,
            refusals=run.refusals,
            others_work=bool(worked and since and worked > since),
        )
        if found is not None:
            self._go_on_with(found)

    def _go_on_with(self, found: Halving) -> None:
        """Plan anew, to the goal without what is set aside or dead."""
        run = self.run
        self._halving = found
        plan = self._plan(self._now, self._within(run.goal))
        with transaction.atomic():
            run.keep(halving=found.as_json(), attempts=0)
            self._keep_plan(plan, goal=run.goal)

    def _within(self, goal: Sequence[str]) -> list[str]:
        left = self._halving.left - set(self._now)  # what is there already may stay
        return [uri for uri in goal if uri not in left]

    # The beginning and the end --------------------------------------------------------------------

    def _make_playlist(self) -> None:
        """Make the playlist; where an earlier answer was lost, look for what it made first."""
        run = self.run
        if run.kind == Run.Kind.RECIPE and run.recipe_id is None:
            self._fail("recipe_gone", outcomes.RECIPE_GONE)
        found = making.bound(run) or (self._find_made() if run.may_have_made else "")
        if not found:
            run.keep(unknown_since=None)
            found = self._call(lambda: self.spotify.create(run.name, description=run.mark)).id
        try:
            making.take(run, found, calls=self.calls)
        except TargetTaken:
            self._fail("target_taken", outcomes.TARGET_TAKEN)
        except making.TargetBusy:
            until = clock.now() + _BUSY_WAIT
            run.wait(until=until, code="target_busy", sentence=outcomes.TARGET_BUSY)
            raise _Waits from None
        library.forget(run.account)

    def _find_made(self) -> str:
        person = self.connection.person()
        return making.made_before(self.run, self._kept(self.spotify.my_playlists()), person=person)

    def _kept(self, entries: Iterable[T]) -> Iterator[T]:
        """Yield them, and hold the run on meanwhile: a long list takes many calls."""
        for count, entry in enumerate(entries):
            if count % PAGE == 0:
                self.run.keep(calls_used=self.calls)
            yield entry

    def _verify(self) -> None:
        """End only when the whole list was read after the last write and is what is wanted."""
        run = self.run
        goal = self._within(run.goal)
        has_written = run.last_write_at is not None
        if not (run.edits or has_written) and run.before is not None and run.before.uris == goal:
            self._end_done(run.before)  # it was so before: read, or known by its snapshot
        items = self._read() if self._read_items is None else self._read_items
        if [item.uri for item in items] != goal:
            self._changed_elsewhere(items, "")
            raise _SliceOver
        self._end_done(self._freeze(items, Version.Cause.AFTER, run.snapshot_id))

    def _describe(self) -> None:
        """Give the playlist the name and description that its recipe asks for, if any."""
        target, playlist_id = self.run.target, self.run.playlist_id
        asked = {name: target[name] for name in ("name", "description") if name in target}
        if not asked:
            return
        playlist = self.spotify.playlist(playlist_id)
        # Spotify gives both back with & and < written as HTML.
        new = {
            name: text for name, text in asked.items() if unescape(getattr(playlist, name)) != text
        }
        if new:  # safe to repeat, so no intent is written ahead
            self.spotify.change_details(playlist_id, **new)
            library.forget(self.run.account)

    def _end_done(self, after: Version) -> NoReturn:
        run = self.run
        self._describe()
        library.forget(run.account)
        before = run.before or after
        became = versions.difference(before.uris, after.uris)
        snapshot_id = run.snapshot_id or self._hint
        missing = len(run.goal) - len(self._within(run.goal))
        report = {**run.report, **asdict(became), "dead": self._halving.dead}
        with transaction.atomic():
            run.keep(
                after=after,
                done=run.total - missing,
                calls_used=self.calls,
                report=report,
                base=[],
                edits=[],
                goal=[],
                context=[],
                cursor=0,
            )
            ledgers.settle(run, after, snapshot_id=snapshot_id)
            run.end(State.DONE, sentence=outcomes.not_taken(self._halving.dead))
        raise _Over


def _may_be_unseen(wrote: datetime | None) -> bool:
    """Say whether Spotify may still show a list as it was before a write of that moment."""
    return wrote is not None and wrote + timedelta(seconds=settings.SETTLE_SECONDS) > clock.now()


def as_left(run: Run) -> list[str]:
    """Return the list as the run has left it, by its own books."""
    if run.state == State.DONE:
        return run.after.uris if run.after is not None else []
    uris = list(run.base)
    for edit in islice(run.edits, run.cursor):
        uris = apply(from_list(edit), uris)
    return uris


def _touched(edit: Edit) -> int:
    match edit:
        case Remove():
            return 0
        case Move(_, length, _):
            return length
        case Add(_, uris) | Replace(uris):
            return len(uris)
