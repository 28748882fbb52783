"""Which items of a playlist are ours: what was added to it by hand stays, what was taken out too.

Before a run writes, the ledger says what is coming. So whatever becomes of the run, what it has
brought is never taken for somebody's own later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from playlists import aims
from playlists.aims import Aim, Changes
from playlists.models import Ledger, Run, Version
from playlists.recipes import targets
from playlists.spotify import Item
from spotsite import clock

_NOTHING: Counter[str] = Counter()


@dataclass(frozen=True, slots=True)
class View:
    """What the ledger makes of a list: the aim, and what something else undid."""

    aim: Aim
    taken_out: list[str]
    undone: Changes | None = None


def of(playlist_id: str) -> Ledger | None:
    return Ledger.objects.select_related("last_run", "version").filter(pk=playlist_id).first()


def still_out(playlist_id: str, uris: Sequence[str]) -> list[str]:
    """Return which of ``uris`` are still out of the playlist because somebody took them out."""
    ledger = of(playlist_id)
    out = Counter(_taken_out(ledger))
    return list((Counter(uris) & out).elements())


def view(run: Run, now: Sequence[Item], ledger: Ledger | None) -> View:
    """Return what the run aims at, given the list as it is ``now``."""
    if run.mode == Run.Mode.APPEND:
        return View(aims.appending(run.wanted, now), _taken_out(ledger))
    if run.mode == Run.Mode.INSERT:
        still_out = Counter(_taken_out(ledger)) - Counter(run.wanted)
        return View(aims.inserting(run.wanted, now, run.context), list(still_out.elements()))
    undone = _undone(ledger, now) if ledger is not None else None
    if run.by_hand == Run.ByHand.OVERWRITE or (ledger is None and _takes_over(run)):
        return View(_aim(run, now, ours=None), [], undone)
    if ledger is None:
        return View(_aim(run, now, ours=Counter()), [])
    if undone is not None and undone.count < aims.FEWEST_UNDONE:
        undone = None
    ours = Counter(ledger.ours) | Counter(ledger.coming or ())
    taken_out = Counter(ledger.taken_out) + _missing(ledger, now) - Counter(run.put_back)
    if undone is not None:
        ours += undone.added
        taken_out -= undone.removed
    # What somebody has put in again is not out any more.
    taken_out -= Counter(item.uri for item in now) - ours
    aim = _aim(run, now, ours=ours, taken_out=taken_out)
    return View(aim, sorted(taken_out.elements()), undone)


def begin(run: Run, seen: View, ledger: Ledger | None, *, now: Sequence[Item]) -> None:
    """Write down what is coming to the list as it is ``now``, before the first write."""
    if run.mode != Run.Mode.REPLACE:
        if ledger is None:
            return  # what was there stays somebody's own, and nobody manages it yet
        ours = Counter(ledger.ours) | Counter(ledger.coming or ())  # of a run that did not end well
        coming = [*ours.elements(), *_managed(run, seen, ledger)]
    else:
        coming = seen.aim.ours
        if ledger is None:
            ledger = Ledger(playlist_id=run.playlist_id, account=run.account)
            there = now if _takes_over(run) else ()
            ledger.ours = [item.uri for item in there if item.can_be_written]
    ledger.account = run.account
    ledger.coming = coming
    ledger.taken_out = seen.taken_out
    ledger.snapshot_id = ""
    ledger.undone = ledger.undone + 1 if seen.undone else 0
    ledger.save()


def changed(run: Run, hand: Changes) -> None:
    """Write down what somebody did to the list while the run was on its way."""
    ledger = of(run.playlist_id)
    if ledger is None or ledger.coming is None:
        return
    coming = Counter(ledger.coming)
    out = coming & hand.removed
    ledger.coming = list((coming - out).elements())
    ledger.taken_out = [*ledger.taken_out, *out.elements()]
    ledger.save(update_fields=["coming", "taken_out"])


def settle(run: Run, version: Version, *, snapshot_id: str) -> None:
    """Write down that what was coming is there, as ``version`` shows."""
    ledger = of(run.playlist_id)
    if ledger is None:
        return
    there = Counter(version.uris)
    if ledger.coming is not None:
        ledger.ours = list((Counter(ledger.coming) & there).elements())
    ledger.coming = None
    ledger.last_run = run
    ledger.version = version
    ledger.snapshot_id = snapshot_id
    ledger.save()


def _takes_over(run: Run) -> bool:
    """Say whether what is in the playlist when it is first managed is ours from then on."""
    return not run.target or run.target["mode"]["kind"] in {"mirror", "replace"}


def _aim(
    run: Run, now: Sequence[Item], *, ours: Counter[str] | None, taken_out: Counter[str] = _NOTHING
) -> Aim:
    """Aim at what the run wants, by the mode of its recipe if it has one."""
    wanted, on_top = run.wanted, 0
    if run.target:
        target = targets.read(run.target)
        found = targets.wanted(target, run.wanted, now, ours=ours, at=clock.now())
        wanted, on_top = found.uris, found.on_top
    return aims.replacing(wanted, now, ours=ours, taken_out=taken_out, on_top=on_top)


def _managed(run: Run, seen: View, ledger: Ledger) -> list[str]:
    """Return which of what is inserted is ours: what was ours before somebody took it out."""
    if run.mode == Run.Mode.APPEND:
        return seen.aim.ours
    return list((Counter(seen.aim.ours) & Counter(ledger.taken_out)).elements())


def _taken_out(ledger: Ledger | None) -> list[str]:
    return list(ledger.taken_out) if ledger is not None else []


def _missing(ledger: Ledger, now: Sequence[Item]) -> Counter[str]:
    """Count what is ours and gone; nobody can tell where a run has not ended well."""
    if ledger.coming is not None:
        return Counter()
    return Counter(ledger.ours) - Counter(item.uri for item in now)


def _undone(ledger: Ledger, now: Sequence[Item]) -> Changes | None:
    """Return what of the last run's change something else undid since."""
    last, end = ledger.last_run, ledger.version
    if last is None or last.before is None or end is None or ledger.coming is not None:
        return None
    return aims.undoing(last.before.uris, end.uris, [item.uri for item in now])
