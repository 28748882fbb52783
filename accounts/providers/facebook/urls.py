"""``/accounts/facebook/login/`` and its callback; allauth's ``login/token/`` is not mounted."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth.urls import default_urlpatterns

from accounts.providers.facebook.provider import FacebookProvider

urlpatterns = default_urlpatterns(FacebookProvider)
