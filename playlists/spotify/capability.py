"""What Spotify opens to an app: little in development mode, more with extended quota."""

from __future__ import annotations

from dataclasses import dataclass

from playlists.spotify import errors


@dataclass(frozen=True, slots=True)
class Capability:
    """What calls exist for an app. What it lacks is refused here and never sent."""

    mode: str
    search_page: int  # results of one search, at most
    batches: bool = False  # several tracks or episodes in one look-up
    foreign_lists: bool = False  # what is in playlists that are not the person's own

    def need(self, reason: str, *, given: bool) -> None:
        """Raise ``NotInThisMode`` unless the app has what a call needs."""
        if not given:
            raise errors.NotInThisMode(0, reason)


# February 2026: https://developer.spotify.com/documentation/web-api/references/changes/february-2026
DEVELOPMENT = Capability("development", search_page=10)
EXTENDED = Capability("extended", search_page=50, batches=True, foreign_lists=True)
CAPABILITIES = {one.mode: one for one in (DEVELOPMENT, EXTENDED)}
