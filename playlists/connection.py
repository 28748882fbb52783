"""Where the Web API's client meets the site: its HTTP, its tokens and its budget.

A 401 has the token replaced, and the same call is made once more, writes too: Spotify did not carry
it out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.conf import settings

from accounts import tokens
from accounts.models import Credential
from accounts.tokens import AccessToken
from playlists import budget
from playlists.budget import Purpose
from playlists.spotify import SpotifyClient, errors
from playlists.spotify.transport import Answer, error_of
from spotsite import http

CALL_SECONDS = 15.0  # shorter than a run's lease
AGAIN_SECONDS = 15.0  # with two calls still shorter than the settle wait
SPARE = timedelta(seconds=90)  # a slice's work, and the token's own margin


class Connection:
    """The way to Spotify for one linked account, as long as one task or page needs it."""

    def __init__(
        self,
        credential: Credential,
        *,
        purpose: Purpose = Purpose.INTERACTIVE,
        recipe: int | None = None,
    ) -> None:
        self.credential = credential
        self.purpose = purpose
        self.recipe = recipe
        self.client = SpotifyClient(self._send, self._token, url=settings.SPOTIFY_API_URL)
        self.calls = 0
        self._access: AccessToken | None = None

    def person(self) -> str:
        """Return Spotify's name for the person, by which playlists name their owner."""
        return self.credential.provider_user_id or self.client.me().id

    def prepare(self) -> None:
        """Have a token at hand, so that what comes next is the call itself."""
        self._token()

    def _token(self) -> str:
        if self._access is None:
            self._access = tokens.access_token_for(self.credential.pk, spare=SPARE)
        return self._access.secret.reveal()

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> Answer:
        answer = self._once(method, url, headers=headers, params=params, json=json)
        if answer.status_code == 401 and self._access is not None:
            # The call is made again only while its end surely comes before the settle wait's,
            # or whoever took the run over meanwhile could see it land late.
            again_until = time.monotonic() + AGAIN_SECONDS
            self._access = tokens.replace_rejected(
                self.credential.pk, generation=self._access.generation
            )
            if time.monotonic() > again_until:
                raise errors.NoAnswer("token_came_late", maybe_applied=False)
            fresh = {**headers, "Authorization": f"Bearer {self._token()}"}
            answer = self._once(method, url, headers=fresh, params=params, json=json)
        return answer

    @cached_property
    def _person(self) -> int:
        return int(self.credential.account.user_id)

    def _once(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        json: Any,
    ) -> Answer:
        bucket = budget.bucket_of(method, url.removeprefix(settings.SPOTIFY_API_URL))
        asks = budget.take(bucket, self.purpose, person=self._person, recipe=self.recipe)
        self.calls += 1
        answer = self._sent(method, url, headers=headers, params=params, json=json)
        if answer.status_code == 429:
            _obey(answer, bucket)
        elif asks:
            budget.reopen(bucket)
        return answer

    def _sent(self, method: str, url: str, **request: Any) -> Answer:
        try:
            return http.send(method, url, deadline=CALL_SECONDS, **request)
        except http.NotSent:
            raise errors.NoAnswer("not_sent", maybe_applied=False) from None
        except http.TimedOut:
            raise errors.NoAnswer("timed_out", maybe_applied=True) from None
        except http.Unreachable:
            raise errors.NoAnswer("cut", maybe_applied=True) from None


def _obey(answer: Answer, bucket: str) -> None:
    """Close what a 429 closes: one group of calls for a quota, the whole app for the rate limit."""
    refusal = error_of(answer)
    seconds = refusal.retry_after or 0
    if isinstance(refusal, errors.QuotaExceeded):
        budget.pause(bucket, seconds=seconds, reason="quota")
    else:
        budget.pause(budget.ALL, seconds=seconds, reason="rate_limit")
