from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("playlists", "0004_pack_versions")]

    operations = [migrations.RemoveField("version", "items")]
