from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import spotsite.clock


class Migration(migrations.Migration):
    dependencies = [("playlists", "0002_engine")]

    operations = [
        migrations.AddField("version", "packed", models.BinaryField(default=b"")),
        migrations.AddField("version", "is_pinned", models.BooleanField(default=False)),
        migrations.AddField("version", "is_surpassed", models.BooleanField(default=False)),
        migrations.AddField(
            "version",
            "run",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="versions",
                to="playlists.run",
            ),
        ),
        migrations.AddField(
            "version", "vouched_at", models.DateTimeField(db_default=spotsite.clock.Now())
        ),
        migrations.AddField(
            "track", "vouched_at", models.DateTimeField(db_default=spotsite.clock.Now())
        ),
        migrations.RemoveIndex("version", "version_latest"),
        migrations.AddIndex(
            "version",
            models.Index("account", "playlist_id", F("id").desc(), name="version_newest"),
        ),
        migrations.AddIndex(
            "version",
            models.Index(
                fields=["taken_at"],
                name="version_old",
                condition=Q(is_surpassed=True, is_pinned=False),
            ),
        ),
        migrations.AddIndex("version", models.Index(fields=["vouched_at"], name="version_vouched")),
        migrations.AddIndex("track", models.Index(fields=["vouched_at"], name="track_vouched")),
    ]
