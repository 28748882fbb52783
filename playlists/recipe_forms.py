"""The forms that make a recipe: from a template, or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from allauth.socialaccount.models import SocialAccount
from django import forms

from playlists.forms import name_of
from playlists.library import Target
from playlists.models import StoredList
from playlists.recipes import definition
from playlists.recipes.definition import Definition, NotADefinition
from playlists.recipes.templates import STORED, Field, Template

MOST_JSON = 1_000_000  # characters: 10,000 URIs and more


class TemplateForm(forms.Form):
    """What a template asks; valid where it comes to a definition, which is ``known`` then."""

    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-zone": ""}))

    def __init__(
        self,
        *args: Any,
        template: Template,
        accounts: Sequence[SocialAccount],
        targets: Sequence[Target],
        lists: Sequence[StoredList] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        self._accounts = accounts
        for field in template.fields:
            self.fields[field.name] = _field(field, targets, lists)
        if len(accounts) > 1:
            choices = [(account.uid, name_of(account)) for account in accounts]
            self.fields["account"] = forms.ChoiceField(
                label="By which of your Spotify accounts", choices=choices
            )

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        return name if name in available_timezones() else "UTC"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            account = data.get("account") or self._accounts[0].uid
            try:
                self.known = self.template.make(
                    data, account=account, time_zone=data.get("time_zone") or "UTC"
                )
            except NotADefinition as exc:
                raise forms.ValidationError(told(exc)) from None
        return data

    known: Definition


class JsonForm(forms.Form):
    """A whole definition as text, and what the recipe is called."""

    name = forms.CharField(label="Name of the recipe", max_length=100)
    text = forms.CharField(
        label="Definition",
        max_length=MOST_JSON,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
    )

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        try:
            self.known = definition.read(text)
        except NotADefinition as exc:
            raise forms.ValidationError(told(exc)) from None
        return text

    known: Definition


class BlockForm(forms.Form):
    """Tracks by their links, artists by their names, one a line."""

    lines = forms.CharField(
        label="Links to tracks, or names of artists, one a line",
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )


def told(exc: NotADefinition) -> list[str]:
    """Return a sentence for each thing that is wrong."""
    return [str(problem) for problem in exc.problems]


def _field(field: Field, targets: Sequence[Target], lists: Sequence[StoredList]) -> forms.Field:
    common: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help,
        "initial": field.initial,
    }
    playlists: list[Any] = [(target.playlist_id, target.name) for target in targets]
    if lists:
        playlists.append(("Stored lists", [(f"{STORED}{one.uuid}", one.name) for one in lists]))
    match field.kind:
        case "text":
            return forms.CharField(max_length=field.most or None, **common)
        case "number":
            return forms.IntegerField(min_value=field.least, max_value=field.most, **common)
        case "choice":
            return forms.ChoiceField(choices=field.choices, **common)
        case "playlist":
            is_optional = field.initial is not None
            first = [("", "My liked songs" if is_optional else "Choose one")]
            return forms.ChoiceField(
                choices=[*first, *playlists], required=not is_optional, **common
            )
        case "playlists":
            return forms.MultipleChoiceField(
                choices=playlists, widget=forms.CheckboxSelectMultiple, **common
            )


def initial_text(account: str) -> str:
    """Return the text to begin with: the simplest recipe that there is."""
    return definition.text(definition.check(_simplest(account)))


def _simplest(account: str) -> Mapping[str, Any]:
    return {
        "version": definition.VERSION,
        "sources": [{"kind": "liked"}],
        "target": {
            "account": account,
            "playlist": {"kind": "new", "name": "My likes"},
            "mode": {"kind": "mirror"},
        },
    }
