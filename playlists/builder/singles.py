"""What a form asks about target and schedule, of which a recipe has one each."""

from __future__ import annotations

from collections.abc import Sequence

from playlists.builder.controls import Control

NEW = "new"
TARGET: Sequence[Control] = (
    Control("account", "Whose playlist", "choice", offers="accounts"),
    Control(
        "playlist",
        "Which playlist",
        "choice",
        choices=((NEW, "A new playlist, made once"),),
        offers="playlists",
        initial=NEW,
        path=("playlist", "id"),
    ),
    Control("new_name", "Name of the new playlist", "text", path=("playlist", "name")),
    Control(
        "mode",
        "What becomes of what is in it",
        "choice",
        choices=(
            ("mirror", "It holds what the recipe says, besides what is changed by hand"),
            ("replace", "It holds what the recipe says and nothing else"),
            ("add_missing", "What is missing is added at the end, each once; nothing goes"),
            ("append", "What is new is added at the end; nothing goes"),
            ("prepend", "What is new is added at the top; nothing goes"),
            ("rolling", "What is new is added, and what is old goes: a rolling window"),
        ),
        initial="mirror",
    ),
    Control("count", "The window holds so many tracks", "number", path=("mode", "count")),
    Control("days", "A track stays so many days", "number", path=("mode", "days")),
    Control(
        "at",
        "New tracks go",
        "choice",
        choices=(("end", "To the end"), ("start", "To the top")),
        initial="end",
        path=("mode", "at"),
    ),
    Control(
        "by_hand",
        "What was changed by hand",
        "choice",
        choices=(
            ("", "As usual: it stays, unless the recipe holds nothing else"),
            ("keep", "It stays"),
            ("overwrite", "It is overwritten"),
        ),
    ),
    Control(
        "dates",
        "“Date added” of tracks that stay",
        "choice",
        choices=(
            ("budget", "Keep as many as a few more calls to Spotify allow"),
            ("strict", "Keep every date that can be kept"),
            ("cheapest", "Make the fewest calls"),
        ),
        initial="budget",
    ),
    Control(
        "share",
        "Ask before more of it goes, in %",
        "number",
        "Left empty: the site's own bound.",
        path=("guards", "share"),
    ),
    Control(
        "calls",
        "Ask before more changes in one run",
        "number",
        "Left empty: the site's own bound.",
        path=("guards", "calls"),
    ),
    Control("name", "Name to give it with each run", "text", "Left empty: its name is left alone."),
    Control("describes", "Set its description with each run", "check", path=("describes",)),
    Control("description", "Description", "text"),
)
_SPAN = "Both empty: at any hour."
SCHEDULE: Sequence[Control] = (
    Control("time_zone", "Time zone", "choice", offers="zones", initial="UTC"),
    Control("quiet_start", "No run starts from", "time", _SPAN, path=("quiet", "start")),
    Control("quiet_end", "Until", "time", path=("quiet", "end")),
    Control("paused", "The schedule is paused", "check"),
)
