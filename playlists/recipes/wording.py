"""Conditions and rules in English, as parts of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from playlists.recipes import conditions
from playlists.recipes.conditions import Condition
from playlists.recipes.definition import Definition
from playlists.recipes.rules import (
    Drop,
    DropBlocked,
    Duplicates,
    Interleave,
    Keep,
    Key,
    Limit,
    Rule,
    Shuffle,
    Sort,
    Space,
)

# Around a name, so that a page can set it off.
START, END = "\x02", "\x03"

_SORTED = {
    "title": ("title", "title (Z to A)"),
    "artist": ("artist", "artist (Z to A)"),
    "album": ("album", "album (Z to A)"),
    "added": ("date added (oldest first)", "date added (newest first)"),
    "released": ("release date (oldest first)", "release date (newest first)"),
    "duration": ("length (shortest first)", "length (longest first)"),
    "explicit": ("clean before explicit", "explicit before clean"),
    "isrc": ("ISRC", "ISRC (backwards)"),
    "source": ("source", "source (backwards)"),
    "position": ("place in the source", "place in the source (backwards)"),
}
_KEPT = {
    "first": "",
    "last": " (the last of each)",
    "oldest": " (of each the one added first)",
    "newest": " (of each the one added last)",
    "longest": " (the longest of each)",
    "shortest": " (the shortest of each)",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the things that a definition names by id."""

    playlists: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""  # the reader's own time zone, which needs no saying

    def playlist(self, id_: str) -> str:
        return name(self.playlists.get(id_) or id_)

    def account(self, id_: str) -> str:
        return name(self.accounts.get(id_) or id_)


def name(text: str) -> str:
    return f"{START}{_unmarked(text)}{END}"


def quoted(text: str) -> str:
    return f"“{_unmarked(text)}”"


def _unmarked(text: str) -> str:
    return text.replace(START, "").replace(END, "")


def joined(words: Iterable[str], *, by: str = "and") -> str:
    *most, last = words
    return f"{', '.join(most)} {by} {last}" if most else last


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def rule(rule: Rule, recipe: Definition, names: Names) -> str:
    """Return what the rule does, as in "without *Block list*"."""
    match rule:
        case Keep():
            return _kept(rule.when, recipe, names)
        case Drop():
            return _dropped(rule.when, recipe, names)
        case DropBlocked():
            return "without what is on my block list"
        case Duplicates():
            return f"each {rule.same} once{_KEPT[rule.keep]}"
        case Sort():
            return _sorted(rule)
        case Shuffle():
            return "shuffled" if rule.again == "never" else f"shuffled anew every {rule.again}"
        case Space():
            return f"with {counted(rule.apart, 'track')} of others between two of one artist"
        case Interleave():
            ratio = f" ({' : '.join(map(str, rule.weights))})" if rule.weights else ""
            return f"taken from the sources in turn{ratio}"
        case Limit():
            return limit(rule)


def _sorted(rule: Sort) -> str:
    if len(rule.by) == 1 and rule.by[0].field == "added":
        return "newest first" if rule.by[0].order == "descending" else "oldest first"
    return f"sorted by {joined(map(_key, rule.by))}"


def _key(key: Key) -> str:
    return _SORTED[key.field][key.order == "descending"]


def limit(rule: Limit) -> str:
    if rule.per == "list":
        return f"the {rule.which} {amount(rule)}"
    last = " (the last)" if rule.which == "last" else ""
    return f"at most {amount(rule)} per {rule.per}{last}"


def amount(rule: Limit) -> str:
    return f"{rule.most:,}" if rule.unit == "tracks" else counted(rule.most, "minute")


def _kept(condition: Condition, recipe: Definition, names: Names) -> str:
    if isinstance(condition, conditions.InPlaylist) and condition.same == "track":
        return f"only what is in {_playlists(condition, names)}"
    return f"only tracks {clause(condition, recipe, names)}"


def _dropped(condition: Condition, recipe: Definition, names: Names) -> str:
    match condition:
        case conditions.InPlaylist(same="track"):
            return f"without {_playlists(condition, names)}"
        case conditions.InMyPlaylists(same="track"):
            return f"without what is in any of {_my(condition, recipe, names)}"
        case conditions.InMyPlaylists():
            return f"without songs that are in any of {_my(condition, recipe, names)}"
        case conditions.Explicit():
            return "without explicit tracks"
        case conditions.Blocked():
            return "without what is on my block list"
    return f"without tracks {clause(condition, recipe, names)}"


