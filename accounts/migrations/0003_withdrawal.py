from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import spotsite.clock


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_credentials")]
    operations = [
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=30)),
                ("uid", models.CharField(blank=True, max_length=200)),
                (
                    "asked_at",
                    models.DateTimeField(db_default=spotsite.clock.Now(), editable=False),
                ),
                ("not_before", models.DateTimeField(db_default=spotsite.clock.Now())),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
                ("last_error_code", models.CharField(blank=True, max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="withdrawals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None), ("given_up_at", None)),
                        fields=["not_before"],
                        name="withdrawal_due",
                    )
                ]
            },
        ),
    ]
