"""Freeze what a playlist holds, and say how two lists differ."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Subquery

from playlists import packing
from playlists.models import Ledger, Recipe, Run, Track, Version
from playlists.spotify import Item
from spotsite import clock

FRESH = timedelta(days=7)  # a track's title, or that it is needed, is written again after that
_BATCH = 1_000
# One order for all, or two workers lock each other.
_VOUCH = """
WITH named AS (
    SELECT uri FROM playlists_track
    WHERE uri = ANY(%s) AND vouched_at < spotsite_now() - make_interval(secs => %s)
    ORDER BY uri FOR NO KEY UPDATE
)
UPDATE playlists_track SET vouched_at = spotsite_now() WHERE uri IN (SELECT uri FROM named)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """How many items of a list stay, come and go, copies counted one by one."""

    kept: int
    added: int
    removed: int


def freeze(
    account: SocialAccount,
    playlist_id: str,
    items: Sequence[Item],
    *,
    cause: Version.Cause,
    snapshot_id: str = "",
    run: Run | None = None,
) -> Version:
    """Store the list as a version; where the newest version says the same, return that one."""
    digest = _digest(items)
    with transaction.atomic():
        remember(items)
        vouch(_nameless(items, playlist_id))
        _take_turns(account.pk, playlist_id)
        newest = Version.objects.newest(account.pk, playlist_id)
        if newest is not None and newest.digest == digest:
            return newest
        version = Version.objects.create(
            account=account,
            playlist_id=playlist_id,
            packed=packing.pack(items),
            length=len(items),
            digest=digest,
            snapshot_id=snapshot_id,
            cause=cause,
            run=run,
        )
        _surpass(account.pk, playlist_id)
    return version


def name(recipe: Recipe, pks: Iterable[int]) -> None:
    """Write down which versions a recipe reads, so that they stay. Within a transaction."""
    mine = Version.objects.filter(account__user=recipe.user_id, pk__in=list(pks))
    # Locked, so that none is let go at the same moment.
    locked = mine.select_for_update(no_key=True, of=("self",)).order_by("pk")
    recipe.versions.set(locked.values_list("pk", flat=True))


def remember(items: Iterable[Item]) -> None:
    """Keep titles of what was read, so that no page ever needs a call to show a version."""
    seen = {item.uri: item for item in items if item.uri and item.title}
    titled = Track.objects.filter(uri__in=list(seen)).exclude(title="")
    fresh = titled.filter(fetched_at__gt=clock.now() - FRESH)
    for uri in fresh.values_list("uri", flat=True):
        del seen[uri]
    now = clock.now()
    rows = [
        Track(
            uri=item.uri,
            title=item.title,
            artists=item.artists,
            album=item.album,
            duration_ms=max(0, item.duration_ms),
            isrc=item.isrc[:32],
            artist_names=list(item.artist_names),
            explicit=item.explicit,
            released=item.released[:10],
            fetched_at=now,
            vouched_at=now,
        )
        for _, item in sorted(seen.items())  # one order for all, or two workers lock each other
    ]
    Track.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["uri"],
        update_fields=[
            *("title", "artists", "album", "duration_ms", "isrc"),
            *("artist_names", "explicit", "released"),
            *("fetched_at", "vouched_at"),
        ],
    )


def vouch(uris: Iterable[str]) -> None:
    """Have the rows of these tracks kept on: something that is kept names them."""
    wanted = sorted(set(uris) - {""})
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_VOUCH, [wanted, FRESH.total_seconds()])


def titled(uris: Sequence[str]) -> list[Track]:
    """Return what is known of each; a track that is not known any more has no title."""
    known = Track.objects.in_bulk(list(uris))
    return [known.get(uri) or Track(uri=uri) for uri in uris]


def difference(old: Sequence[str], new: Sequence[str]) -> Difference:
    before, after = Counter(old), Counter(new)
    kept = (before & after).total()
    return Difference(kept=kept, added=after.total() - kept, removed=before.total() - kept)


def _digest(items: Iterable[Item]) -> str:
    rows = [
        [item.uri, item.added_at, 1] if item.is_local else [item.uri, item.added_at]
        for item in items
    ]
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def _nameless(items: Iterable[Item], playlist_id: str) -> list[str]:
    """Return what is named without a title: by a list that was not read, and by the ledger."""
    taken_out = Ledger.objects.filter(pk=playlist_id).values_list("taken_out", flat=True)
    return [
        *(item.uri for item in items if not item.title),
        *(uri for uris in taken_out for uri in uris),
    ]


def _take_turns(account_id: int, playlist_id: str) -> None:
    """Let one at a time freeze a playlist, until the transaction ends: none sees half of it."""
    name = f"{account_id}/{playlist_id}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _surpass(account_id: int, playlist_id: str) -> None:
    """Mark those that are not among the last ones any more, so that nobody has to look for them."""
    mine = Version.objects.of(account_id, playlist_id)
    most = settings.VERSION_COUNT
    first = mine.values("pk")[most : most + 1]
    mine.filter(pk__lte=Subquery(first), is_surpassed=False).update(is_surpassed=True)
