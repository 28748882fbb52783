"""What all parts of a definition have in common: strict models, and the words they are made of."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MOST_ITEMS = 10_000
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Part(BaseModel):
    """A part of a definition: takes nothing that it does not know, and never changes."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


def refuse(reason: str, *, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """Return an error whose text is ours, not the library's; ``at``: further down in the part."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason, "at": at})


def _shown(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise refuse("has a character that cannot be shown")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refuse("is blank")
    return text


def _day(value: Any) -> date:
    # One form is enough: strict JSON takes timestamps and times of day for dates, too.
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("date_parsing", "not a date")


Text = Annotated[
    str, Field(min_length=1, max_length=200), AfterValidator(_shown), AfterValidator(_not_blank)
]
Name = Annotated[
    str, Field(min_length=1, max_length=100), AfterValidator(_shown), AfterValidator(_not_blank)
]
Description = Annotated[str, Field(max_length=300), AfterValidator(_shown)]
Account = Annotated[
    str, Field(min_length=1, max_length=128), AfterValidator(_shown), AfterValidator(_not_blank)
]
Reference = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
PlaylistId = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{22}$")]
Uri = Annotated[str, Field(pattern=r"^spotify:(track|episode):[0-9A-Za-z]{22}$")]
Count = Annotated[int, Field(ge=1, le=MOST_ITEMS)]
Days = Annotated[int, Field(ge=1, le=36_500)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
