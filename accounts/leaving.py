"""Leaving: all of a person goes in one transaction, and nobody can sign in as them afterwards."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts import tokens, ways_in, withdrawals
from accounts.models import Credential, User
from accounts.signals import person_leaving

BACKUPS = (
    "Copies in backups of this site stay until those backups are overwritten; the tokens in them "
    "stay sealed. Ask whoever runs the site how long that is."
)


class StaffStays(Exception):
    """What staff did stays on record, so another one takes the rights off them first."""


@transaction.atomic
def leave(user: User, *, withdraw: bool = True) -> list[int]:
    """Erase this person; return the withdrawals that are to be nudged."""
    locked = ways_in.lock(user.pk)
    if locked is None:
        return []
    if locked.is_staff or locked.is_superuser:
        raise StaffStays
    person_leaving.send(User, user_id=locked.pk)
    asked = _ask_withdrawals(locked) if withdraw else []
    for credential in Credential.objects.of(locked):
        tokens.forget(credential, reason="leaving")
    end_sessions(locked)
    locked.delete()
    return asked


def end_sessions(user: User) -> None:
    """End every session of this person, wherever it is."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def _ask_withdrawals(user: User) -> list[int]:
    rows = [withdrawals.ask_for(account) for account in SocialAccount.objects.filter(user=user)]
    return [row for row in rows if row is not None]
