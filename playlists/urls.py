"""Addresses of lists, runs and versions."""

from __future__ import annotations

from django.urls import path

from playlists import match_views, recipe_views, takeout_views, version_views, views

urlpatterns = [
    path("playlists/put/", views.put, name="put"),
    path("playlists/put/<uuid:uuid>/", views.preview_page, name="put_preview"),
    path("recipes/", recipe_views.recipes, name="recipes"),
    path("recipes/new/", recipe_views.gallery, name="recipe_gallery"),
    path("recipes/new/json/", recipe_views.from_json, name="recipe_from_json"),
    path("recipes/schema.json", recipe_views.schema, name="recipe_schema"),
    path("recipes/new/<slug:slug>/", recipe_views.from_template, name="recipe_new"),
    path("recipes/<uuid:uuid>/", recipe_views.recipe_page, name="recipe"),
    path("recipes/<uuid:uuid>.json", recipe_views.recipe_text, name="recipe_text"),
    path("recipes/<uuid:uuid>/edit/", recipe_views.edit, name="recipe_edit"),
    path("recipes/<uuid:uuid>/preview/", recipe_views.preview, name="recipe_preview"),
    path("recipes/<uuid:uuid>/run/", recipe_views.run_now, name="recipe_run"),
    path("recipes/<uuid:uuid>/pause/", recipe_views.pause, name="recipe_pause"),
    path("recipes/<uuid:uuid>/resume/", recipe_views.resume, name="recipe_resume"),
    path("recipes/<uuid:uuid>/delete/", recipe_views.delete, name="recipe_delete"),
    path("blocks/", recipe_views.block_list, name="blocks"),
    path("blocks/<int:pk>/remove/", recipe_views.unblock, name="unblock"),
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:uuid>/", views.run_page, name="run"),
    path("runs/<uuid:uuid>.json", views.run_json, name="run_json"),
    path("runs/<uuid:uuid>/retry/", views.retry, name="run_retry"),
    path("runs/<uuid:uuid>/approve/", views.approve, name="run_approve"),
    path("runs/<uuid:uuid>/cancel/", views.cancel, name="run_cancel"),
    path("runs/<uuid:uuid>/put-back/", views.put_back, name="run_put_back"),
    path("playlists/", version_views.playlists, name="playlists"),
    path("playlists/<str:playlist_id>/versions/", version_views.timeline, name="versions"),
    path("matches/", match_views.lists, name="matchings"),
    path("matches/new/", match_views.bring, name="bring"),
    path("matches/<uuid:uuid>/", match_views.matching_page, name="matching"),
    path("matches/<uuid:uuid>.json", match_views.matching_json, name="matching_json"),
    path("matches/<uuid:uuid>/lines/", match_views.lines, name="match_lines"),
    path("matches/<uuid:uuid>/retry/", match_views.retry, name="matching_retry"),
    path("matches/<uuid:uuid>/cancel/", match_views.cancel, name="matching_cancel"),
    path("matches/<uuid:uuid>/store/", match_views.store, name="matching_store"),
    path("matches/<uuid:uuid>/delete/", match_views.delete, name="matching_delete"),
    path("playlists/download/", takeout_views.everything, name="takeout"),
    path(
        "playlists/<str:playlist_id>/download/<slug:key>/",
        takeout_views.playlist_file,
        name="playlist_file",
    ),
    path("versions/<int:pk>/download/<slug:key>/", takeout_views.version_file, name="version_file"),
    path("versions/<int:pk>/", version_views.version_page, name="version"),
    path("versions/<int:pk>/diff/<int:other>/", version_views.diff_page, name="version_diff"),
    path("versions/<int:pk>/pin/", version_views.pin, name="version_pin"),
    path("versions/<int:pk>/unpin/", version_views.unpin, name="version_unpin"),
    path("versions/<int:pk>/restore/", version_views.restore_whole, name="version_restore"),
    path("versions/<int:pk>/put-back/", version_views.restore_some, name="version_put_back"),
    path("versions/<int:pk>/look-up/", version_views.look_up, name="version_look_up"),
]
