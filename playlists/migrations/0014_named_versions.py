"""Which recipes read an earlier version, so that it stays as long as they do."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_versions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down which versions the recipes name that are there already."""
    version = apps.get_model("playlists", "Version")
    recipe = apps.get_model("playlists", "Recipe")
    having = recipe.objects.filter(definition__sources__contains=[{"kind": "version"}])
    for row in having.only("user_id", "definition").iterator(chunk_size=100):
        of_versions = (one for one in row.definition["sources"] if one.get("kind") == "version")
        names = [str(one.get("version", "")) for one in of_versions]
        mine = version.objects.filter(
            account__user=row.user_id, pk__in=[int(name) for name in names if name.isdecimal()]
        )
        row.versions.set(mine.only("pk"))


class Migration(migrations.Migration):
    dependencies = [
        ("playlists", "0013_lists_end"),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="recipes",
            field=models.ManyToManyField(related_name="versions", to="playlists.recipe"),
        ),
        migrations.RunPython(name_versions, migrations.RunPython.noop),
    ]
