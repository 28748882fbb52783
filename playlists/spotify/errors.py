"""What can go wrong with a call to the Web API, sorted by who can put it right.

SpotifyError
├── PersonMustAct
│   ├── Unauthorized         401: the token is not taken; connect again if a fresh one is not
│   ├── InsufficientScope    403: the person gave fewer rights than the call needs
│   ├── Forbidden            403: the playlist is not theirs, or the endpoint is closed to this app
│   └── NotFound             404: gone, private, or Spotify's own
├── TimeMustPass
│   ├── RateLimited          429: too many calls in 30 seconds
│   ├── QuotaExceeded        429: the developer account's quota is used up, for hours
│   ├── ServerFailed         5xx: a write may have happened
│   ├── Unreadable           2xx with a body that was not promised: a write may have happened
│   ├── ChangedWhileRead     the list changed between two pages
│   └── NoAnswer             nobody answered; ``maybe_applied``: a write may have happened
└── OperatorMustAct
    ├── NotAllowListed       403 in plain text: the person is not on the app's list of users
    ├── OwnerNeedsPremium    403 in plain text: the app's owner has no Premium
    ├── NotInThisMode        never sent: the call exists only for apps with extended quota
    ├── TooLarge             413
    └── Refused              any other 4xx: our request is wrong
"""

from __future__ import annotations


class SpotifyError(Exception):
    """A call to the Web API had no usable answer."""

    maybe_applied = False  # whether a write may have happened all the same

    def __init__(
        self, status: int = 0, reason: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{type(self).__name__} {status} {reason}".strip())
        self.status = status
        self.reason = reason  # Spotify's error.reason: a code, never its free text
        self.retry_after = retry_after  # seconds


class PersonMustAct(SpotifyError):
    """The person can put it right."""


class Unauthorized(PersonMustAct):
    """Spotify does not take the access token."""


class InsufficientScope(PersonMustAct):
    """The person has not given the right that the call needs."""


class Forbidden(PersonMustAct):
    """The playlist is not theirs to change, or the endpoint is closed to this app."""


class NotFound(PersonMustAct):
    """There is no such playlist for this person; it may be so for a moment only."""


class TimeMustPass(SpotifyError):
    """The same call may work later."""


class RateLimited(TimeMustPass):
    """The app made too many calls within 30 seconds."""


class QuotaExceeded(TimeMustPass):
    """The developer account's quota for this group of calls is used up."""


class ServerFailed(TimeMustPass):
    """Spotify failed; a write may have happened."""

    maybe_applied = True


class Unreadable(TimeMustPass):
    """Somebody said yes in a form that is not Spotify's; a write may have happened."""

    maybe_applied = True


class ChangedWhileRead(TimeMustPass):
    """The list changed between two pages: what was read is no state that ever was."""


class NoAnswer(TimeMustPass):
    """No whole answer came."""

    def __init__(self, reason: str, *, maybe_applied: bool) -> None:
        super().__init__(0, reason)
        self.maybe_applied = maybe_applied


class OperatorMustAct(SpotifyError):
    """Only who runs the site can put it right."""


class NotAllowListed(OperatorMustAct):
    """The person is not on the list of users of an app in development mode."""


class OwnerNeedsPremium(OperatorMustAct):
    """The owner of the app has no Premium: no call of anybody works."""


class NotInThisMode(OperatorMustAct):
    """The call exists only with extended quota, which this app does not have: it was not sent."""


class TooLarge(OperatorMustAct):
    """What was sent is too big."""


class Refused(OperatorMustAct):
    """Spotify finds our request wrong."""
