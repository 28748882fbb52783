"""The pages that belong to nobody: the front page and the health of the site."""

from __future__ import annotations

import redis
from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")


@never_cache
@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where Postgres and Valkey answer, else 503 with what is missing."""
    parts = {"database": _database_answers(), "broker": _broker_answers()}
    return JsonResponse(
        {"ok": all(parts.values()), **parts}, status=200 if all(parts.values()) else 503
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _broker_answers() -> bool:
    try:
        cache.get("healthz")
    except redis.RedisError:
        return False
    return True
