"""The searches for a list from elsewhere: one for each unknown line, in slices that end anywhere.

What a search found is stored before the next one is made, so whoever goes on after a kill or a
pause begins with the first line that has no answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.errors import AccountError
from accounts.models import Credential
from playlists import matching as judging
from playlists import matchings, outcomes, versions
from playlists.budget import Paused
from playlists.connection import Connection
from playlists.models import LeaseLost, Matching, MatchLine
from playlists.push import Connect, Pace
from playlists.spotify import Item, errors
from playlists.spotify.errors import SpotifyError
from spotsite import clock

SLICE_SECONDS = 20.0

State = Matching.State


def work_on(matching: Matching, connect: Connect = Connection) -> Pace:
    """Search for lines of a claimed list, for one slice at most."""
    try:
        return _work(matching, connect)
    except LeaseLost:
        return Pace.NEVER


def _work(matching: Matching, connect: Connect) -> Pace:
    if matching.attempts > outcomes.MOST_ATTEMPTS:
        matching.end(State.FAILED, code="gave_up", sentence=outcomes.GAVE_UP)
        return Pace.NEVER
    credential = Credential.objects.filter(account=matching.account_id).first()
    if credential is None or not credential.is_usable:
        code, sentence = outcomes.NEEDS_RECONNECT
        matching.end(State.FAILED, code=code, sentence=sentence)
        return Pace.NEVER
    try:
        is_over = _search(matching, connect(credential))
    except (SpotifyError, AccountError, Paused) as exc:
        return _put_off(matching, exc)
    if not is_over:
        matching.release()
        return Pace.NOW
    matching.end(State.DONE)
    return Pace.NEVER


def _search(matching: Matching, connection: Connection) -> bool:
    """Search until the slice is over; say whether all lines have an answer."""
    ends = time.monotonic() + SLICE_SECONDS
    waiting = matching.lines.filter(state=MatchLine.State.WAITING)
    while (line := waiting.order_by("position").first()) is not None:
        if uri := matchings.remembered(matching.user_id, line.key):
            _recall(matching, waiting.filter(key=line.key), uri)
            continue
        before = connection.calls
        found = _found(connection, line.query)
        used = matching.calls_used + connection.calls - before
        equals = waiting.filter(Q(query=line.query) | Q(key=line.key))
        _answer(matching, list(equals), found, calls_used=used)
        if time.monotonic() > ends:
            return False
    return True


def _recall(matching: Matching, equals: QuerySet[MatchLine], uri: str) -> None:
    """Take what the person has chosen since the list was brought, in another list perhaps."""
    with transaction.atomic():
        count = equals.update(
            state=MatchLine.State.MATCHED, uri=uri, how=MatchLine.How.REMEMBERED, confidence=1.0
        )
        matching.keep(done=matching.done + count)


def _found(connection: Connection, query: str) -> list[Item]:
    try:
        return connection.client.search_tracks(query, most=judging.MOST_CANDIDATES)
    except (errors.Refused, errors.NotFound):
        # Spotify does not take every query that it should; one line must not stop the others.
        return []


def _answer(
    matching: Matching, rows: Sequence[MatchLine], found: Sequence[Item], *, calls_used: int
) -> None:
    """Store what one search found for all lines that asked for it."""
    for row in rows:
        matchings.settle(row, judging.judge(matchings.line_of(row), found))
    taken = {row.uri for row in rows} - {""}
    with transaction.atomic():
        matching.keep(
            done=matching.done + len(rows), calls_used=calls_used, attempts=0, code="", sentence=""
        )
        MatchLine.objects.bulk_update(rows, matchings.SETTLED)
        versions.remember([item for item in found if item.uri in taken])


def _put_off(matching: Matching, trouble: outcomes.Trouble) -> Pace:
    outcome = outcomes.of(
        trouble, attempts=matching.attempts, now=clock.now(), unknown=False, reading=True
    )
    if outcome.until is None:
        matching.end(State.FAILED, code=outcome.code, sentence=outcome.sentence)
        return Pace.NEVER
    matching.wait(
        until=outcome.until,
        code=outcome.code,
        sentence=outcome.sentence,
        attempts=matching.attempts + outcome.counts,
    )
    return Pace.LATER
