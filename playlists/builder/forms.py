"""A sheet as Django forms, for templates: labels, choices, and what is wrong at each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.utils import ErrorDict

from playlists.builder import kinds, singles
from playlists.builder.controls import Choices, Control, Raw
from playlists.builder.faults import Faults
from playlists.builder.kinds import Part
from playlists.builder.offers import Offers
from playlists.builder.sheet import Block, Rows, Sheet
from playlists.forms import ACCEPTED

MOST_LETTERS = 100  # of a recipe's name
_SHOWN_KEYS = 2
# What is seldom changed, and folded away while it is as it was.
_SELDOM = ("by_hand", "dates", "share", "calls", "name", "describes", "description")
_WINDOW = ("count", "days", "at")


class PartForm(forms.Form):
    """The fields of one block: shows what was sent and what is wrong, and checks nothing."""

    use_required_attribute = False

    def __init__(
        self, fields: Mapping[str, forms.Field], values: dict[str, Any], prefix: str, faults: Faults
    ) -> None:
        super().__init__(data={f"{prefix}-{name}": one for name, one in values.items()})
        self.prefix = prefix
        self.fields.update(fields)
        self._faults = faults.of(prefix)

    def full_clean(self) -> None:
        self._errors = ErrorDict(renderer=self.renderer)
        for name, said in self._faults.items():
            if name in self.fields:
                self._errors[name] = self.error_class(
                    said, renderer=self.renderer, field_id=self[name].auto_id
                )


@dataclass(frozen=True, slots=True)
class Shown:
    """A block as the page shows it."""

    prefix: str
    part: str
    place: int
    kind: str
    label: str
    form: PartForm
    is_last: bool = False
    conditions: list[Shown] = field(default_factory=list)
    can_have: Choices = ()  # kinds of conditions that can be added


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks of one part, and which kinds can be added."""

    part: Rows
    blocks: list[Shown]
    can_have: Choices


class Page:
    """Everything that the template shows of a sheet."""

    def __init__(self, sheet: Sheet, offers: Offers, faults: Faults, *, is_new: bool) -> None:
        self._sheet, self._offers, self._faults = sheet, offers, faults
        self._is_new = is_new
        self.faults = faults

    @property
    def name(self) -> forms.Form:
        name = forms.CharField(label="Name of the recipe", max_length=MOST_LETTERS)
        form = PartForm({"name": name}, {}, "", self._faults)
        form.prefix = None
        form.data = {"name": self._sheet.name}
        return form

    @property
    def sources(self) -> Section:
        return self._section("sources")

    @property
    def rules(self) -> Section:
        return self._section("rules")

    @property
    def entries(self) -> Section:
        return self._section("entries")

    @property
    def target(self) -> PartForm:
        return self._form("target", singles.TARGET, self._sheet.target)

    @property
    def target_first(self) -> list[forms.BoundField]:
        form = self.target
        return [form[name] for name in ("account", "playlist")]

    @property
    def window(self) -> list[forms.BoundField]:
        form = self.target
        return [form[name] for name in _WINDOW]

    @property
    def seldom(self) -> list[forms.BoundField]:
        form = self.target
        return [form[name] for name in _SELDOM]

    @property
    def is_unusual(self) -> bool:
        """Say whether something that is folded away is not as it was, or wrong."""
        target = self._sheet.target
        usual = {one.name: one.initial for one in singles.TARGET}
        return bool(set(self._faults.of("target")) & set(_SELDOM)) or any(
            target.first(name) != usual[name] for name in _SELDOM
        )

    @property
    def schedule(self) -> PartForm:
        form = self._form("schedule", singles.SCHEDULE, self._sheet.schedule)
        if self._is_new:
            form.fields["time_zone"].widget.attrs["data-zone"] = ""
        return form

    def _section(self, part: Rows) -> Section:
        rows = self._sheet.rows(part)
        blocks = [
            self._block(part, place, block, is_last=place == len(rows) - 1)
            for place, block in enumerate(rows)
        ]
        return Section(part, blocks, _addable(part))

    def _block(self, part: Rows, place: int, block: Block, *, is_last: bool) -> Shown:
        prefix = f"{part}-{place}"
        has_conditions = part == "rules" and kinds.kind(part, block.kind).has_conditions
        return Shown(
            prefix,
            part,
            place,
            block.kind,
            kinds.kind(part, block.kind).label,
            self._form(prefix, kinds.controls(part, block.kind), block),
            is_last,
            [
                self._condition(prefix, inner, condition)
                for inner, condition in enumerate(block.conditions)
            ],
            _addable("conditions") if has_conditions else (),
        )

    def _condition(self, rule: str, place: int, block: Block) -> Shown:
        prefix, part = f"{rule}-{place}", "conditions"
        fields = kinds.controls("conditions", block.kind)
        label = kinds.kind("conditions", block.kind).label
        return Shown(prefix, part, place, block.kind, label, self._form(prefix, fields, block))

    def _form(self, prefix: str, fields: Sequence[Control], block: Block) -> PartForm:
        shown = _sort_keys(fields, block) if block.kind == "sort" else fields
        faults = self._faults.of(prefix)
        return PartForm(
            {one.name: self._field(one, block, is_wrong=one.name in faults) for one in shown},
            {one.name: _value(one, block.values.get(one.name, [])) for one in shown},
            prefix,
            self._faults,
        )

    def _field(self, control: Control, block: Block, *, is_wrong: bool) -> forms.Field:
        raw = block.values.get(control.name, [])
        found = _field(control, self._offers.of(control, filter(None, raw)), raw)
        if control.offers == "accounts" and self._is_plain(raw) and not is_wrong:
            found.widget = forms.HiddenInput()
        return found

    def _is_plain(self, raw: Raw) -> bool:
        """Say whether there is nothing to choose: one account, and no other one is named."""
        mine = [uid for uid, _ in self._offers.accounts]
        return len(mine) < 2 and raw in ([], [""], mine)


