"""The staff's pages about runs: how far each is, why it waits or failed, and a way to try again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from playlists import budget, tasks
from playlists.models import CallRate, Calls, Ledger, Matching, Pause, Recipe, Run, Version
from spotsite.staff import CodeFilter, ReadOnlyAdmin, site

_SUMS_SHOWN = 20


@admin.register(Run, site=site)
class RunAdmin(ReadOnlyAdmin):
    """One execution that changes a playlist; the list itself is not shown."""

    list_display = (
        *("pk", "name", "user", "state", "progress", "code", "not_before"),
        *("attempts", "calls_used", "created_at", "ended_at"),
    )
    list_display_links = ("pk", "name")
    list_select_related = ("user",)
    list_filter = ("state", ("code", CodeFilter), "mode", "kind")
    search_fields = ("uuid", "name", "playlist_id", "user__name", "user__email")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("uuid", "name", "user", "linked_account", "kind", "mode")}),
        ("How far", {"fields": ("state", "progress", "calls_used", "code", "sentence")}),
        (
            "When",
            {"fields": ("created_at", "started_at", "ended_at", "not_before", "lease_until")},
        ),
        (
            "Why it is slow",
            {
                "fields": (
                    "attempts",
                    "changes",
                    "quarrels",
                    "nudged_at",
                    "unknown_since",
                    "last_write_at",
                )
            },
        ),
        (
            "Where",
            {"fields": ("playlist_id", "snapshot_id", "cursor", "before", "after")},
        ),
    )
    readonly_fields = ("progress", "linked_account")
    actions = ("retry", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out drafts, which nobody started, and the long columns."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.exclude(state=Run.State.DRAFT).defer(*Run.LONG)

    @admin.display(description="progress")
    def progress(self, run: Run) -> SafeString:
        return format_html(
            '<progress value="{done}" max="{most}" aria-label="{done} of {total}"></progress> '
            "{done} of {total}",
            done=run.done,
            total=run.total,
            most=run.total or 1,
        )

    @admin.display(description="linked account")
    def linked_account(self, run: Run) -> str:
        return f"{run.account.provider} {run.account.uid}"

    @admin.action(description="Retry: go on from where it was", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._do(request, queryset, _retry, "Retry asked for")

    @admin.action(description="Cancel", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._do(request, queryset, _cancel, "Cancelling asked for")

    def _do(
        self, request: HttpRequest, runs: Iterable[Run], act: Callable[[Run], bool], message: str
    ) -> None:
        done = [run for run in runs if act(run)]
        for run in done:
            self.log_change(request, run, f"{message}.")
        self.message_user(request, f"{message}: {len(done)} of those chosen.")


@admin.register(Recipe, site=site)
class RecipeAdmin(ReadOnlyAdmin):
    """What a person wants a playlist to be, and when that is seen to."""

    list_display = ("pk", "name", "user", "playlist_id", "is_paused", "next_run_at", "missed")
    list_display_links = ("pk", "name")
    list_select_related = ("user",)
    list_filter = ("is_paused", "missed")
    search_fields = ("uuid", "name", "playlist_id", "user__name", "user__email")
    ordering = ("-pk",)
    fields = (
        *("uuid", "name", "user", "account", "playlist_id", "definition"),
        *("is_paused", "next_run_at", "missed", "created_at", "changed_at"),
    )


@admin.register(Version, site=site)
class VersionAdmin(ReadOnlyAdmin):
    """A list as it was at one moment; what is in it is the person's."""

    list_display = ("pk", "playlist_id", "length", "cause", "is_pinned", "taken_at")
    list_filter = ("cause", "is_pinned")
    search_fields = ("playlist_id", "account__uid")
    ordering = ("-taken_at",)
    fields = (
        *("playlist_id", "linked_account", "length", "cause", "run", "taken_at"),
        *("is_pinned", "is_surpassed", "vouched_at", "snapshot_id"),
    )
    readonly_fields = ("linked_account",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("packed")

    @admin.display(description="linked account")
    def linked_account(self, version: Version) -> str:
        return f"{version.account.provider} {version.account.uid}"


@admin.register(Ledger, site=site)
class LedgerAdmin(ReadOnlyAdmin):
    """Which items of a playlist are ours: how many, not which."""

    list_display = ("playlist_id", "linked_account", "items", "left_out", "undone")
    list_select_related = ("account",)
    search_fields = ("playlist_id", "account__uid")
    fields = ("playlist_id", "linked_account", "items", "left_out", "undone", "last_run", "version")
    readonly_fields = ("linked_account", "items", "left_out")

    @admin.display(description="items of ours")
    def items(self, ledger: Ledger) -> int:
        return len(ledger.ours)

    @admin.display(description="taken out by hand")
    def left_out(self, ledger: Ledger) -> int:
        return len(ledger.taken_out)

    @admin.display(description="linked account")
    def linked_account(self, ledger: Ledger) -> str:
        return f"{ledger.account.provider} {ledger.account.uid}"


@admin.register(Matching, site=site)
class MatchingAdmin(ReadOnlyAdmin):
    """A list from elsewhere, and how far its searches are; its lines are not shown."""

    list_display = (
        *("pk", "name", "user", "state", "done", "total", "code", "not_before"),
        *("attempts", "calls_used", "created_at", "ended_at"),
    )
    list_display_links = ("pk", "name")
    list_select_related = ("user",)
    list_filter = ("state", ("code", CodeFilter), "format")
    search_fields = ("uuid", "name", "user__name", "user__email")
    ordering = ("-created_at",)
    fields = (
        *("uuid", "name", "user", "format", "state", "code", "sentence", "done", "total"),
        *("calls_used", "attempts", "not_before", "nudged_at", "lease_until", "created_at"),
        "ended_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("unread")


@admin.register(Pause, site=site)
class PauseAdmin(ReadOnlyAdmin):
    """Calls that Spotify asked this site to leave for a while."""

    list_display = ("bucket", "until", "reason")
    fields = ("bucket", "until", "reason")
    actions = ("lift",)

    @admin.action(description="Lift: call again at once", permissions=["act"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Pause]) -> None:
        pauses = list(queryset)
        for pause in pauses:
            self.log_change(request, pause, "Pause lifted.")
            budget.lift(pause.bucket)
        self.message_user(request, f"Lifted: {len(pauses)}. The next call asks alone.")


@admin.register(Calls, site=site)
class CallsAdmin(ReadOnlyAdmin):
    """How many calls were made, each hour, for whom; sums of what is chosen stand above."""

    list_display = ("hour", "group", "person", "recipe", "count")
    list_select_related = ("person",)
    list_filter = ("group",)
    search_fields = ("person__name", "person__email", "=recipe")
    ordering = ("-hour", "group")
    date_hierarchy = "hour"
    fields = ("hour", "group", "person", "recipe", "count")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        if isinstance(page, TemplateResponse) and page.context_data and "cl" in page.context_data:
            page.context_data["sums"] = _sums(page.context_data["cl"].queryset)
            page.context_data["rate"] = CallRate.objects.first()
        return page


def _sums(rows: QuerySet[Calls]) -> dict[str, list[tuple[Any, int]]]:
    """Add up the rows that are shown: by day, by person and by group."""
    rows = rows.order_by()
    days = rows.annotate(day=TruncDate("hour")).values_list("day").annotate(all=Sum("count"))
    people = rows.values_list("person__name", "person").annotate(all=Sum("count"))
    groups = rows.values_list("group").annotate(all=Sum("count"))
    return {
        "By day": list(days.order_by("-day")[:_SUMS_SHOWN]),
        "By person": [
            (name or (f"person {pk}" if pk else "nobody"), count)
            for name, pk, count in people.order_by("-all")[:_SUMS_SHOWN]
        ],
        "By group": list(groups.order_by("-all")),
    }


def _retry(run: Run) -> bool:
    """Queue it again; False where it is not over, or another run is at the same playlist."""
    try:
        with transaction.atomic():
            if not run.retry():
                return False
            tasks.nudge_on_commit(run)
    except IntegrityError:
        return False
    return True


def _cancel(run: Run) -> bool:
    if not run.is_active:
        return False
    run.ask_to_cancel()
    return True
