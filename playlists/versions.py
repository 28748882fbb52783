"""Freeze what a playlist holds, and say how two lists differ."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from playlists.models import Track, Version
from playlists.spotify import Item
from spotsite import clock

_FRESH = timedelta(days=7)  # a track's title is written again after that
_BATCH = 1_000


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
) -> Version:
    """Store the list as a version; where the newest version says the same, return that one."""
    rows = [_row(item) for item in items]
    digest = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
    with transaction.atomic():
        remember(items)
        newest = (
            Version.objects.filter(account=account, playlist_id=playlist_id)
            .order_by("-taken_at", "-pk")
            .first()
        )
        if newest is not None and newest.digest == digest:
            return newest
        return Version.objects.create(
            account=account,
            playlist_id=playlist_id,
            items=rows,
            length=len(rows),
            digest=digest,
            snapshot_id=snapshot_id,
            cause=cause,
        )


def items_of(version: Version) -> list[Item]:
    """Return the frozen items, without what only the track's own row knows."""
    return [Item(uri, added_at, bool(local)) for uri, added_at, *local in version.items]


def remember(items: Iterable[Item]) -> None:
    """Keep titles of what was read, so that no page ever needs a call to show a version."""
    seen = {item.uri: item for item in items if item.uri and item.title}
    fresh = Track.objects.filter(uri__in=list(seen), fetched_at__gt=clock.now() - _FRESH)
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
            fetched_at=now,
        )
        for _, item in sorted(seen.items())  # one order for all, or two workers lock each other
    ]
    Track.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["uri"],
        update_fields=["title", "artists", "album", "duration_ms", "isrc", "fetched_at"],
    )


def titled(uris: Sequence[str]) -> list[Track]:
    """Return what is known of each; a track that is not known any more has no title."""
    known = Track.objects.in_bulk(list(uris))
    return [known.get(uri) or Track(uri=uri) for uri in uris]


def difference(old: Sequence[str], new: Sequence[str]) -> Difference:
    before, after = Counter(old), Counter(new)
    kept = (before & after).total()
    return Difference(kept=kept, added=after.total() - kept, removed=before.total() - kept)


def _row(item: Item) -> list[str | int]:
    return [item.uri, item.added_at, 1] if item.is_local else [item.uri, item.added_at]
