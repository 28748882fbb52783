"""Long lists, read in pieces: a slice that ends, is put off or dies costs no page twice.

Every page but that of a short list is a row, bound to the run, the list and the mark (a snapshot
id, say) under which it was read. The next slice goes on at the next page. Where the list has
changed meanwhile the reading begins anew, some times, not for ever.

Spotify's pages are not of one state of the list: what moves from a page that is still to come to
one that was read is in neither. So what is built on a reading is confirmed first, by the mark. As
Spotify may show an old snapshot id for half a minute, a reading that looks like a mixture of two
states is confirmed only after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn

from django.db import transaction

from playlists import packing, versions
from playlists.models import Reading, ReadPage, Run
from playlists.spotify import Item, SpotifyClient
from playlists.spotify.calls import PAGE
from playlists.spotify.errors import ChangedWhileRead
from spotsite import clock

MOST_STARTS = 6
# How long a list is taken to have its mark without looking: a look costs a call.
_TRUST = timedelta(seconds=60)
# How long Spotify may show an old snapshot id: 30.4 s were measured.
_LAG = timedelta(seconds=35)


class KeepsChanging(Exception):
    """The list changed each time before it was read to its end."""


class Entries(NamedTuple):
    """A page: its items, how many of the list's entries they are, and how many there are."""

    items: list[Item]
    entries: int
    total: int


class Whole(NamedTuple):
    """A list that was read to its end, and its mark before that began."""

    items: list[Item]
    mark: str


Pages = Callable[[int], Iterator[Entries]]  # from the entry with that number on
Look = Callable[[], str]  # returns the mark as it is now
Wait = Callable[[datetime], NoReturn]  # puts the run off until then, and raises


class Reader:
    """Reads lists for one slice of a run.

    ``keep`` holds the run on, together with each page that is stored; ``stop`` is called after it,
    and what it raises ends the slice. ``wait`` ends it until a list can be confirmed.
    """

    def __init__(
        self, run: Run, *, keep: Callable[[], None], stop: Callable[[], None], wait: Wait
    ) -> None:
        self._run = run
        self._keep = keep
        self._stop = stop
        self._wait = wait
        self._mixed: set[str] = set()  # lists that this slice has read to an end, as a mixture
        self.has_advanced = False  # whether this slice has stored a page

    def mark(self, key: str) -> str | None:
        """Return the mark of a list that is being read, None where somebody has to look first."""
        row = self._row(key)
        return row.mark if row is not None and _was_seen_lately(row) else None

    def read(
        self, key: str, pages: Pages, look: Look, *, seen: str | None = None, hint: str = ""
    ) -> Whole:
        """Read a list to its end, from where the run has come.

        ``seen`` is the mark that a look has just shown, ``hint`` the one that a look should show.
        Raise ``ChangedWhileRead`` where the list changed, ``KeepsChanging`` where it did so again
        and again.

        What was read may be a mixture of states, which is as good as one state only where it is as
        the caller expected (then what changed might as well have changed after the end). Whatever
        else is built on it is to be confirmed.
        """
        row = self._row(key)
        if row is None:
            if seen is None:
                seen = hint or look()
            return self._begin(Reading(run=self._run, key=key, mark=seen), pages)
        if seen is not None or not _was_seen_lately(row):
            self._compare(row, look() if seen is None else seen)
        return self._go_on(row, pages)

    def confirm(self, key: str, look: Look) -> None:
        """Return where a list that was read to its end is the same that it was before; else raise.

        ``look`` is called only where more than a page was read. Raise as ``read`` and ``wait`` do.
        """
        row = self._row(key)
        if row is None or not row.is_whole or _was_seen_lately(row):
            return
        mark = look()
        if mark == row.mark and key in self._mixed:
            self._wait(row.looked_at + _TRUST + _LAG)
        self._compare(row, mark)

    def forget(self, key: str) -> None:
        """Drop what was read: the list is about to change, or may have been shown too early."""
        Reading.objects.filter(run=self._run, key=key).delete()

    def _row(self, key: str) -> Reading | None:
        return Reading.objects.filter(run=self._run, key=key).first()

    def _begin(self, row: Reading, pages: Pages) -> Whole:
        row.looked_at = clock.now()
        read: list[list[Item]] = []
        for page in self._turn(row, pages):
            read.append(page.items)
            if row.offset or page.entries < page.total:  # a single page is read as fast as its row
                self._store(row, page)
        return self._whole(row, read)

    def _go_on(self, row: Reading, pages: Pages) -> Whole:
        stored = row.pages.order_by("start").values_list("packed", flat=True)
        read = [packing.unpack(packed) for packed in stored]
        if not row.is_whole:
            for page in self._turn(row, pages):
                read.append(page.items)
                self._store(row, page)
        return self._whole(row, read)

    def _whole(self, row: Reading, read: list[list[Item]]) -> Whole:
        if _is_mixture(read):
            self._mixed.add(row.key)
        return Whole([item for items in read for item in items], row.mark)

    def _turn(self, row: Reading, pages: Pages) -> Iterator[Entries]:
        """Yield the next pages; a list that is not the same any more is begun anew."""
        try:
            for page in pages(row.offset):
                if row.total not in {None, page.total}:
                    self._begin_anew(row)
                yield page
        except ChangedWhileRead:
            if row.offset:
                self._begin_anew(row)
            raise

    def _store(self, row: Reading, page: Entries) -> None:
        versions.remember(page.items)
        with transaction.atomic():
            self._keep()  # first: a worker that lost the run stores nothing
            start, row.offset, row.total = row.offset, row.offset + page.entries, page.total
            if row.is_whole:
                row.looked_at = clock.now() - _TRUST  # whoever builds on it looks first
            row.save(force_update=row.pk is not None)  # one that was dropped has lost its pages
            ReadPage.objects.create(reading=row, start=start, packed=packing.pack(page.items))
        self.has_advanced = True
        if not row.is_whole:
            self._stop()

    def _compare(self, row: Reading, mark: str) -> None:
        """Go on where the list has the mark under which it was read so far."""
        if row.offset and mark != row.mark:
            self._begin_anew(row)
        row.mark, row.looked_at = mark, clock.now()
        with transaction.atomic():
            self._keep()  # first: where the run was lost, its next holder may have dropped the row
            row.save(update_fields=["mark", "looked_at"])

    def _begin_anew(self, row: Reading) -> NoReturn:
        """Drop the pages; the next slice looks and begins, after a while."""
        if row.starts >= MOST_STARTS:
            raise KeepsChanging
        if row.pk is not None:
            with transaction.atomic():
                self._keep()
                row.pages.all().delete()
                row.looked_at -= _TRUST
                row.offset, row.total, row.starts = 0, None, row.starts + 1
                row.save()
        self.has_advanced = False
        raise ChangedWhileRead(200)


def _was_seen_lately(row: Reading) -> bool:
    return row.looked_at + _TRUST > clock.now()


def _is_mixture(pages: Sequence[Sequence[Item]]) -> bool:
    """Say whether an item stands in two pages, as one does that was moved or pushed on meanwhile.

    Copies that were added in the same second look like that, too.
    """
    first: dict[tuple[str, str], int] = {}
    return any(
        first.setdefault((item.uri, item.added_at), number) != number
        for number, items in enumerate(pages)
        for item in items
        if item.uri
    )


def of_playlist(client: SpotifyClient, playlist_id: str, start: int) -> Iterator[Entries]:
    for page in client.item_pages(playlist_id, start=start):
        yield Entries(page.items, PAGE, page.total)
