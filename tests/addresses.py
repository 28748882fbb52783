"""Every address of the site, and the rows that fill its arguments: a new page adds its own here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.models import (
    Credential,
    CredentialEvent,
    DeletionRequest,
    Notice,
    ProviderState,
    User,
    Withdrawal,
)
from playlists.models import Block, Calls, Ledger, Matching, Pause, Recipe, Run, StoredList, Version
from playlists.recipes import definition
from playlists.recipes.templates import BY_SLUG
from spotsite import clock
from spotsite.staff import site
from tests.people import give_email, give_passkey

# Open to everybody: they show nothing of anybody, or hold a code or a signature that is checked.
PUBLIC = {
    "",
    "privacy/",
    "healthz",
    "accounts/login/",
    "accounts/login/code/",
    "accounts/inactive/",
    "accounts/signup/",
    "accounts/confirm-email/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/2fa/webauthn/login/",
    "accounts/3rdparty/login/cancelled/",
    "accounts/3rdparty/login/error/",
    "accounts/spotify/login/",
    "accounts/spotify/login/callback/",
    "accounts/facebook/login/",
    "accounts/facebook/login/callback/",
    "facebook/deauthorize/",
    "facebook/deletion/",
    "facebook/deletion/<slug:code>/",
    "notices/unsubscribe/<str:token>/",
    "runs/decide/<str:token>/",
    "dev/mail/",  # in a demo only
    "dev/mail/<str:file>/<int:number>/",
}

# The admin's own pages, which Django opens to staff without asking for a permission of any model.
EVERY_STAFF = {
    "admin/",
    "admin/login/",
    "admin/logout/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/jsi18n/",
}

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who visits, and the rows of the one whom they are about."""

    owner: User
    other: User
    staff: User
    rows: dict[type, Any]


# Rows of one person: nobody else may find out that they exist.
OWNED: dict[str, Callable[[Cast], Arguments]] = {
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": lambda cast: _pk(cast, Authenticator),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": lambda cast: _pk(cast, Authenticator),
    "connections/<int:pk>/reconnect/": lambda cast: _pk(cast, SocialAccount),
    "connections/<int:pk>/disconnect/": lambda cast: _pk(cast, SocialAccount),
    "connections/<int:pk>/access.ics": lambda cast: _pk(cast, SocialAccount),
    "account/sessions/<int:pk>/end/": lambda cast: _pk(cast, UserSession),
    "playlists/put/<uuid:uuid>/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>.json": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>/retry/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>/approve/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>/cancel/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "runs/<uuid:uuid>/put-back/": lambda cast: {"uuid": cast.rows[Run].uuid},
    "playlists/<str:playlist_id>/versions/": lambda cast: {
        "playlist_id": cast.rows[Version].playlist_id
    },
    "recipes/<uuid:uuid>/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>.json": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/build/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/edit/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/preview/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/run/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/pause/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/resume/": lambda cast: _uuid(cast, Recipe),
    "recipes/<uuid:uuid>/delete/": lambda cast: _uuid(cast, Recipe),
    "matches/<uuid:uuid>/": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>.json": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>/lines/": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>/retry/": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>/cancel/": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>/store/": lambda cast: _uuid(cast, Matching),
    "matches/<uuid:uuid>/delete/": lambda cast: _uuid(cast, Matching),
    "lists/<uuid:uuid>/": lambda cast: _uuid(cast, StoredList),
    "lists/<uuid:uuid>/delete/": lambda cast: _uuid(cast, StoredList),
    "blocks/<int:pk>/remove/": lambda cast: _pk(cast, Block),
    "versions/<int:pk>/": lambda cast: _pk(cast, Version),
    "versions/<int:pk>/download/<slug:key>/": lambda cast: {**_pk(cast, Version), "key": "csv"},
    "playlists/<str:playlist_id>/download/<slug:key>/": lambda cast: {
        "playlist_id": cast.rows[Version].playlist_id,
        "key": "csv",
    },
    "versions/<int:pk>/diff/<int:other>/": lambda cast: {
        **_pk(cast, Version),
        "other": cast.rows[Version].pk,
    },
    "versions/<int:pk>/pin/": lambda cast: _pk(cast, Version),
    "versions/<int:pk>/unpin/": lambda cast: _pk(cast, Version),
    "versions/<int:pk>/restore/": lambda cast: _pk(cast, Version),
    "versions/<int:pk>/put-back/": lambda cast: _pk(cast, Version),
    "versions/<int:pk>/look-up/": lambda cast: _pk(cast, Version),
}