def _addable(part: Part) -> Choices:
    return tuple((kind.name, kind.label) for kind in kinds.PARTS[part].values())


def _sort_keys(fields: Sequence[Control], block: Block) -> Sequence[Control]:
    """Return the keys that are chosen and one more, two at least."""
    chosen = sum(1 for one in fields if block.first(one.name))
    return fields[: max(_SHOWN_KEYS, chosen + 1)]


def _value(control: Control, raw: Raw) -> Any:
    if control.shape == "several":
        return raw
    return raw[0] if raw else None


def _field(control: Control, choices: list[Any], raw: Raw) -> forms.Field:
    common: dict[str, Any] = {
        "label": control.label,
        "help_text": control.help,
        "required": False,
    }
    code = {"spellcheck": "false", "class": "code"}
    match control.shape:
        case "choice":
            return forms.ChoiceField(choices=choices, **common)
        case "several":
            ordered = list(_in_order(choices, raw))
            widget = forms.CheckboxSelectMultiple
            return forms.MultipleChoiceField(choices=ordered, widget=widget, **common)
        case "check":
            return forms.BooleanField(**common)
        case "number":
            return forms.CharField(widget=forms.TextInput({"inputmode": "numeric"}), **common)
        case "date" | "time" as kind:
            return forms.CharField(widget=forms.TextInput({"type": kind}), **common)
        case "paste" | "lines" | "json":
            return forms.CharField(widget=forms.Textarea({"rows": 6, **code}), **common)
        case "file":
            return forms.FileField(widget=forms.FileInput({"accept": ACCEPTED}), **common)
    return forms.CharField(widget=forms.TextInput({"autocomplete": "off"}), **common)


def _in_order(choices: list[tuple[str, str]], raw: Raw) -> Iterator[tuple[str, str]]:
    """Yield the choices in the order in which a browser has to send what is chosen."""
    chosen = [value for value, _ in choices if value in raw]
    if chosen == raw:
        yield from choices
        return
    labels = dict(choices)
    yield from ((value, labels[value]) for value in raw)
    yield from (one for one in choices if one[0] not in raw)
