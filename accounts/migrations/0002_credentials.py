from __future__ import annotations

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import spotsite.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_person"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [
        migrations.CreateModel(
            name="DeletionRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("provider", models.CharField(default="facebook", max_length=30)),
                ("uid_digest", models.CharField(db_index=True, max_length=64)),
                ("asked_at", models.DateTimeField(db_default=spotsite.clock.Now(), editable=False)),
                ("done_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ProviderState",
            fields=[
                ("provider", models.CharField(max_length=30, primary_key=True, serialize=False)),
                ("app_error_code", models.CharField(blank=True, max_length=64)),
                ("app_error_at", models.DateTimeField(null=True)),
                ("frozen_at", models.DateTimeField(null=True)),
                ("alerted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("provider", models.CharField(editable=False, max_length=30)),
                ("provider_user_id", models.CharField(blank=True, db_index=True, max_length=200)),
                ("scopes", models.JSONField(default=list)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ok", "ok"),
                            ("suspect", "suspect"),
                            ("needs_reconnect", "needs reconnect"),
                            ("disconnected", "disconnected"),
                        ],
                        default="ok",
                        max_length=20,
                    ),
                ),
                ("refresh_ct", models.BinaryField(null=True)),
                ("access_ct", models.BinaryField(null=True)),
                ("key_id", models.BigIntegerField(editable=False, null=True)),
                ("access_expires_at", models.DateTimeField(null=True)),
                ("authorized_at", models.DateTimeField(null=True)),
                ("reauth_due_at", models.DateTimeField(null=True)),
                ("reminded_days", models.PositiveSmallIntegerField(null=True)),
                ("generation", models.PositiveBigIntegerField(default=1)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lease_gen", models.PositiveBigIntegerField(default=0)),
                ("attempt_started_at", models.DateTimeField(null=True)),
                ("next_refresh_at", models.DateTimeField(null=True)),
                ("last_refreshed_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                ("suspect_since", models.DateTimeField(null=True)),
                ("probes", models.PositiveSmallIntegerField(default=0)),
                ("fail_count", models.PositiveIntegerField(default=0)),
                ("last_error_code", models.CharField(blank=True, max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(db_default=spotsite.clock.Now(), editable=False),
                ),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credential",
                        to="socialaccount.socialaccount",
                    ),
                ),
            ],
            options={
                "db_table": "accounts_credential",
            },
        ),
        migrations.CreateModel(
            name="CredentialEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stored", "consent given"),
                            ("refreshed", "refreshed"),
                            ("doubted", "refused by the provider, waiting before we believe it"),
                            ("restored", "accepted again"),
                            ("lost", "needs reconnect"),
                            ("frozen", "verdict put off: several accounts failed together"),
                            ("forgotten", "disconnected"),
                            ("moved", "moved from another local account"),
                            ("unsealable", "a sealed token did not open"),
                            ("staff", "done by staff"),
                        ],
                        max_length=20,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField(db_default=spotsite.clock.Now(), editable=False)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="socialaccount.socialaccount",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(
                models.F("next_refresh_at"),
                condition=models.Q(
                    ("next_refresh_at__isnull", False), ("status__in", ["ok", "suspect"])
                ),
                name="credential_due",
            ),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(fields=["reauth_due_at"], name="credential_reauth_due"),
        ),
        migrations.AddIndex(
            model_name="credential",
            index=models.Index(fields=["key_id"], name="credential_key"),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("key_id__isnull", False),
                    models.Q(("access_ct", None), ("refresh_ct", None)),
                    _connector="OR",
                ),
                name="credential_ciphertext_names_its_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="credential",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["ok", "suspect"]),
                    models.Q(("access_ct", None), ("refresh_ct", None)),
                    _connector="OR",
                ),
                name="credential_lost_holds_no_token",
            ),
        ),
        migrations.AddIndex(
            model_name="credentialevent",
            index=models.Index(fields=["account", "-at"], name="credential_event_latest"),
        ),
    ]
