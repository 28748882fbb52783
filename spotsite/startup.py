"""Refuse to start where tokens could not be opened: web and worker ask, migrate and beat do not."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

Requirement = Callable[[], str]

_requirements: list[Requirement] = []


class NotReady(ImproperlyConfigured):
    """The process must not start; the sentence says what to do."""


def require(requirement: Requirement) -> None:
    """Have ``requirement`` asked at every start: it returns what is missing, or nothing."""
    _requirements.append(requirement)


def refuse_unless_ready() -> None:
    """Raise ``NotReady`` where a requirement is not met."""
    try:
        problems = [problem for requirement in _requirements if (problem := requirement())]
    finally:
        connections.close_all()  # a fork must not share them
    if problems:
        raise NotReady(" ".join(problems))
