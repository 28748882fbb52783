"""Addresses of lists, runs and versions."""

from __future__ import annotations

from django.urls import path

from playlists import version_views, views

urlpatterns = [
    path("playlists/put/", views.put, name="put"),
    path("playlists/put/<uuid:uuid>/", views.preview_page, name="put_preview"),
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:uuid>/", views.run_page, name="run"),
    path("runs/<uuid:uuid>.json", views.run_json, name="run_json"),
    path("runs/<uuid:uuid>/retry/", views.retry, name="run_retry"),
    path("runs/<uuid:uuid>/approve/", views.approve, name="run_approve"),
    path("runs/<uuid:uuid>/cancel/", views.cancel, name="run_cancel"),
    path("runs/<uuid:uuid>/put-back/", views.put_back, name="run_put_back"),
    path("playlists/<str:playlist_id>/versions/", version_views.timeline, name="versions"),
    path("versions/<int:pk>/", version_views.version_page, name="version"),
    path("versions/<int:pk>/diff/<int:other>/", version_views.diff_page, name="version_diff"),
    path("versions/<int:pk>/pin/", version_views.pin, name="version_pin"),
    path("versions/<int:pk>/unpin/", version_views.unpin, name="version_unpin"),
    path("versions/<int:pk>/restore/", version_views.restore_whole, name="version_restore"),
    path("versions/<int:pk>/put-back/", version_views.restore_some, name="version_put_back"),
    path("versions/<int:pk>/look-up/", version_views.look_up, name="version_look_up"),
]
