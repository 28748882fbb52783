"""The staff's pages: Django's admin with allauth's sign-in, showing only what is registered here.

It is a site of its own: what a dependency registers with ``django.contrib.admin.site`` (allauth its
tokens, apps, secrets of second factors and session keys) has no address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import slugify

if TYPE_CHECKING:  # Django's own class is not generic when it runs
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

# One menu in the words of this site, whatever package a row comes from.
MENU = {
    "People": {
        "accounts.User": "People",
        "socialaccount.SocialAccount": "Linked accounts",
        "accounts.Credential": "Credentials",
        "accounts.CredentialEvent": "What happened to credentials",
        "account.EmailAddress": "E-mail addresses",
        "accounts.Notice": "Notices",
    },
    "Playlists": {
        "playlists.Recipe": "Recipes",
        "playlists.Run": "Runs",
        "playlists.Matching": "Lists from elsewhere",
        "playlists.Version": "Versions",
        "playlists.Ledger": "Managed playlists",
    },
    "Providers": {
        "accounts.ProviderState": "How they are",
        "playlists.Pause": "Calls that Spotify asked us to leave",
        "playlists.Calls": "Calls to Spotify",
        "accounts.DeletionRequest": "Deletion asked for at Facebook",
        "accounts.Withdrawal": "Permissions that we give back",
    },
    "The site": {
        "django_celery_beat.PeriodicTask": "Beat's jobs",
        "django_celery_beat.IntervalSchedule": "Intervals",
        "django_celery_beat.CrontabSchedule": "Times of the day",
        "auth.Group": "Groups of staff",
        "admin.LogEntry": "What staff did",
    },
}


class StaffSite(admin.AdminSite):
    """Django's admin; one signs in as everywhere else, with rate limits and second factor."""

    site_title = "spotsite"
    site_header = "spotsite: staff"
    index_title = "What runs, and who is broken and why"

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer = secure_admin_login(super().login)(request, extra_context)
        assert isinstance(answer, HttpResponse)  # noqa: S101 -- narrows an untyped decorator
        return answer

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Send staff to the page that everybody changes a password on: it asks who they are."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        rows = {row["model"]._meta.label: row for app in apps for row in app["models"]}
        sections = [
            {
                "name": name,
                "app_label": slugify(name),
                "app_url": reverse("admin:index", current_app=self.name),
                "has_module_perms": True,
                "models": [
                    {**rows[label], "name": words}
                    for label, words in labels.items()
                    if label in rows
                ],
            }
            for name, labels in MENU.items()
        ]
        return [section for section in sections if section["models"]]


site = StaffSite(name="admin")


class CodeFilter(admin.AllValuesFieldListFilter):
    """Names the rows without a code: Django makes a link without a word of them."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            value, bracket, count = str(choice["display"]).partition(" (")
            yield {**choice, "display": f"{value or 'none'}{bracket}{count}"}


class StaffAdmin(ModelAdmin):
    """A page of rows; who of the staff did what to which is written down."""

    list_per_page = 50
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Filter by what has a filter: any other column could be guessed letter by letter."""
        named = {"pk", self.opts.pk.name, self.date_hierarchy}
        fields = [str(one[0] if isinstance(one, tuple) else one) for one in self.list_filter]
        named |= {field.partition(LOOKUP_SEP)[0] for field in fields}
        is_named = lookup.partition(LOOKUP_SEP)[0] in named
        return is_named and super().lookup_allowed(lookup, value, request)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        return _log(request, obj, CHANGE, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> list[LogEntry]:
        return [_log(request, row, DELETION, "") for row in queryset]


class ReadOnlyAdmin(StaffAdmin):
    """Rows that staff look at and act on by actions, but never type into."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Say whether this person may use the actions (``permissions=["act"]``)."""
        codename = get_permission_codename("change", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{codename}"))


def _log(request: HttpRequest, row: Model, flag: int, message: Any) -> LogEntry:
    """Name the row by its number: the log stays when a person has gone, and their name does not."""
    assert request.user.pk is not None  # noqa: S101 -- narrows: only staff come here
    return LogEntry.objects.create(
        user_id=request.user.pk,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=f"{row._meta.verbose_name} {row.pk}",
        action_flag=flag,
        change_message=message if isinstance(message, str) else json.dumps(message),
    )
