"""Text or a file becomes a list of Spotify URIs; what is no track is named with line and reason."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from playlists import links

MOST = 10_000
_LINE_SHOWN = 120

URI_COLUMNS = (
    *("track uri", "spotify uri", "spotify track uri", "uri", "track url", "spotify url"),
    *("track link", "spotify link", "url", "link"),
    *("spotify id", "spotify track id", "spotify - id", "track id"),
)


class NotAList(ValueError):
    """What was given cannot be read as a list; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A line that gave no track."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrackList:
    """What was read: the URIs in order, and the lines that gave none."""

    uris: tuple[str, ...]
    unmatched: tuple[Unmatched, ...]

    @property
    def duplicates(self) -> int:
        """Return how many items repeat an earlier one."""
        return len(self.uris) - len(set(self.uris))

    @property
    def repeated(self) -> list[str]:
        return [uri for uri, count in Counter(self.uris).items() if count > 1]


def parse(text: str) -> TrackList:
    """Read links and URIs from text, or from the URI column of a table; raise ``NotAList``."""
    if "\0" in text:
        raise NotAList("This is not a text file. Save the list as text or CSV and try again.")
    uris: list[str] = []
    unmatched: list[Unmatched] = []
    rows = _table(text) or _lines(text)
    for count, (number, line) in enumerate(rows, start=1):
        if count > MOST:
            raise NotAList(_too_many(text))
        found, reason = _read(line)
        uris += found
        if reason:
            unmatched.append(Unmatched(number, _shortened(line), reason))
    if len(uris) > MOST:
        raise NotAList(f"That is {len(uris):,} tracks. A list can have at most {MOST:,}.")
    return TrackList(tuple(uris), tuple(unmatched))


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 with its mark, or else Windows' western encoding."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if data.startswith(b"PK\x03\x04"):
        raise NotAList("This is a spreadsheet or an archive. Save the list as CSV and try again.")
    if guess := _utf16_without_mark(data):
        return _decoded(data, guess)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # URIs are plain ASCII in every such encoding: a wrong guess changes no track.
        return data.decode("cp1252", "replace")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise NotAList(
            "The file's characters cannot be read. Save it as UTF-8 and try again."
        ) from None


def _utf16_without_mark(data: bytes) -> str:
    start = data[:200]
    if len(start) < 4:
        return ""
    if start[1::2].count(0) > len(start) * 0.4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) * 0.4:
        return "utf-16-be"
    return ""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _table(text: str) -> Iterator[tuple[int, str]] | None:
    """Return the cells of the URI column where the first line is a table's head that names one."""
    head = next((line for _, line in _lines(text)), "")
    for delimiter in ",;\t|":
        if delimiter not in head:
            continue
        try:
            names = [_plain(name) for name in next(csv.reader([head], delimiter=delimiter), [])]
        except csv.Error:  # a cell of more than 128 KiB heads no table
            continue
        column = next((names.index(name) for name in URI_COLUMNS if name in names), None)
        if column is not None:
            return _cells(text, delimiter=delimiter, column=column)
    return _cells(text, delimiter=",", column=0) if _plain(head) in URI_COLUMNS else None


def _cells(text: str, *, delimiter: str, column: int) -> Iterator[tuple[int, str]]:
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    is_head = True
    number = 1
    try:
        for row in reader:
            start, number = number, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if is_head:
                is_head = False
                continue
            cell = row[column].strip() if column < len(row) else ""
            yield start, f"spotify:track:{cell}" if links.ID.fullmatch(cell) else cell
    except csv.Error as exc:
        raise NotAList(f"The table cannot be read beyond line {number}: {exc}.") from None


def _plain(name: str) -> str:
    return name.strip().strip('\ufeff"').strip().lower().replace("_", " ")


def _read(line: str) -> tuple[list[str], str]:
    """Return the URIs in a line, and why something in it gave none."""
    if not line:
        return [], "no link in this line"
    if line.startswith(("=", "+", "@")):
        return [], "a formula, not a link"
    if line.lower().startswith("spotify:local:"):
        return [], links.LOCAL
    return _sorted(links.read(word) for word in links.BREAKS.split(line))


def _sorted(answers: Iterable[tuple[str, str]]) -> tuple[list[str], str]:
    uris, reasons = [], []
    for uri, reason in answers:
        if uri:
            uris.append(uri)
        elif reason:
            reasons.append(reason)
    if not uris and not reasons:
        return [], "not a Spotify link"
    return uris, reasons[0] if reasons else ""


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE_SHOWN else line[: _LINE_SHOWN - 1] + "…"


def _too_many(text: str) -> str:
    lines = sum(1 for _ in _lines(text))
    return f"That is {lines:,} lines. A list can have at most {MOST:,}."
