"""Make data/catalogue.json.gz from the public playlist histories.

    python -m simulator.make_catalogue ../shared/playlist-histories

Only facts are copied: ids, titles, artists, albums, lengths, and the order of a few lists.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

LISTS = (
    "murga",
    "All Out 80s",
    "Happy Hits!",
    "Jazzy Romance",
    "Skatepark Punks",
    "Shoegaze Classics",
    "mosaic",
)
TARGET = Path(__file__).parent / "data" / "catalogue.json.gz"


def main(source: Path) -> None:
    facts = {track["id"]: track for track in _lines(source / "tracks.jsonl.gz")}
    orders = {
        history["playlist"]: [history["tracks"][i] for i in history["versions"][-1]["order"]]
        for history in _lines(source / "histories.jsonl.gz")
        if history["playlist"] in LISTS
    }
    wanted = dict.fromkeys(id_ for name in LISTS for id_ in orders[name] if id_ in facts)
    places = {id_: place for place, id_ in enumerate(wanted)}
    data = {
        "source": "facts from the MIT-licensed archive mackorone/spotify-playlist-archive",
        "tracks": [_compact(facts[id_]) for id_ in wanted],
        "lists": {name: [places[id_] for id_ in orders[name] if id_ in places] for name in LISTS},
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, mtime=0))  # the same bytes each time
    sys.stdout.write(f"{len(wanted)} tracks, {len(LISTS)} lists: {TARGET.name}\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _compact(track: dict[str, Any]) -> list[Any]:
    artists = [[artist["id"], artist["name"]] for artist in track["artists"]]
    return [track["id"], track["title"], artists, track["album"], track["duration_s"]]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
