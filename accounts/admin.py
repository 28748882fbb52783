"""The staff's pages about people and linked accounts; a token or ciphertext is on none of them."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts import belief, leaving, tasks, tokens
from accounts.models import (
    Credential,
    CredentialEvent,
    DeletionRequest,
    Notice,
    ProviderState,
    User,
    Withdrawal,
)
from accounts.signals import person_shut_out
from accounts.ways_in import ways_in
from spotsite import nudges
from spotsite.staff import CodeFilter, ReadOnlyAdmin, StaffAdmin, site

FLAGS = ("is_active", "is_staff", "is_superuser", "groups")


@admin.register(User, site=site)
class PersonAdmin(StaffAdmin):
    """People: staff may shut one out; only superusers make somebody staff."""

    list_display = (
        *("pk", "name", "email", "ways_in_count", "account_count"),
        *("is_active", "is_staff", "has_second_factor", "date_joined", "last_login"),
    )
    list_display_links = ("pk", "name")
    list_filter = ("is_active", "is_staff", "socialaccount__provider")
    search_fields = ("name", "email", "socialaccount__uid", "emailaddress__email")
    ordering = ("-date_joined",)
    readonly_fields = ("name", "email", "uuid", "ways_in_names", "date_joined", "last_login")
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": readonly_fields}),
        ("May they come in", {"fields": ("is_active",)}),
        ("Staff", {"fields": ("is_staff", "is_superuser", "groups")}),
    )
    actions = ("shut_out", "let_in_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return _with_ways_in(super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up; nobody else knows their password

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep staff from shutting out the superusers above them."""
        above = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep what staff did on record: their rights are taken off first."""
        is_staff = isinstance(obj, User) and (obj.is_staff or obj.is_superuser)
        return not is_staff and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the people only: all that hangs on them goes too, whoever may see it."""
        return [str(person) for person in objs], {"people": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Erase a person as if they had left by themselves."""
        for withdrawal in leaving.leave(obj):
            nudges.send_on_commit(tasks.withdraw_permission, withdrawal)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for person in queryset:
            if self.has_delete_permission(request, person):
                self.delete_model(request, person)
            else:
                self.message_user(request, f"{person} is staff and stays.", messages.WARNING)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody locks themselves out, and only superusers make staff."""
        if obj is not None and obj.pk == request.user.pk:
            return (*self.readonly_fields, *FLAGS)
        if not request.user.is_superuser:
            return (*self.readonly_fields, *FLAGS[1:])
        return self.readonly_fields

    @admin.display(description="ways in", ordering="ways_in_total")
    def ways_in_count(self, person: Any) -> int:
        return int(person.ways_in_total)

    @admin.display(description="linked accounts", ordering="accounts_total")
    def account_count(self, person: Any) -> int:
        return int(person.accounts_total)

    @admin.display(description="second factor", boolean=True)
    def has_second_factor(self, person: Any) -> bool:
        return bool(person.second_factor)

    @admin.display(description="ways in")
    def ways_in_names(self, person: User) -> str:
        return ", ".join(f"{way.kind} ({way.name})" for way in ways_in(person)) or "none"

    @admin.action(description="Shut out: their sessions and runs end", permissions=["change"])
    def shut_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._let(request, queryset, active=False)

    @admin.action(description="Let in again", permissions=["change"])
    def let_in_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._let(request, queryset, active=True)

    def _let(self, request: HttpRequest, people: QuerySet[User], *, active: bool) -> None:
        changed = 0
        for person in people.exclude(is_active=active):
            if person == request.user or not self.has_change_permission(request, person):
                continue
            person.is_active = active
            person.save(update_fields=["is_active"])
            if not active:
                _close_door(person)
            self.log_change(request, person, "Let in again." if active else "Shut out.")
            changed += 1
        self.message_user(request, f"{'Let in' if active else 'Shut out'}: {changed}.")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            _close_door(obj)


@admin.register(SocialAccount, site=site)
class LinkedAccountAdmin(ReadOnlyAdmin):
    """A person's account at a provider."""

    list_display = ("pk", "provider", "uid", "user", "date_joined", "last_login")
    list_select_related = ("user",)
    list_filter = ("provider",)
    search_fields = ("uid", "user__name", "user__email")
    # Not extra_data: what the provider says about a person is theirs.
    fields = ("provider", "uid", "user", "date_joined", "last_login")


@admin.register(EmailAddress, site=site)
class EmailAddressAdmin(ReadOnlyAdmin):
    """An address of a person, and whether they proved it."""

    list_display = ("email", "user", "verified", "primary")
    list_select_related = ("user",)
    list_filter = ("verified", "primary")
    search_fields = ("email", "user__name")
    fields = ("email", "user", "verified", "primary")


@admin.register(Credential, site=site)
class CredentialAdmin(ReadOnlyAdmin):
    """What a linked account lets us do: its state, dates and key, never what is sealed."""

    list_display = (
        *("pk", "provider", "person", "status", "fail_count", "last_error_code"),
        *("reauth_due_at", "last_refreshed_at", "next_refresh_at", "key_id"),
    )
    list_select_related = ("account__user",)
    list_filter = ("provider", "status", ("last_error_code", CodeFilter), "key_id")
    search_fields = (
        *("provider_user_id", "account__uid"),
        *("account__user__name", "account__user__email"),
    )
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("provider", "person", "account_uid", "provider_user_id", "status")}),
        (
            "What it lets us do, and until when",
            {"fields": ("scopes", "authorized_at", "reauth_due_at", "reminded_days")},
        ),
        (
            "Refreshing",
            {
                "fields": (
                    *("last_refreshed_at", "next_refresh_at", "access_expires_at"),
                    *("last_used_at", "lease_until", "generation", "key_id"),
                )
            },
        ),
        (
            "Trouble",
            {"fields": ("suspect_since", "probes", "fail_count", "last_error_code", "events")},
        ),
    )
    readonly_fields = ("person", "account_uid", "events")
    actions = ("refresh_now", "require_reconnect")

    @admin.display(description="person", ordering="account__user__name")
    def person(self, credential: Credential) -> str:
        return str(credential.account.user)

    @admin.display(description="uid")
    def account_uid(self, credential: Credential) -> str:
        return str(credential.account.uid)

    @admin.display(description="what happened")
    def events(self, credential: Credential) -> SafeString:
        latest = credential.account.events.order_by("-at")[:10]
        return format_html_join(
            "",
            "<p>{} {}</p>",
            ((f"{localtime(event.at):%-d %B %Y, %H:%M}:", event) for event in latest),
        )

    @admin.action(description="Refresh now", permissions=["act"])
    def refresh_now(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        with transaction.atomic():
            asked = [row for row in queryset if tokens.ask_refresh(row.pk)]
            self._note(request, asked, "refresh_asked", "Refresh asked for")
            nudges.send_on_commit(tasks.refresh_some)

    @admin.action(description="Require reconnect: erase the tokens", permissions=["act"])
    def require_reconnect(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        with transaction.atomic():
            asked = [row for row in queryset if tokens.require_reconnect(row.pk)]
            self._note(request, asked, "reconnect_required", "Reconnect required, tokens erased")

    def _note(self, request: HttpRequest, rows: list[Credential], code: str, message: str) -> None:
        CredentialEvent.objects.bulk_create(
            CredentialEvent(
                account=row.account,
                user=row.account.user,
                kind=CredentialEvent.Kind.STAFF,
                code=code,
            )
            for row in rows
        )
        for row in rows:
            self.log_change(request, row, f"{message}.")
        self.message_user(request, f"{message}: {len(rows)} of those chosen.")


@admin.register(CredentialEvent, site=site)
class CredentialEventAdmin(ReadOnlyAdmin):
    """What happened to linked accounts."""

    list_display = ("at", "provider", "user", "kind", "code")
    list_select_related = ("account", "user")
    list_filter = ("kind", "account__provider", ("code", CodeFilter))
    search_fields = ("code", "user__name", "user__email", "account__uid")
    ordering = ("-at",)
    date_hierarchy = "at"
    fields = ("at", "provider", "user", "kind", "code")
    readonly_fields = ("provider",)

    @admin.display(description="provider")
    def provider(self, event: CredentialEvent) -> str:
        return event.account.provider if event.account else ""


@admin.register(Notice, site=site)
class NoticeAdmin(ReadOnlyAdmin):
    """What people were told and when; what it says of their playlists is theirs."""

    list_display = ("told_at", "user", "kind", "mail_at", "mailed_at", "read_at")
    list_select_related = ("user",)
    list_filter = ("kind",)
    search_fields = ("user__name", "user__email")
    ordering = ("-pk",)
    date_hierarchy = "told_at"
    fields = ("told_at", "user", "kind", "is_shown", "mail_at", "mailed_at", "read_at")


@admin.register(ProviderState, site=site)
class ProviderStateAdmin(ReadOnlyAdmin):
    """A provider as a whole: does it refuse our client, and are verdicts frozen."""

    list_display = ("provider", "app_error_code", "app_error_at", "paused_until", "frozen_at")
    fields = (
        *("provider", "app_error_code", "app_error_at", "probed_at"),
        *("paused_until", "frozen_at", "thawed_at", "alerted_at"),
    )
    actions = ("unfreeze",)

    @admin.action(description="Unfreeze: take verdicts again", permissions=["act"])
    def unfreeze(
        self, request: HttpRequest, queryset: QuerySet[ProviderState]
    ) -> HttpResponse | None:
        """Ask first, on a page that names what happens."""
        frozen = list(queryset.exclude(frozen_at=None))
        if not frozen:
            self.message_user(request, "Nothing of that is frozen.", messages.WARNING)
            return None
        if "confirmed" not in request.POST:
            return self._ask(request, frozen)
        for state in frozen:
            known = belief.doubts(state.pk)
            if belief.thaw(state.pk):
                note = f"Unfrozen; accounts that were suspect: {known.suspect}."
                self.log_change(request, state, note)
        self.message_user(request, f"Unfrozen: {', '.join(state.pk for state in frozen)}.")
        return None

    def _ask(self, request: HttpRequest, frozen: list[ProviderState]) -> HttpResponse:
        context = {
            **site.each_context(request),
            "title": "Take verdicts again?",
            "opts": self.opts,
            "rows": [(state, belief.doubts(state.pk)) for state in frozen],
        }
        return TemplateResponse(request, "admin/accounts/providerstate/unfreeze.html", context)


@admin.register(DeletionRequest, site=site)
class DeletionRequestAdmin(ReadOnlyAdmin):
    """A request to delete data, as it came from Facebook."""

    list_display = ("code", "provider", "kind", "asked_at", "done_at")
    list_filter = ("provider", "kind")
    search_fields = ("code",)
    ordering = ("-asked_at",)
    fields = ("code", "provider", "kind", "asked_at", "done_at")


@admin.register(Withdrawal, site=site)
class WithdrawalAdmin(ReadOnlyAdmin):
    """A permission that we take back at the provider after a link has ended."""

    list_display = ("pk", "provider", "asked_at", "tries", "not_before", "done_at", "given_up_at")
    list_filter = ("provider", ("last_error_code", CodeFilter))
    ordering = ("-asked_at",)
    fields = (
        *("provider", "asked_at", "tries", "not_before"),
        *("done_at", "given_up_at", "last_error_code"),
    )


def _close_door(person: User) -> None:
    leaving.end_sessions(person)
    person_shut_out.send(User, user_id=person.pk)


def _with_ways_in(people: QuerySet[Any]) -> QuerySet[Any]:
    """Count for a whole list what ``ways_in`` tells of one person."""
    emails = EmailAddress.objects.filter(verified=True)
    accounts = SocialAccount.objects.filter(provider__in=_providers_in_use())
    keys = Authenticator.objects.filter(
        type=Authenticator.Type.WEBAUTHN,
        data__credential__clientExtensionResults__credProps__rk=True,
    )
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    password = Case(
        When(emails_total=0, then=Value(0)),
        When(password__startswith=UNUSABLE_PASSWORD_PREFIX, then=Value(0)),
        default=Value(1),
    )
    counted: QuerySet[Any] = people.annotate(
        emails_total=_count(emails),
        accounts_total=_count(SocialAccount.objects.all()),
        second_factor=Exists(factors.filter(user=OuterRef("pk"))),
        ways_in_total=F("emails_total") + _count(accounts) + _count(keys) + password,
    )
    return counted


def _count(rows: QuerySet[Any]) -> Coalesce:
    own = rows.filter(user=OuterRef("pk")).order_by().values("user")
    return Coalesce(Subquery(own.annotate(total=Count("pk")).values("total")), Value(0))


def _providers_in_use() -> list[str]:
    providers: dict[str, dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS
    return [
        name
        for name, provider in providers.items()
        if any(app["client_id"] for app in provider["APPS"])
    ]
