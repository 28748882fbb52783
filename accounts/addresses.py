"""An address belongs to the person who can read its mail, whoever wrote it down first.

Somebody may sign up with an address that is not theirs; they never get in, for the code goes to its
owner.
Until then nothing here may keep the owner from using it.
"""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ConfirmEmailVerificationCodeForm
from allauth.account.models import EmailAddress
from allauth.core.internal.cryptokit import compare_user_code
from django.db import transaction

from accounts import ways_in
from accounts.models import User


class ConfirmEmailForm(ConfirmEmailVerificationCodeForm):
    """The mailed code: who has it takes the address from those who never had it."""

    def clean_code(self) -> str:
        if self.user is not None and self._is_right():
            release(self.email, to=self.user)
        code: str = super().clean_code()
        return code

    def _is_right(self) -> bool:
        typed: Any = self.cleaned_data.get("code")
        return bool(typed) and compare_user_code(actual=typed, expected=self.expected_code)


def release(email: str, *, to: User) -> None:
    """Take an address from everybody who wrote it down and never proved it; verified ones stay."""
    email = email.lower()
    with transaction.atomic():
        unproved = EmailAddress.objects.filter(email=email, verified=False).exclude(user=to)
        holders = list(User.objects.filter(emailaddress__in=unproved).exclude(pk=to.pk))
        unproved.delete()
        for holder in holders:
            if holder.last_login is None and not ways_in.ways_in(holder):
                holder.delete()  # signed up with this address only, and never came in
            elif holder.email == email:
                holder.email = None
                holder.save(update_fields=["email"])
