"""The cast of the run's tests: a person who is linked to Spotify, and what they do and see."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts import tokens
from accounts.models import Credential, User
from accounts.oauth import Grant
from accounts.scopes import BASE
from accounts.vault import Secret
from playlists import guards, push
from playlists.models import Run
from playlists.push import Pace
from simulator.control_client import Control
from spotsite import clock
from tests.processes import wait_for

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ENDED = {Run.State.DONE, Run.State.FAILED, Run.State.HELD, Run.State.CANCELLED}


def tracks(count: int, *, start: int = 0) -> list[str]:
    """Return URIs that look like tracks; the simulator makes a track up for each."""
    return [f"spotify:track:{number:022d}" for number in range(start, start + count)]


@dataclass
class Member:
    """One person with one linked Spotify account."""

    spotify: Control
    name: str
    user: User
    account: SocialAccount
    credential: Credential

    @classmethod
    def joins(
        cls,
        spotify: Control,
        name: str,
        *,
        scopes: Sequence[str] = BASE,
        user: User | None = None,
    ) -> Member:
        person = spotify.add_user(name, allowed=True)
        user = user or User.objects.create_user(f"{name}@example.org", name=name)
        account = SocialAccount.objects.create(
            user=user, provider="spotify", uid=person["account_id"], extra_data={}
        )
        credential = _consent(spotify, name, account, scopes)
        return cls(spotify, name, user, account, credential)

    def consents_again(self) -> None:
        self.credential = _consent(
            self.spotify, self.name, self.account, tuple(self.credential.scopes)
        )

    def has(self, uris: Sequence[str], **values: Any) -> str:
        """Own a playlist with these tracks; return its id."""
        return self.spotify.add_playlist(self.name, name="Mine", uris=list(uris), **values)

    def browser(self) -> Client:
        client = Client()
        client.force_login(self.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def wants(
        self, uris: Sequence[str], playlist_id: str = "", mode: str = "replace", **values: Any
    ) -> Run:
        """Have a run queued, as the preview's start button does: all that it warns of is fine."""
        values.setdefault("report", {"tripped": dict.fromkeys(guards.SENTENCES, 1_000_000)})
        run = Run.objects.create(
            user=self.user,
            account=self.account,
            mode=mode,
            name="Mine",
            playlist_id=playlist_id,
            wanted=list(uris),
            total=len(uris),
            **values,
        )
        assert run.start()
        return run

    def later(self, run: Run, *, seconds: float) -> Run:
        """Let time pass here and at Spotify, and have done what is due then."""
        clock.move(timedelta(seconds=seconds))
        self.spotify.advance(seconds=seconds)
        return worked(run)


def _consent(
    spotify: Control, name: str, account: SocialAccount, scopes: Sequence[str]
) -> Credential:
    given = spotify.tokens(name, list(scopes))
    grant = Grant(
        access_token=Secret(given["access_token"]),
        refresh_token=Secret(given["refresh_token"]),
        expires_in=timedelta(seconds=given.get("expires_in", 3600)),
        scopes=tuple(scopes),
    )
    return tokens.absorb(account, grant, consent=True, provider_user_id=name)


def writes(ada: Member) -> list[dict[str, Any]]:
    return [row for row in ada.spotify.log() if row["method"] in {"POST", "PUT", "DELETE"}]


def edit(ada: Member, method: str, playlist_id: str, body: dict[str, Any]) -> None:
    """Change the playlist as the person does in Spotify's own app."""
    token = ada.spotify.tokens(ada.name, list(BASE))["access_token"]
    answer = requests.request(
        method,
        f"{ada.spotify.base_url}/v1/playlists/{playlist_id}/items",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer.raise_for_status()


def take_out_of_library(ada: Member, playlist_id: str) -> None:
    """Delete a playlist as the person does in Spotify's own app: it is there all the same."""
    token = ada.spotify.tokens(ada.name, [*BASE, "user-library-modify"])["access_token"]
    answer = requests.delete(
        f"{ada.spotify.base_url}/v1/me/library",
        params={"uris": f"spotify:playlist:{playlist_id}"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer.raise_for_status()


def ended(run: Run, *, seconds: float = 30) -> Run:
    """Wait until the run has ended, and return it as it is then."""
    wait_for(lambda: state_of(run) in ENDED, seconds=seconds, what=f"{run} to end")
    run.refresh_from_db()
    return run


def one_slice(run: Run) -> Pace | None:
    """Do one worker's turn at the run, here; None where it is not due."""
    claimed = Run.objects.claim(run.pk)
    return push.work_on(claimed) if claimed else None


def until_a_write(run: Run) -> None:
    """Do slices until the first write is done: a long list takes some to be read."""
    while not run.cursor and one_slice(run) is Pace.NOW:
        run.refresh_from_db()


def worked(run: Run) -> Run:
    """Do what workers do until the run ends or waits, and return it as it is then."""
    while one_slice(run) is Pace.NOW:
        pass
    run.refresh_from_db()
    return run


def said(response: Any) -> str:
    """Return what a page says in its notices and next to its fields."""
    page = html.unescape(response.content.decode())
    blocks = re.findall(
        r'class="(?:notice[^"]*|errorlist[^"]*)"[^>]*>(.*?)</(?:div|ul|p)>', page, re.DOTALL
    )
    return " ".join(" ".join(re.sub(r"<[^>]+>", " ", block).split()) for block in blocks)


def state_of(run: Run) -> str:
    return Run.objects.values_list("state", flat=True).get(pk=run.pk)
