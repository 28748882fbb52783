from __future__ import annotations

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("playlists", "0008_pause_began")]

    operations = [
        migrations.RemoveIndex(model_name="run", name="run_active"),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                django.db.models.functions.comparison.Coalesce("not_before", "created_at"),
                condition=models.Q(("state__in", ["queued", "running", "waiting"])),
                name="run_due",
            ),
        ),
    ]