# Arguments that name nobody's row.
OTHER_ARGUMENTS: dict[str, Arguments] = {
    "connections/connect/<slug:provider>/": {"provider": "spotify"},
    "recipes/new/<slug:slug>/": {"slug": "newest"},
    "facebook/deletion/<slug:code>/": {"code": "a-code"},
    "notices/unsubscribe/<str:token>/": {"token": "a-token"},
    "runs/decide/<str:token>/": {"token": "a-token"},
    "dev/mail/<str:file>/<int:number>/": {"file": "20260101-000000-1.log", "number": 1},
    "admin/r/<path:content_type_id>/<path:object_id>/": {"content_type_id": 1, "object_id": 1},
}


def routes() -> list[str]:
    """Return the pattern of every address, each once; what comes first hides what comes later."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "")))


def exempt_routes() -> list[str]:
    """Return the patterns whose view does not check the CSRF token."""
    return [
        route
        for route, view in _views(get_resolver().url_patterns, "")
        if getattr(view, "csrf_exempt", False)
    ]


def cast() -> Cast:
    """Make the people, and for the owner a row of everything that has an address."""
    owner = User.objects.create_user(name="Owner")
    other = User.objects.create_user(name="Other")
    staff = User.objects.create_user(name="Staff", is_staff=True)
    for person in (other, staff):
        SocialAccount.objects.create(user=person, provider="spotify", uid=f"uid-{person.pk}")
    return Cast(owner, other, staff, _rows(owner, staff))


def address(route: str, cast: Cast) -> str:
    """Return the address of a pattern, its arguments filled; fail where nobody said with what."""
    if route.startswith("admin/") and "object_id" in route and route not in OTHER_ARGUMENTS:
        return "/" + _fill(route, {"object_id": cast.rows[_admin_model(route)].pk})
    if route.startswith("admin/^"):
        return "/admin/accounts/"
    if route == "admin/(?P<url>.*)$":
        return "/admin/nothing-here/"
    arguments = OWNED[route](cast) if route in OWNED else OTHER_ARGUMENTS.get(route, {})
    return "/" + _fill(route, arguments)


def _fill(route: str, arguments: Arguments) -> str:
    filled = re.sub(r"<\w+:(\w+)>", lambda found: str(arguments[found.group(1)]), route)
    assert not re.search(r"[<>^$()]", filled), f"{route} has arguments that nothing fills"
    return filled


def _admin_model(route: str) -> type:
    _, app, model, *_ = route.split("/")
    return next(
        one for one in site._registry if (one._meta.app_label, one._meta.model_name) == (app, model)
    )


def _walk(patterns: list[Any], prefix: str) -> Iterator[str]:
    return (route for route, _ in _views(patterns, prefix))


def _views(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def _pk(cast: Cast, model: type) -> Arguments:
    return {"pk": cast.rows[model].pk}


def _uuid(cast: Cast, model: type) -> Arguments:
    return {"uuid": cast.rows[model].uuid}


def _rows(owner: User, staff: User) -> dict[type, Any]:
    account = SocialAccount.objects.create(user=owner, provider="spotify", uid="uid-owner")
    interval = IntervalSchedule.objects.create(every=1, period="days")
    rows = [
        owner,
        account,
        give_email(owner, "owner@example.org"),
        give_passkey(owner),
        Credential.objects.create(
            account=account, provider="spotify", reauth_due_at=clock.now(), scopes=[]
        ),
        CredentialEvent.objects.create(account=account, user=owner, kind="stored"),
        ProviderState.objects.create(provider="spotify"),
        DeletionRequest.objects.create(code="a-code", kind="deletion", uid_digest="x"),
        Withdrawal.objects.create(provider="facebook", user=owner),
        Notice.objects.create(user=owner, kind="held", key="a", title="A notice", sentence="So."),
        UserSession.objects.create(
            user=owner, ip="127.0.0.1", session_key="k" * 32, user_agent="a browser"
        ),
        Run.objects.create(
            user=owner, account=account, mode=Run.Mode.APPEND, name="A list", state=Run.State.DONE
        ),
        Version.objects.create(account=account, playlist_id="p"),
        Ledger.objects.create(account=account, playlist_id="p"),
        Pause.objects.create(bucket="writes", until=clock.now(), reason="quota"),
        Recipe.objects.create(
            user=owner, account=account, name="A recipe", definition=_definition(account)
        ),
        StoredList.objects.create(user=owner, name="A list"),
        Block.objects.create(user=owner, artist="Somebody"),
        Matching.objects.create(user=owner, account=account, name="A list", state="done"),
        Calls.objects.create(hour=clock.now(), group="me", person=owner, count=1),
        Group.objects.create(name="a group"),
        interval,
        CrontabSchedule.objects.create(),
        PeriodicTask.objects.create(name="a job", task="a.task", interval=interval),
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(owner.pk),
            object_repr="x",
            action_flag=CHANGE,
        ),
    ]
    return {type(row): row for row in rows} | {EmailAddress: rows[2]}


def _definition(account: SocialAccount) -> dict[str, Any]:
    known = BY_SLUG["mirror-likes"].make({}, account=account.uid)
    return definition.data(known)
