"""What people type on their own pages."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.fields import PasswordField
from allauth.mfa.base.forms import ReauthenticateForm
from django import forms

from accounts.models import User

DELETE_WORDS = "delete my account"


class PasswordProof(forms.Form):
    """The other account's password, under the same limit of tries as a sign-in."""

    password = PasswordField(label="Password of the other account")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("incorrect_password")
        return password


class CodeProof(ReauthenticateForm):
    """A code of the other account's app, or one of its recovery codes; a wrong one counts."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields[
            "code"
        ].label = "Code from the app of the other account, or one of its recovery codes"


class NoProof(forms.Form):
    """Nothing more is asked: the trip to the provider was the sign-in."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class DeleteForm(forms.Form):
    """Typed words, so that nobody deletes themselves by a slip."""

    words = forms.CharField(
        label=f"Type “{DELETE_WORDS}”",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_words(self) -> str:
        words = " ".join(self.cleaned_data["words"].lower().split())
        if words != DELETE_WORDS:
            raise forms.ValidationError(f"Type the words “{DELETE_WORDS}” to go on.")
        return words
