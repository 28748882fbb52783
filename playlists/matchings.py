"""A list from elsewhere: its lines, what is known of them at once, and what a person chooses."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from django.db import transaction

from accounts.models import Credential, User
from playlists import matching as judging
from playlists import stored_lists, versions
from playlists.connection import Connection
from playlists.formats import Line, Reading
from playlists.lists import TrackList, Unmatched
from playlists.matching import Match, Verdict
from playlists.models import Choice, Matching, MatchLine, StoredList
from playlists.spotify import Item, queries
from spotsite import clock

NONE, SKIP = "none", "skip"  # what can be chosen besides a track
_BATCH = 1_000
_KEPT = ("uri", "title", "artists", "album", "duration_ms", "isrc", "released", "explicit")
_NAMES = {one.name for one in fields(Line)} - {"number", "text"}
_REASONS = {
    MatchLine.State.WAITING: "not searched for yet",
    MatchLine.State.AMBIGUOUS: "nobody has chosen which track it is",
    MatchLine.State.MISSING: "not found at Spotify",
    MatchLine.State.SKIPPED: "left out",
}

State, How = MatchLine.State, MatchLine.How


class NotFoundHere(Exception):
    """What was chosen is no candidate of this line."""


def bring(user: User, credential: Credential, reading: Reading, *, name: str) -> Matching:
    """Store a list; lines with a link, and those that were chosen before, need no search."""
    keys = [_key(line) for line in reading.lines]
    known = _remembered(user, keys)
    with transaction.atomic():
        matching = Matching.objects.create(
            user=user,
            account=credential.account,
            name=name,
            format=reading.format,
            unread=[[one.number, one.text, one.reason] for one in reading.unmatched],
            total=len(reading.lines),
            nudged_at=clock.now(),
        )
        rows = [
            _row(matching, position, line, key, known)
            for position, (line, key) in enumerate(zip(reading.lines, keys, strict=True))
        ]
        MatchLine.objects.bulk_create(rows, batch_size=_BATCH)
        matching.done = sum(row.state != State.WAITING for row in rows)
        if matching.done == matching.total:
            matching.state, matching.ended_at = Matching.State.DONE, clock.now()
        matching.save(update_fields=["done", "state", "ended_at"])
    return matching


def counts(matching: Matching) -> dict[str, int]:
    """Return how many lines are in each state."""
    found = Counter(matching.lines.values_list("state", flat=True))
    return {state: found[state] for state in State.values}


def line_of(row: MatchLine) -> Line:
    """Return what the row's line says, as it was read."""
    return Line(row.number, row.text, **row.facts)


def settle(row: MatchLine, verdict: Verdict) -> None:
    """Put into the row what a search found; the caller stores it."""
    best = verdict.matches[0].confidence if verdict.matches else 0.0
    row.state = State(verdict.state.value)
    row.uri = verdict.uri
    row.how = How.SEARCH
    row.confidence = best
    row.candidates = [_candidate(match) for match in verdict.matches]
    row.can_search_by_text = verdict.can_search_by_text


SETTLED = ("state", "uri", "how", "confidence", "candidates", "can_search_by_text")


def choose(row: MatchLine, choice: str) -> None:
    """Take a person's word for a line and its equals, and remember it.

    Raise ``NotFoundHere`` where the track is none of the line's candidates.
    """
    user = row.matching.user_id
    remembered = Choice.objects.filter(user=user, key=row.key)
    equals = MatchLine.objects.filter(matching=row.matching_id, key=row.key)
    equals = equals.exclude(state=State.WAITING).exclude(how=How.LINK)
    with transaction.atomic():
        if choice in {NONE, SKIP}:
            remembered.delete()
            state = State.MISSING if choice == NONE else State.SKIPPED
            equals.update(state=state, uri="", how=How.PERSON)
            return
        versions.remember([_item(row, choice)])
        Choice.objects.update_or_create(
            user_id=user,
            key=row.key,
            defaults={"words": row.text, "uri": choice, "chosen_at": clock.now()},
        )
        equals.update(state=State.MATCHED, uri=choice, how=How.PERSON, confidence=1.0)


