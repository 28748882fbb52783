"""What is refused when a recipe is described, by field and with what is allowed."""

from __future__ import annotations


class NotASchedule(ValueError):
    """No recipe can run like this; field and reason are for people."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
