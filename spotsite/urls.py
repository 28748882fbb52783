"""Every address of the site."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from accounts import urls as accounts_urls
from spotsite import staff, views

urlpatterns = [
    path("", views.home, name="home"),
    path("privacy/", views.privacy, name="privacy"),
    path("healthz", views.healthz, name="healthz"),
    *accounts_urls.replaced,
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("playlists.urls")),
    path("admin/", staff.site.urls),
]
handler400 = "spotsite.outages.bad_request"
handler500 = "spotsite.outages.server_error"
if settings.DEMO:
    urlpatterns.append(path("dev/mail/", include("spotsite.devmail")))
