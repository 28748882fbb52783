"""Many lists as one ZIP file, made while it is sent, under names that every system takes."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

_LONGEST = 80  # letters of a name; with its ending far below the 255 bytes of file systems
_LONGEST_BYTES = 180
# What Windows refuses, control characters, and marks that turn text around to hide an ending.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])(?:\.|$)", re.IGNORECASE
)
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # ZIP knows no date before


def file_name(title: str, *, extension: str) -> str:
    """Return a name for a file that every system takes, close to the title."""
    stem = _FORBIDDEN.sub(" ", unicodedata.normalize("NFC", title[:1000]))
    stem = _cut(" ".join(stem.split()).lstrip(".")).strip(" .")
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    return f"{stem or 'playlist'}.{extension}"


class Names:
    """Hands out names so that no two are the same, also where case does not count."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """Return the name, or the name with the first number that makes it new."""
        stem, _, extension = name.rpartition(".")
        choice = name
        while (key := choice.casefold()) in self._taken:
            self._taken[name.casefold()] += 1
            choice = f"{stem} ({self._taken[name.casefold()]}).{extension}"
        self._taken[key] = 1
        return choice


def pack(files: Iterable[tuple[str, Iterable[str]]], *, at: datetime) -> Iterator[bytes]:
    """Yield a ZIP file of texts, holding no more than a block of one of them at a time."""
    sink = _Sink()
    moment = max(at.astimezone(UTC), _EARLIEST).timetuple()[:6]
    names = Names()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blocks in files:
            entry = zipfile.ZipInfo(names.unique(name), date_time=moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as member:
                for block in blocks:
                    member.write(block.encode("utf-8", "replace"))
                    yield from sink.taken()
            yield from sink.taken()
    yield from sink.taken()


class _Sink:
    """Where zipfile writes; it cannot be searched, so sizes stand behind each file."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Do nothing: what was written is taken as it comes."""

    def close(self) -> None:
        """Do nothing, for the same reason."""

    def taken(self) -> list[bytes]:
        blocks, self._blocks = self._blocks, []
        return blocks


def _cut(stem: str) -> str:
    """Cut to what file systems take, never inside of a letter."""
    return stem[:_LONGEST].encode("utf-8", "replace")[:_LONGEST_BYTES].decode("utf-8", "ignore")
