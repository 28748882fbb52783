"""Addresses of lists and runs."""

from __future__ import annotations

from django.urls import path

from playlists import views

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
]
