"""Addresses of people and their linked accounts."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from accounts import (
    conflict_views,
    facebook_callbacks,
    notice_views,
    own_account_views,
    sign_in_again_views,
    views,
)

urlpatterns = [
    path("connections/", views.connections_page, name="connections"),
    path("connections/connect/<slug:provider>/", views.connect, name="connect"),
    path("connections/<int:pk>/reconnect/", views.reconnect, name="reconnect"),
    path("connections/<int:pk>/disconnect/", views.disconnect, name="disconnect"),
    path("connections/<int:pk>/access.ics", views.access_ends, name="access_ends"),
    path("connections/conflict/", conflict_views.connection_conflict, name="connection_conflict"),
    path("connections/conflict/cancel/", conflict_views.conflict_cancel, name="conflict_cancel"),
    path("connections/conflict/sign-in/", conflict_views.conflict_sign_in, name="conflict_sign_in"),
    path("connections/conflict/move/", conflict_views.conflict_move, name="conflict_move"),
    path("sign-in-again/", sign_in_again_views.sign_in_again, name="sign_in_again"),
    path("sign-in-again/done/", sign_in_again_views.signed_in_again, name="signed_in_again"),
    path("second-way-in/", views.second_way_in, name="second_way_in"),
    path("account/", own_account_views.account_page, name="account"),
    path("account/sessions/", own_account_views.sessions_page, name="sessions"),
    path("account/sessions/<int:pk>/end/", own_account_views.end_session, name="end_session"),
    path(
        "account/sessions/end-others/",
        own_account_views.end_other_sessions,
        name="end_other_sessions",
    ),
    path("account/export/", own_account_views.export_account, name="export_account"),
    path("account/delete/", own_account_views.delete_account, name="delete_account"),
    path("account/notices/", notice_views.notice_switches, name="notice_switches"),
    path("notices/", notice_views.notices_page, name="notices"),
    path("notices/read/", notice_views.mark_notices_read, name="mark_notices_read"),
    path(
        "notices/unsubscribe/<str:token>/",
        notice_views.notice_unsubscribe,
        name="notice_unsubscribe",
    ),
    path(
        "facebook/deauthorize/",
        facebook_callbacks.facebook_deauthorize,
        name="facebook_deauthorize",
    ),
    path("facebook/deletion/", facebook_callbacks.facebook_deletion, name="facebook_deletion"),
    path(
        "facebook/deletion/<slug:code>/",
        facebook_callbacks.facebook_deletion_status,
        name="facebook_deletion_status",
    ),
]

# allauth's pages that ours take the place of; spotsite.urls puts these before allauth's own.
replaced = [
    path("accounts/3rdparty/", RedirectView.as_view(pattern_name="connections")),
    path("accounts/sessions/", RedirectView.as_view(pattern_name="sessions")),
]
