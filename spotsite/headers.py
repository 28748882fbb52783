"""The response headers that Django and django-csp leave out (docs/security.md lists all)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

CALLBACK = "/login/callback/"
# The site needs none of them, and passkeys only for itself.
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "microphone=(), midi=(), payment=(), publickey-credentials-create=(self), "
    "publickey-credentials-get=(self), usb=()"
)
STRICT_TRANSPORT_SECURITY = f"max-age={365 * 24 * 3600}; includeSubDomains; preload"


class HeadersMiddleware:
    """Keeps other sites from embedding our answers, and one-time codes out of caches."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if settings.HTTPS:
            # Django says it only where it is told that the request came by https, which takes a
            # proxy that is trusted; browsers get our answers by https, as PUBLIC_URL says.
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)
        if request.path.endswith(CALLBACK):
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = "no-referrer"
        return response
