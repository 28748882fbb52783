"""Lists end: which recipes name a stored list, and when it was used last."""

from __future__ import annotations

from uuid import UUID

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import spotsite.clock


def uuid_of(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def name_lists(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down which lists the recipes name that are there already."""
    stored_list = apps.get_model("playlists", "StoredList")
    recipe = apps.get_model("playlists", "Recipe")
    having = recipe.objects.filter(definition__sources__contains=[{"kind": "list"}])
    for row in having.only("user_id", "definition").iterator(chunk_size=100):
        names = [one["list"] for one in row.definition["sources"] if one.get("kind") == "list"]
        mine = stored_list.objects.filter(
            user=row.user_id, uuid__in=list(filter(None, map(uuid_of, names)))
        )
        row.lists.set(mine.only("pk"))


class Migration(migrations.Migration):
    dependencies = [
        ("playlists", "0012_readings"),
    ]

    operations = [
        migrations.AddField(
            model_name="storedlist",
            name="recipes",
            field=models.ManyToManyField(related_name="lists", to="playlists.recipe"),
        ),
        migrations.AddField(
            model_name="storedlist",
            name="used_at",
            field=models.DateTimeField(db_default=spotsite.clock.Now()),
        ),
        migrations.AddIndex(
            model_name="storedlist",
            index=models.Index(fields=["used_at"], name="stored_list_used"),
        ),
        migrations.RunPython(name_lists, migrations.RunPython.noop),
    ]
