"""Have a playlist be again what a version says, wholly or in part: by a run, like any change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from accounts.models import Credential, User
from playlists.diff import Place
from playlists.models import Run, Version


class NotConnected(Exception):
    """The linked account that the version was read by cannot be used now."""


class NothingChosen(Exception):
    """None of the items that were chosen can be put in."""


def whole(version: Version, user: User) -> Run:
    """Draft the run that makes the playlist what the version says, whatever was done since."""
    return _draft(
        version,
        user,
        mode=Run.Mode.REPLACE,
        by_hand=Run.ByHand.OVERWRITE,
        wanted=version.uris,
    )


def some(version: Version, user: User, positions: Iterable[int]) -> Run:
    """Draft the run that puts items back, each after the one that it followed."""
    items = version.items
    chosen = [items[at] for at in sorted(set(positions)) if 0 <= at < len(items)]
    wanted = [item.uri for item in chosen if item.can_be_written]
    if not wanted:
        raise NothingChosen
    return _draft(
        version,
        user,
        mode=Run.Mode.INSERT,
        wanted=wanted,
        context=version.uris,
    )


def missing(version: Version, now: Version) -> list[Place]:
    """Return what the version has and ``now`` lacks, the last copies of an item."""
    left = Counter(version.uris) - Counter(now.uris)
    places = []
    for at in range(version.length - 1, -1, -1):
        item = version.items[at]
        if left[item.uri] > 0:
            left[item.uri] -= 1
            places.append(Place(at, item))
    return places[::-1]


def lost(places: Iterable[Place]) -> int:
    """Count the items that no call can put in: local files, and what was not available."""
    return sum(not place.item.can_be_written for place in places)


def name_of(user: User, playlist_id: str) -> str:
    """Return what the playlist was called when it was last changed, else its id."""
    runs = user.runs.filter(playlist_id=playlist_id).order_by("-created_at")
    return runs.values_list("name", flat=True).first() or playlist_id


def credential_of(version: Version) -> Credential:
    """Return what lets us change the playlist; raise ``NotConnected``."""
    usable = Credential.objects.usable().filter(account=version.account_id)
    credential = usable.select_related("account").first()
    if credential is None:
        raise NotConnected
    return credential


def _draft(
    version: Version,
    user: User,
    *,
    mode: Run.Mode,
    wanted: Sequence[str],
    context: Sequence[str] = (),
    by_hand: Run.ByHand = Run.ByHand.KEEP,
) -> Run:
    return Run.objects.create(
        user=user,
        account=credential_of(version).account,
        kind=Run.Kind.RESTORE,
        mode=mode,
        by_hand=by_hand,
        dates=Run.Dates.BUDGET,
        name=name_of(user, version.playlist_id),
        playlist_id=version.playlist_id,
        wanted=list(wanted),
        context=list(context),
        total=len(wanted),
    )