def clause(condition: Condition, recipe: Definition, names: Names, *, negated: bool = False) -> str:
    """Return what is true of a track, as in "that are liked and whose title contains “live”"."""
    if isinstance(condition, conditions.Not):
        return clause(condition.of, recipe, names, negated=not negated)
    if isinstance(condition, conditions.All | conditions.Any):
        return _group(condition, recipe, names, negated=negated)
    return _single(condition, recipe, names, no=negated)


def _group(
    group: conditions.All | conditions.Any, recipe: Definition, names: Names, *, negated: bool
) -> str:
    """Return the parts joined; a negation goes into the parts, where it is easier to read."""
    if len(group.of) == 1:
        return clause(group.of[0], recipe, names, negated=negated)
    parts = []
    for part in group.of:
        words = clause(part, recipe, names, negated=negated)
        parts.append(f"({words})" if _is_long(part) else words)
    is_all = isinstance(group, conditions.All) is not negated
    return joined(parts, by="and" if is_all else "or")


def _is_long(condition: Condition) -> bool:
    """Say whether the condition ends up as a group of more than one."""
    while isinstance(condition, conditions.Not) or (
        isinstance(condition, conditions.All | conditions.Any) and len(condition.of) == 1
    ):
        condition = conditions.parts(condition)[0]
    return isinstance(condition, conditions.All | conditions.Any)


def _single(condition: conditions.Single, recipe: Definition, names: Names, *, no: bool) -> str:
    not_ = "not " if no else ""
    match condition:
        case conditions.Contains():
            verb = "does not contain" if no else "contains"
            return f"whose {condition.field} {verb} {quoted(condition.text)}"
        case conditions.Is():
            return f"whose {condition.field} is {not_}{quoted(condition.text)}"
        case conditions.Matches():
            verb = "does not match" if no else "matches"
            return f"whose {condition.field} {verb} {quoted(condition.pattern)}"
        case conditions.On():
            return f"that were {not_}{condition.field} {_days(condition)}"
        case conditions.Age():
            return f"that were {not_}{condition.field} {_age(condition)}"
        case conditions.Duration():
            return f"that {'do not ' if no else ''}last {_length(condition)}"
        case conditions.Explicit():
            return f"that are {not_}explicit"
        case conditions.Blocked():
            return f"that are {not_}on my block list"
        case conditions.IsLiked(same=same):
            return f"{_of(same)} {not_}liked{_by(condition, recipe, names)}"
        case conditions.InPlaylist(same=same):
            return f"{_of(same)} {not_}in {_playlists(condition, names)}"
        case conditions.InMyPlaylists(same=same):
            return f"{_of(same)} in {_mine(condition, recipe, names, no=no)}"


def _of(same: conditions.Same) -> str:
    return "that are" if same == "track" else "whose song is"


def _playlists(condition: conditions.InPlaylist, names: Names) -> str:
    return joined(map(names.playlist, condition.playlists), by="or")


def _mine(
    condition: conditions.InMyPlaylists, recipe: Definition, names: Names, *, no: bool
) -> str:
    return f"{'none' if no else 'one'} of {_my(condition, recipe, names)}"


def _my(condition: conditions.InMyPlaylists, recipe: Definition, names: Names) -> str:
    account = recipe.account_of(condition)
    if account == recipe.target.account:
        return "my other playlists"
    return f"the playlists of {names.account(account)}"


def _by(condition: conditions.IsLiked, recipe: Definition, names: Names) -> str:
    account = recipe.account_of(condition)
    return "" if account == recipe.target.account else f" by {names.account(account)}"


def _age(condition: conditions.Age) -> str:
    least, most = condition.at_least_days, condition.at_most_days
    if least is None:
        return "in the last day" if most == 1 else f"in the last {most:,} days"
    if most is None:
        return f"at least {counted(least, 'day')} ago"
    return f"between {least:,} and {counted(most, 'day')} ago"


def _length(condition: conditions.Duration) -> str:
    least, most = condition.at_least, condition.at_most
    if least is None and most is not None:
        return f"at most {_time(most)}"
    if most is None and least is not None:
        return f"at least {_time(least)}"
    return f"between {_time(least or 0)} and {_time(most or 0)}"


def _time(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return counted(rest, "second")
    return f"{minutes}:{rest:02} minutes" if rest else counted(minutes, "minute")


def _days(condition: conditions.On) -> str:
    since, until = condition.since, condition.until
    whole = (since is None or (since.month, since.day) == (1, 1)) and (
        until is None or (until.month, until.day) == (12, 31)
    )
    first, last = (day and (str(day.year) if whole else _day(day)) for day in (since, until))
    preposition = "in" if whole else "on"
    if first and last:
        return f"{preposition} {first}" if first == last else f"from {first} to {last}"
    return f"{preposition} {first} or later" if first else f"{preposition} {last} or earlier"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
