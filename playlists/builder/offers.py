"""What a person can choose from: their accounts, playlists, stored lists and versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from allauth.socialaccount.models import SocialAccount

from accounts.errors import AccountError
from accounts.models import User
from playlists import library, outcomes, restore
from playlists.budget import Paused
from playlists.builder.controls import Control
from playlists.builder.sheet import Sheet
from playlists.forms import name_of
from playlists.library import Target
from playlists.models import Recipe, StoredList, Version
from playlists.recipes.sentence import Names
from playlists.spotify.errors import SpotifyError
from spotsite import clock

Choice = tuple[str, str]
_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Offers:
    """The choices that only the person's account knows, and what ids are called besides."""

    accounts: Sequence[Choice]
    lists: Sequence[Choice]
    versions: Sequence[Choice]
    targets: Sequence[Target] = ()
    owners: Mapping[int, str] = field(default_factory=dict)  # names, by the account's row
    uids: Mapping[int, str] = field(default_factory=dict)  # the same accounts' ids at Spotify
    names: Mapping[str, str] = field(default_factory=dict)  # of playlists, also of those not shown
    trouble: str = ""  # why there are not all playlists

    def of(
        self, control: Control, chosen: Iterable[str]
    ) -> list[Choice | tuple[str, list[Choice]]]:
        """Return the choices of a field; what is chosen is among them, whatever it is."""
        found: list[Choice | tuple[str, list[Choice]]] = list(control.choices)
        match control.offers:
            case "accounts":
                found += self.accounts
            case "lists":
                found += self.lists
            case "versions":
                found += self.versions
            case "playlists":
                found += self._playlists(control)
            case "zones":
                found += [(zone, zone) for zone in sorted(available_timezones())]
        known = {value for value, _ in _flat(found)}
        found += [(one, self._unknown(control, one)) for one in chosen if one not in known]
        return found

    def give_accounts(self, sheet: Sheet) -> None:
        """Where a playlist of another account is chosen, choose that account: no other shows it."""
        if self.trouble or len(self.accounts) < 2:
            return  # nobody knows who else would show it
        mine = sheet.target.first("account")
        for block in (sheet.target, *(one for one in sheet.sources if one.kind == "playlist")):
            shows = [
                self.uids[one.account_id]
                for one in self.targets
                if one.playlist_id == block.first("playlist")
            ]
            if shows and (block.first("account") or mine) not in shows:
                block.values["account"] = [shows[0]]

    def playlist_names(self) -> dict[str, str]:
        return {**self.names, **{one.playlist_id: one.name for one in self.targets}}

    def sentence_names(self) -> Names:
        return Names(
            playlists=self.playlist_names(),
            accounts=dict(self.accounts),
            lists=dict(self.lists),
            versions=dict(self.versions),
        )

    def _playlists(self, control: Control) -> list[Choice | tuple[str, list[Choice]]]:
        if len(self.owners) < 2 or control.shape == "several":
            return list({one.playlist_id: one.name for one in self.targets}.items())
        return [
            (name, [(one.playlist_id, one.name) for one in self.targets if one.account_id == pk])
            for pk, name in self.owners.items()
        ]

    def _unknown(self, control: Control, value: str) -> str:
        if control.offers == "playlists" and value in self.names:
            return self.names[value]
        words = {"accounts": "an account that is not yours", "lists": "a list that is gone"}
        words |= {"versions": "a version that is not in this list"}
        words |= {"playlists": "a playlist that Spotify does not show"}
        return f"{value}: {words.get(control.offers, 'not one of the choices')}"


def of(user: User, sheet: Sheet, recipe: Recipe, *, fresh: bool = False) -> Offers:
    """Return what the person can choose from; ``fresh`` asks Spotify anew."""
    targets, trouble = _targets(user, fresh=fresh)
    mine = list(SocialAccount.objects.filter(user=user, provider="spotify").order_by("pk"))
    return Offers(
        accounts=[(account.uid, name_of(account)) for account in mine],
        lists=[(str(one.uuid), _list_label(one)) for one in _lists(user)],
        versions=_versions(user, sheet),
        targets=targets,
        owners={account.pk: name_of(account) for account in mine},
        uids={account.pk: account.uid for account in mine},
        names=_names(user, sheet, recipe),
        trouble=trouble,
    )


def _targets(user: User, *, fresh: bool) -> tuple[list[Target], str]:
    found: list[Target] = []
    troubles = []
    for credential in library.credentials_of(user):
        try:
            found += library.targets(credential, fresh=fresh)
        except (SpotifyError, AccountError, Paused) as exc:
            troubles.append(outcomes.for_listing(exc, now=clock.now()))
    return found, " ".join(troubles)


def _names(user: User, sheet: Sheet, recipe: Recipe) -> dict[str, str]:
    chosen = {
        one
        for block in [*sheet.sources, *(inner for rule in sheet.rules for inner in rule.conditions)]
        for name in ("playlist", "playlists")
        for one in block.values.get(name, [])
    }
    names = {**recipe.names, **restore.names_of(user, chosen)}
    return {**names, recipe.playlist_id: recipe.name} if recipe.playlist_id else names


def _lists(user: User) -> Iterable[StoredList]:
    return user.stored_lists.light().order_by("-pk")


def _list_label(stored: StoredList) -> str:
    length: int = stored.length  # type: ignore[attr-defined]  # counted by light()
    return f"{stored.name} ({length:,} tracks)"


def _versions(user: User, sheet: Sheet) -> list[Choice]:
    """Return the newest versions, and those that the sheet names."""
    mine = Version.objects.light().filter(account__user=user)
    chosen = [block.first("version") for block in sheet.sources if block.kind == "version"]
    numbers = [int(one) for one in chosen if one.isdecimal() and len(one) < 18]
    rows = [*mine.order_by("-pk")[:_VERSIONS]]
    rows += [one for one in mine.filter(pk__in=numbers) if one not in rows]
    names = restore.names_of(user, {one.playlist_id for one in rows})
    return [(str(one.pk), _version_label(one, names)) for one in rows]


def _version_label(version: Version, names: Mapping[str, str]) -> str:
    name = names.get(version.playlist_id, version.playlist_id)
    return f"{name}, {version.taken_at:%-d %B %Y, %H:%M} ({version.length:,} items)"


def _flat(choices: Iterable[Choice | tuple[str, list[Choice]]]) -> Iterable[Choice]:
    for value, label in choices:
        if isinstance(label, str):
            yield value, label
        else:
            yield from label
