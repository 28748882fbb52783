from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import spotsite.clock


class Migration(migrations.Migration):
    dependencies = [
        ("playlists", "0005_versions_are_packed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CallBatch",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("stored_at", models.DateTimeField(db_default=spotsite.clock.Now())),
            ],
        ),
        migrations.CreateModel(
            name="CallRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("per_second", models.FloatField()),
                ("changed_at", models.DateTimeField(db_default=spotsite.clock.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Calls",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("group", models.CharField(max_length=40)),
                ("recipe", models.PositiveIntegerField(null=True)),
                ("count", models.PositiveIntegerField()),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "calls",
                "indexes": [models.Index(fields=["person", "hour"], name="calls_of_person")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hour", "group", "person", "recipe"),
                        name="calls_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
