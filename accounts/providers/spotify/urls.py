"""``/accounts/spotify/login/`` and its callback."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth.urls import default_urlpatterns

from accounts.providers.spotify.provider import SpotifyProvider

urlpatterns = default_urlpatterns(SpotifyProvider)
