"""Refuse to start on a fault that a check finds: web and worker ask, migrate and beat do not."""

from __future__ import annotations

from collections.abc import Callable

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

Requirement = Callable[[], str]

_requirements: list[Requirement] = []


class NotReady(ImproperlyConfigured):
    """The process must not start; the sentences say what to do."""


def require(requirement: Requirement) -> None:
    """Have ``requirement`` asked at every start: it returns what is missing, or nothing."""
    _requirements.append(requirement)


def refuse_unless_ready() -> None:
    """Raise ``NotReady`` with every error that a check reports and every requirement not met."""
    try:
        problems = [requirement() for requirement in (_failed_checks, *_requirements)]
    finally:
        connections.close_all()  # a fork must not share them
    if any(problems):
        raise NotReady(" ".join(filter(None, problems)))


def _failed_checks() -> str:
    """Say what ``manage.py check`` would call an error: each would be met later, by a person."""
    try:
        found = run_checks(databases=[DEFAULT_DB_ALIAS])
    except DatabaseError:  # which a requirement says better
        found = run_checks()
    errors = [one for one in found if one.is_serious() and not one.is_silenced()]
    return " ".join(f"{one.msg} {one.hint or ''} ({one.id})" for one in errors)
