"""A list that a person pastes or uploads in the form is stored at once, and chosen there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from playlists import formats, stored_lists
from playlists.builder.faults import Faults
from playlists.builder.sheet import Block, Sheet
from playlists.forms import TOO_BIG
from playlists.lists import NotAList, TrackList
from playlists.stored_lists import TooManyLists
from spotsite import clock


@dataclass(slots=True)
class Brought:
    """What became of lists that were brought: what is told, and what is wrong with others."""

    told: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)


class _Unfit(Exception):
    """What was brought is no list; the text says why."""


def store(
    on: Sheet,
    files: MultiValueDict[str, UploadedFile[bytes]],
    *,
    too_big: Collection[str],
    user: User,
) -> Brought:
    """Store what stands in the sources of the sheet, and have them name it."""
    brought = Brought()
    for place, block in enumerate(on.sources):
        if block.kind != "list":
            continue
        prefix = f"sources-{place}"
        file, text = files.get(f"{prefix}-file"), block.first("paste")
        if f"{prefix}-file" in too_big:
            brought.faults.add(prefix, "file", TOO_BIG)
        elif file is not None or text.strip():
            control = "file" if file is not None else "paste"
            try:
                brought.told.append(_stored(block, file, text, user))
            except (_Unfit, NotAList, TooManyLists) as exc:
                brought.faults.add(prefix, control, str(exc))
    return brought


def _stored(block: Block, file: UploadedFile[bytes] | None, text: str, user: User) -> str:
    if file is not None and text.strip():
        raise _Unfit("Either paste the list or upload a file, not both.")
    given, name = (file.read(), str(file.name)) if file is not None else (text, "")
    tracks = formats.tracks(given, name=name)
    if not tracks.uris:
        raise _Unfit(_nothing_in(tracks))
    called = " ".join(PurePath(name).stem.replace("\0", "").split())
    kept = stored_lists.store(
        user, tracks.uris, name=called or f"Pasted on {clock.now():%-d %B %Y, %H:%M}"
    )
    block.values["list"] = [str(kept.uuid)]
    block.values.pop("paste", None)
    return f"Stored as “{kept.name}” with {len(tracks.uris):,} tracks.{_left_out(tracks)}"


def _nothing_in(tracks: TrackList) -> str:
    if not tracks.unmatched:
        return "There is no link to a track in it."
    first = tracks.unmatched[0]
    return (
        f"There is no link to a track in it. Line {first.number}: {first.reason}. Lines of artist "
        "and title become tracks under “Lists from elsewhere”."
    )


def _left_out(tracks: TrackList) -> str:
    if not tracks.unmatched:
        return ""
    first = tracks.unmatched[0]
    count = len(tracks.unmatched)
    lines = "1 line is" if count == 1 else f"{count:,} lines are"
    return f" {lines} not in it; line {first.number}: {first.reason}."
