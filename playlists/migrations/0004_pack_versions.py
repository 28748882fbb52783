from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from playlists import packing
from playlists.spotify import Item

_BATCH = 100


def pack(apps: Any, schema_editor: Any) -> None:
    for version in _versions(apps, schema_editor, "items"):
        version.packed = packing.pack(
            [Item(uri, date or "", bool(local)) for uri, date, *local in version.items]
        )
        version.save(update_fields=["packed"])


def unpack(apps: Any, schema_editor: Any) -> None:
    for version in _versions(apps, schema_editor, "packed"):
        version.items = [
            [item.uri, item.added_at, 1] if item.is_local else [item.uri, item.added_at]
            for item in packing.unpack(version.packed)
        ]
        version.save(update_fields=["items"])


def _versions(apps: Any, schema_editor: Any, column: str) -> Iterator[Any]:
    rows = apps.get_model("playlists", "Version").objects.using(schema_editor.connection.alias)
    yield from rows.only(column).iterator(chunk_size=_BATCH)


class Migration(migrations.Migration):
    dependencies = [("playlists", "0003_versions")]

    operations = [migrations.RunPython(pack, unpack)]
