"""CSV in Exportify's columns, and what other programs call the same: read and written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from playlists import links
from playlists.formats import fields, freetext
from playlists.formats.values import MOST_LINES, Found, Line, Row
from playlists.lists import URI_COLUMNS, NotAList, Unmatched

# Exportify's columns in its order (watsonbox/exportify, README.md "Export Format").
COLUMNS = (
    *("Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album URI", "Album Name"),
    *("Album Artist URI(s)", "Album Artist Name(s)", "Album Release Date", "Album Image URL"),
    *("Disc Number", "Track Number", "Track Duration (ms)", "Track Preview URL", "Explicit"),
    *("Popularity", "ISRC", "Is Playable", "Added By", "Added At"),
)
ALIASES: dict[str, tuple[str, ...]] = {
    "uri": URI_COLUMNS,
    "title": (
        *("track name", "track title", "song name", "song title", "title", "song", "track"),
        *("trackname", "name", "titel"),
    ),
    "artists": (
        *("artist name(s)", "artist names", "artist name", "artists", "artist(s)", "artist"),
        *("artistname", "track artist", "performer", "creator", "künstlername(n)", "interpret"),
    ),
    "album": ("album name", "album title", "album", "albumname", "release"),
    "isrc": ("isrc", "isrc code", "track isrc"),
    "ms": (
        *("track duration (ms)", "duration (ms)", "duration ms", "durationms", "length (ms)"),
        "track dauer (ms)",
    ),
    "duration": ("duration", "track duration", "length", "time", "dauer"),
    "added_at": (
        *("added at", "added date", "addeddate", "date added", "added on", "added"),
        *("hinzugefügt am", "addedat"),
    ),
}
_LONGEST_HEAD = 20_000  # letters in which the names of the columns stand
_LONGEST_LINE = 128 * 1024
_DELIMITERS = ",;\t|"
# A spreadsheet takes such a cell for a formula, also behind blanks and in its wide form.
_FORMULA = re.compile(r"['\s]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_ESCAPED = re.compile(r"(?<!\\)\\(\\*+,)")
_TO_ESCAPE = re.compile(r"(?<!\\)(\\++,)")
_FORMULA_NOT_LINK = "a formula, not a link"


def read(text: str) -> Iterator[Found]:
    """Yield what each row names."""
    layout = _layout(text)
    if layout is None:
        yield from _headless(text)
        return
    delimiter, columns = layout
    is_head = True
    for number, cells in _rows(text, delimiter):
        if not is_head:
            yield from _entry(number, _picked(cells, columns))
        is_head = False


def fits(text: str) -> bool:
    """Say whether the first line is a head that we know."""
    return _layout(text) is not None


def write(rows: Iterable[Row], *, name: str) -> Iterator[str]:
    """Yield Exportify's table; no cell is a formula, and ``read`` gives back what stood there."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = _values(row)
        writer.writerow([_harmless(values.get(column, "")) for column in COLUMNS])
        yield sheet.getvalue()
        sheet.seek(0)
        sheet.truncate()
    yield sheet.getvalue()


def entry_of(number: int, values: Mapping[str, str]) -> Found:
    """Make a line of named values, in the words of ``ALIASES``' keys."""
    uri, reason = fields.track_uri(values.get("uri", ""))
    line = Line(
        number,
        uri=uri,
        isrc=fields.isrc(values.get("isrc", "")),
        title=fields.clean(values.get("title", "")),
        artists=fields.clean(values.get("artists", "")),
        album=fields.clean(values.get("album", "")),
        duration_ms=fields.milliseconds(values.get("ms", ""))
        or fields.duration(values.get("duration", "")),
        added_at=fields.date(values.get("added_at", "")),
    )
    if line.is_local and not line.title:
        line = replace(fields.local(uri), number=number, added_at=line.added_at)
    text = freetext.shown(fields.words(line))
    if not (line.uri or line.isrc or line.title.strip()):
        text = text or freetext.shown(values.get("uri", ""))
        return Unmatched(number, text, reason or _why(values))
    return replace(line, text=text)


def column_of(name: str) -> str:
    """Return the key in ``ALIASES`` that a column's name stands for, empty where it is unknown."""
    plain = _plain(name)
    return next((key for key, names in ALIASES.items() if plain in names), "")