def search(row: MatchLine, words: str, connection: Connection) -> int:
    """Search for a line by a person's own words, or by those of the line; return what was found.

    Nothing is taken without a choice: the person looks at it now. Raise ``ValueError`` where there
    is nothing to search for.
    """
    line = line_of(row)
    query = queries.by_text(words) if words.strip() else judging.text_query(line)
    found = connection.client.search_tracks(query, most=judging.MOST_CANDIDATES)
    matches = judging.rank(line, found)[: judging.MOST_CANDIDATES]
    row.candidates = [_candidate(match) for match in matches]
    row.confidence = matches[0].confidence if matches else 0.0
    row.state = State.AMBIGUOUS if matches else State.MISSING
    row.uri, row.how, row.can_search_by_text = "", "", False
    row.save(update_fields=SETTLED)
    return len(matches)


def remembered(user_id: int, key: str) -> str:
    """Return the track that a person has chosen for a line, empty where there is none."""
    return Choice.objects.filter(user=user_id, key=key).values_list("uri", flat=True).first() or ""


def tracks(matching: Matching) -> TrackList:
    """Return the list as far as it is known now, with a reason for each line that is not in it."""
    rows = matching.lines.order_by("position")
    uris, unmatched = [], [Unmatched(*one) for one in matching.unread]
    for number, text, state, uri in rows.values_list("number", "text", "state", "uri"):
        if state == State.MATCHED:
            uris.append(uri)
        else:
            unmatched.append(Unmatched(number, text, _REASONS[State(state)]))
    return TrackList(tuple(uris), tuple(sorted(unmatched, key=lambda one: one.number)))


def store(matching: Matching) -> StoredList:
    """Keep the list as it is now as a source of recipes; a second time changes the same one.

    Raise ``stored_lists.TooManyLists``.
    """
    uris = list(tracks(matching).uris)
    with transaction.atomic():
        if matching.stored is None:
            matching.stored = stored_lists.store(matching.user, uris, name=matching.name)
            matching.save(update_fields=["stored"])
        else:
            stored_lists.change(matching.stored, uris)
    return matching.stored


def _row(
    matching: Matching, position: int, line: Line, key: str, known: Mapping[str, str]
) -> MatchLine:
    row = MatchLine(
        matching=matching,
        position=position,
        number=line.number,
        text=line.text,
        facts={name: value for name, value in asdict(line).items() if name in _NAMES and value},
        key=key,
    )
    if not line.needs_search:
        row.state, row.uri, row.how, row.confidence = State.MATCHED, line.uri, How.LINK, 1.0
    elif key in known:
        row.state, row.uri, row.how, row.confidence = State.MATCHED, known[key], How.REMEMBERED, 1.0
    else:
        row.query = judging.query(line)
        row.state = State.WAITING if row.query else State.MISSING
    return row


def _key(line: Line) -> str:
    return hashlib.sha256(judging.remembered_as(line).encode("utf-8", "replace")).hexdigest()


def _remembered(user: User, keys: Iterable[str]) -> dict[str, str]:
    wanted = list(set(keys))
    rows = Choice.objects.filter(user=user, key__in=wanted)
    return dict(rows.values_list("key", "uri"))


def _candidate(match: Match) -> dict[str, Any]:
    facts = {name: value for name in _KEPT if (value := getattr(match.item, name))}
    return {**facts, "confidence": round(match.confidence, 3), "reasons": list(match.reasons)}


def _item(row: MatchLine, uri: str) -> Item:
    for candidate in row.candidates:
        if candidate["uri"] == uri:
            return Item(**{name: candidate[name] for name in _KEPT if name in candidate})
    raise NotFoundHere(uri)
