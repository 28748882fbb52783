"""The staff's pages that belong to no app: beat's jobs, and what staff did."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin, ScheduleAdmin
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from spotsite.staff import ModelAdmin, ReadOnlyAdmin, site


@admin.register(PeriodicTask, site=site)
class JobAdmin(PeriodicTaskAdmin):
    """One of the site's own few jobs: how often beat starts it."""

    # Its own page comes with an inline script, which the Content-Security-Policy refuses.
    change_form_template = None
    date_hierarchy = None
    list_display = ("name", "task", "enabled", "interval", "crontab", "last_run_at")
    list_filter = ("enabled",)
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (
            "Schedule",
            {"fields": ("interval", "crontab", "crontab_translation", "last_run_at", "one_off")},
        ),
        ("Arguments", {"fields": ("args", "kwargs"), "classes": ("collapse",)}),
        (
            "Execution",
            {"fields": ("queue", "priority", "expire_seconds"), "classes": ("collapse",)},
        ),
    )


@admin.register(IntervalSchedule, site=site)
class IntervalAdmin(ScheduleAdmin):
    """Every so many seconds, minutes, hours or days."""


@admin.register(CrontabSchedule, site=site)
class CrontabAdmin(ScheduleAdmin):
    """At times of the day or the week."""

    list_display = ("__str__", "human_readable")
    readonly_fields = ("human_readable",)


@admin.register(Group, site=site)
class GroupAdmin(ModelAdmin):
    """What a group of staff may see and do; only superusers, who may do everything, say so."""

    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission


@admin.register(LogEntry, site=site)
class StaffLogAdmin(ReadOnlyAdmin):
    """Who of the staff did what, and when."""

    list_display = ("action_time", "user", "content_type", "object_repr", "change_message")
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "change_message")
    date_hierarchy = "action_time"
