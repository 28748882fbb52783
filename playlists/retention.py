"""Let go of what nothing keeps: old versions, lists, and titles that no version names any more.

A version that stays names its tracks as needed once in a while. So a track that nobody named for
longer than that is in no version, and nothing has to look through versions to find out.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from playlists import stored_lists, versions
from playlists.models import Ledger, Recipe, Run, Version, VersionQuerySet
from spotsite import clock
from spotsite.clock import Now

VOUCH_AGAIN = timedelta(days=30)
# A freeze may be under way, whose tracks were named as long ago as it lets them be.
_MARGIN = versions.FRESH + timedelta(days=1)
_VERSIONS_AT_ONCE = 200
_ASKED_AT_ONCE = 50  # 75 ms each where they hold 10,000 items
_TRACKS_AT_ONCE = 5_000
# What was named meanwhile is locked or younger, and stays.
_DROP_TRACKS = """
DELETE FROM playlists_track WHERE uri IN (
    SELECT uri FROM playlists_track
    WHERE vouched_at < LEAST(
        spotsite_now(), (SELECT min(vouched_at) FROM playlists_version)
    ) - make_interval(secs => %s)
    ORDER BY vouched_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def tidy(*, seconds: float) -> bool:
    """Work for about so many seconds; True where there is more to do."""
    ends = time.monotonic() + seconds
    for step in (drop_versions, vouch_again, drop_tracks, stored_lists.drop_idle):
        while step():
            if time.monotonic() > ends:
                return True
    return False


def droppable() -> VersionQuerySet:
    """Those that nothing keeps: too old, not among the last ones, not pinned, not in use."""
    newer = Version.objects.filter(
        account=OuterRef("account"), playlist_id=OuterRef("playlist_id"), pk__gt=OuterRef("pk")
    )
    most = settings.VERSION_COUNT
    return Version.objects.filter(
        Exists(newer[most - 1 : most]),
        ~Exists(Run.objects.unfinished().filter(Q(before=OuterRef("pk")))),
        ~Exists(Run.objects.unfinished().filter(Q(after=OuterRef("pk")))),
        ~Exists(Recipe.objects.filter(versions=OuterRef("pk"))),
        ~Exists(Ledger.objects.filter(version=OuterRef("pk"))),
        ~Exists(Ledger.objects.filter(last_run__before=OuterRef("pk"))),
        is_surpassed=True,
        is_pinned=False,
        taken_at__lt=Now() - timedelta(days=settings.VERSION_DAYS),
    )


def drop_versions(*, most: int = _VERSIONS_AT_ONCE) -> int:
    """Delete versions that nothing keeps, the oldest first; return how many."""
    with transaction.atomic():
        # Locked, so that none is pinned at the same moment.
        rows = droppable().select_for_update(skip_locked=True, of=("self",))
        old = list(rows.order_by("taken_at").values_list("pk", flat=True)[:most])
        Version.objects.filter(pk__in=old).only("pk").delete()
    return len(old)


def vouch_again(*, most: int = _ASKED_AT_ONCE) -> int:
    """Have versions name their tracks that have not done so for long; return how many."""
    now = clock.now()
    silent = Version.objects.filter(vouched_at__lt=Now() - VOUCH_AGAIN).order_by("vouched_at")
    pks = list(silent.values_list("pk", flat=True)[:most])
    for version in Version.objects.filter(pk__in=pks).iterator(chunk_size=10):
        versions.vouch(version.uris)
        Version.objects.filter(pk=version.pk).update(vouched_at=now)
    return len(pks)


def drop_tracks(*, most: int = _TRACKS_AT_ONCE) -> int:
    """Delete what is known of tracks that nothing has named for long; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_TRACKS, [_MARGIN.total_seconds(), most])
        return int(cursor.rowcount)
