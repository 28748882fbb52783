"""What allauth's pages obey besides: a way in stays, sensitive changes want a fresh sign-in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse

from accounts import recent, ways_in
from accounts.models import User


class AccountRules(DefaultAccountAdapter):
    """The part of the account adapter that keeps people in, and others out."""

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Let the last address go where another way in remains; allauth would keep it for ever."""
        others = EmailAddress.objects.filter(user=email_address.user).exclude(pk=email_address.pk)
        if email_address.primary and others.exists():
            return False  # another one has to be made the primary address first
        if not ways_in.is_way_in(email_address):
            return True
        return bool(ways_in.would_remain(email_address.user, without=email_address))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask the people whom allauth never asks: those without a password and a second factor."""
        required = bool(super().is_reauthentication_required(app=app, **kwargs))
        if required:
            recent.require(self.request)
        return required

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not isinstance(user, User) or recent.has_own_proof(user):
            return methods
        return [
            {
                "id": "sign_in_again",
                "description": "Sign in again with an account of yours",
                "url": reverse("sign_in_again"),
            }
        ]

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """Ask a new person for a second way in, if they have one only."""
        if isinstance(request.user, User) and len(ways_in.ways_in(request.user)) < 2:
            return reverse("second_way_in")
        return str(super().get_signup_redirect_url(request))
