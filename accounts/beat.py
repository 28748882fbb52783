"""The jobs of accounts that beat sends."""

from __future__ import annotations

from datetime import timedelta

from spotsite.beat import register

register("Refresh tokens that are due", "accounts.tasks.refresh_due", timedelta(minutes=1))
register("Clear ended sessions", "accounts.tasks.clear_sessions", timedelta(days=1))
register("Take permissions back", "accounts.tasks.withdraw_due", timedelta(minutes=5))
register("Remind before consent ends", "accounts.tasks.remind", timedelta(hours=1))
register("Mail notices", "accounts.tasks.mail_notices", timedelta(minutes=1))
register("Drop old notices", "accounts.tasks.purge_notices", timedelta(days=1))
