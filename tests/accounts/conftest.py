"""Linked accounts whose tokens the simulator gave, and the two clocks that move together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import tokens
from accounts.models import Credential, User
from accounts.vault import Secret
from spotsite import clock
from tests.accounts.refresher import Refresher, Start

if TYPE_CHECKING:
    from simulator.control_client import Control

SCOPES = ["playlist-modify-private", "playlist-read-private"]

Link = Callable[..., Credential]
Later = Callable[[timedelta], None]


def grant_of(answer: dict[str, Any]) -> tokens.Grant:
    """Return the simulator's answer to a consent as a grant."""
    return tokens.Grant(
        Secret(answer["access_token"]),
        Secret(answer["refresh_token"]),
        timedelta(seconds=answer["expires_in"]),
        tuple(answer["scope"].split()),
    )


@pytest.fixture
def link(sim: Control) -> Link:
    """Make people, each with a Spotify account whose tokens the simulator gave."""

    def make(*names: str, used: bool = True) -> Any:
        sim.add_users([{"id": name} for name in names])
        answers = sim.many_tokens(list(names), SCOPES)
        made = []
        for name in names:
            account = SocialAccount.objects.create(
                user=User.objects.create_user(name=name), provider="spotify", uid=f"uid-{name}"
            )
            credential = tokens.absorb(
                account, grant_of(answers[name]), consent=True, provider_user_id=name
            )
            if not used:
                tomorrow = clock.now() + timedelta(days=1)
                Credential.objects.filter(pk=credential.pk).update(
                    last_used_at=None, next_refresh_at=tomorrow
                )
            made.append(credential)
        return made[0] if len(made) == 1 else made

    return make


@pytest.fixture
def later(sim: Control, transactional_db: None) -> Iterator[Later]:
    """Move the site's clock and the simulator's; the site's is put back after the test."""

    def move(step: timedelta) -> None:
        clock.move(step)
        sim.advance(seconds=step.total_seconds())

    yield move
    clock.move(-clock.offset())


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that ask for tokens; none outlives the test."""
    started: list[Refresher] = []

    def make(*arguments: Any, **options: Any) -> Refresher:
        started.append(Refresher(*arguments, **options))
        return started[-1]

    yield make
    for one in started:
        one.kill()
