from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_refresh_engine"),
    ]

    operations = [
        migrations.AddField(
            model_name="providerstate",
            name="thawed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
