"""What the browser is told with every answer, and that check --deploy finds nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from accounts.models import User

ROOT = Path(__file__).resolve().parents[2]
CSP = "Content-Security-Policy"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = [
    ("/", 200),
    ("/privacy/", 200),
    ("/healthz", 200),
    ("/accounts/login/", 200),
    ("/accounts/signup/", 200),
    ("/admin/", 302),
    ("/admin/login/", 302),
    ("/connections/", 302),
    ("/nowhere/", 404),
    ("/broken/", 500),
]
# A real https site: everything that the runner's environment has, and no demo.
HTTPS = {
    "PUBLIC_URL": "https://lists.example",
    "ALLOWED_HOSTS": "lists.example",
    "TRUSTED_PROXIES": "1",
    "DEMO": "",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "",  # pytest's own (tests/conftest.py)
}


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the page is broken")


urlpatterns = [path("broken/", broken), path("", include("spotsite.urls"))]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("address", "status"), PAGES)
def test_every_answer_says_how_strict_the_browser_shall_be(address: str, status: int) -> None:
    response = Client(raise_request_exception=False).get(address)

    assert response.status_code == status
    assert {name: response.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in response["Permissions-Policy"]
    policy = response[CSP]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_callback_leaves_its_code_in_no_cache_and_no_referrer() -> None:
    response = Client().get("/accounts/spotify/login/callback/?code=x&state=y")

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.django_db
def test_a_message_to_the_person_travels_in_no_cookie_of_its_own() -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada@example.org"))

    left = client.post("/accounts/logout/", follow=True)

    assert "signed out" in left.text  # the message that allauth leaves
    assert set(client.cookies) <= {"sessionid", "csrftoken"}


def test_form_action_names_the_providers_and_nobody_else() -> None:
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    spotify, _, rest = settings.SPOTIFY_AUTHORIZE_URL.partition("/authorize")
    assert policy["form-action"] == ["'self'", spotify, spotify]
    assert rest == ""


def test_check_deploy_finds_nothing_on_a_site_with_https() -> None:
    result = _run("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert result.stderr == ""
    assert (result.returncode, result.stdout) == (
        0,
        "System check identified no issues (0 silenced).\n",
    )


def test_check_deploy_would_find_a_site_without_https() -> None:
    result = _run(
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        PUBLIC_URL="http://lists.example",
    )

    assert result.returncode == 1
    assert "security.W004" in result.stderr  # no HSTS


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_cookies_of_a_site_with_https_are_bound_to_its_host(proxies: str) -> None:
    result = _run("-c", COOKIES, TRUSTED_PROXIES=proxies)

    answer = json.loads(result.stdout)
    assert answer["hsts"] == "max-age=31536000; includeSubDomains; preload"
    assert answer["cookies"] == {
        "__Host-csrftoken": {
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
            "path": "/",
            "domain": "",
        },
        "__Host-sessionid": {
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
            "path": "/",
            "domain": "",
        },
    }


COOKIES = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "spotsite.settings"
import django
django.setup()
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, override_settings
from django.urls import path

def page(request):
    get_token(request)
    request.session["x"] = "y"
    return HttpResponse("ok")

urlpatterns = [path("", page)]
cache = "django.contrib.sessions.backends.cache"
with override_settings(ROOT_URLCONF=__name__, SESSION_ENGINE=cache):
    response = Client().get("/", headers={"host": "lists.example", "x-forwarded-proto": "https"})
names = ("secure", "httponly", "samesite", "path", "domain")
cookies = {c.key: {n: c[n] for n in names} for c in response.cookies.values()}
print(json.dumps({"cookies": cookies, "hsts": response["Strict-Transport-Security"]}))
"""


def _run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **HTTPS, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