def _why(values: Mapping[str, str]) -> str:
    return "not a Spotify link" if values.get("uri") else "no link, title or ISRC in this row"


def _entry(number: int, values: dict[str, str]) -> Iterator[Found]:
    uri = values.get("uri", "").strip()
    if uri.startswith(("=", "+", "@")):
        if not values.get("title", "").strip() and not values.get("isrc", ""):
            yield Unmatched(number, freetext.shown(uri), _FORMULA_NOT_LINK)
            return
        values["uri"] = ""
    elif links.ID.fullmatch(uri):
        values["uri"] = f"spotify:track:{uri}"
    yield entry_of(number, values)


def _layout(text: str) -> tuple[str, dict[str, int]] | None:
    """Return the delimiter and where the columns are that we know; None for no such table."""
    head = _head(text)
    for delimiter in _DELIMITERS:
        if delimiter in head and (columns := _columns(_first_row(head, delimiter))):
            return delimiter, columns
    if _plain(head) in (*URI_COLUMNS, *ALIASES["isrc"]):
        return ",", {column_of(head): 0}
    return _by_content(text)


def _columns(names: list[str]) -> dict[str, int]:
    plain = [_plain(name) for name in names]
    columns = {
        key: plain.index(name)
        for key, aliases in ALIASES.items()
        if (name := next((alias for alias in aliases if alias in plain), ""))
    }
    is_table = columns.keys() & {"uri", "isrc"} or ("title" in columns and len(columns) > 1)
    return columns if is_table else {}


def _by_content(text: str) -> tuple[str, dict[str, int]] | None:
    """Find the column of URIs under a head in a language that we do not know."""
    lines = [line for _, line in islice(fields.lines(text[:_LONGEST_HEAD]), 2)]
    for delimiter in _DELIMITERS if len(lines) == 2 else "":
        head, first = (_first_row(line, delimiter) for line in lines)
        uris = [index for index, cell in enumerate(first) if fields.track_uri(cell)[0]]
        if len(head) > 2 and len(uris) == 1 and not any(links.read(cell)[0] for cell in head):
            return delimiter, {"uri": uris[0], **_columns(head)}
    return None


def _head(text: str) -> str:
    return next((line for _, line in fields.lines(text[:_LONGEST_HEAD])), "")


def _first_row(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell of more than 128 KiB heads no table
        return []


def _headless(text: str) -> Iterator[Found]:
    """Read a table without a head as lines of its cells."""
    head = _head(text)
    delimiter = max(_DELIMITERS, key=head.count)
    for number, cells in _rows(text, delimiter):
        yield from freetext.entries(number, "\t".join(fields.one_line(cell) for cell in cells))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with the line where each begins."""
    reader = csv.reader(_bounded(text), delimiter=delimiter)
    number = 1
    try:
        for row in reader:
            start, number = number, reader.line_num + 1
            if any(cell.strip() for cell in row):
                yield start, row
    except csv.Error as exc:
        raise NotAList(f"The table cannot be read beyond line {number}: {exc}.") from None


def _bounded(text: str) -> Iterator[str]:
    """Yield lines as they are, so that a row cannot fill the memory with its cells."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > _LONGEST_LINE or number > MOST_LINES:
            raise NotAList(f"Line {number} is too long, or there are too many, for a list.")
        yield line


def _picked(cells: list[str], columns: Mapping[str, int]) -> dict[str, str]:
    values = {key: _unguarded(cells[index]) for key, index in columns.items() if index < len(cells)}
    if "artists" in values:
        values["artists"] = _ESCAPED.sub(r"\1", values["artists"])
    return values


def _values(row: Row) -> dict[str, str]:
    return {
        "Track URI": row.uri,
        "Track Name": row.title,
        # Exportify sets a backslash before a comma that belongs to a name: one more for ours.
        "Artist Name(s)": _TO_ESCAPE.sub(r"\\\1", row.artists),
        "Album Name": row.album,
        "Track Duration (ms)": str(row.duration_ms) if row.duration_ms else "",
        "ISRC": row.isrc,
        "Added At": row.added_at,
    }


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def _plain(name: str) -> str:
    name = name.strip().strip('\ufeff"').lower().replace("_", " ").replace("-", " ")
    return " ".join(name.split())
