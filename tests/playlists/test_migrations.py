"""Rows that were written before a migration are the same rows after it, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from playlists.packing import unpack
from playlists.spotify import Item
from tests.playlists.cast import tracks

OLD, NEW = "0002_engine", "0005_versions_are_packed"
LOCAL = "spotify:local:Me:Demo:Song:180"
DATE = "2026-01-01T00:00:00Z"


def migrate(name: str) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([("playlists", name)])
    return executor.loader.project_state([("playlists", name)]).apps


@pytest.fixture
def newest(transactional_db: None) -> Iterator[None]:
    (latest,) = MigrationExecutor(connection).loader.graph.leaf_nodes("playlists")
    yield
    migrate(latest[1])


@pytest.mark.usefixtures("newest")
def test_versions_are_packed_and_unpacked_without_loss() -> None:
    account = SocialAccount.objects.create(
        user=User.objects.create_user("ada@example.org"), provider="spotify", uid="ada"
    )
    local = Item(LOCAL, DATE, is_local=True)
    rows = [[tracks(1)[0], DATE], ["", DATE], [LOCAL, DATE, 1]]
    old = migrate(OLD).get_model("playlists", "Version")
    pk = old.objects.create(account_id=account.pk, playlist_id="p", items=rows).pk
    empty = old.objects.create(account_id=account.pk, playlist_id="p", items=[]).pk

    packed = migrate(NEW).get_model("playlists", "Version").objects.get(pk=pk).packed
    back = migrate(OLD).get_model("playlists", "Version").objects.in_bulk()

    assert unpack(packed) == [Item(tracks(1)[0], DATE), Item("", DATE), local]
    assert back[pk].items == rows
    assert back[empty].items == []


@pytest.mark.usefixtures("newest")
def test_lists_that_recipes_name_are_written_down() -> None:
    ada = User.objects.create_user("ada@example.org")
    bob = User.objects.create_user("bob@example.org")
    account = SocialAccount.objects.create(user=ada, provider="spotify", uid="ada")
    old = migrate("0012_readings")
    lists, recipes = old.get_model("playlists", "StoredList"), old.get_model("playlists", "Recipe")
    named = lists.objects.create(user_id=ada.pk, name="Named")
    lists.objects.create(user_id=ada.pk, name="Not named")
    foreign = lists.objects.create(user_id=bob.pk, name="Bob's")
    names = [named.uuid.hex.upper(), str(foreign.uuid), "no-uuid"]
    sources = [{"kind": "liked"}, *({"kind": "list", "list": name} for name in names)]
    for more in (sources, sources[:1]):
        recipes.objects.create(
            user_id=ada.pk, account_id=account.pk, name="One", definition={"sources": more}
        )

    new = migrate("0013_lists_end").get_model("playlists", "StoredList")

    counts = {one.name: one.recipes.count() for one in new.objects.all()}
    assert counts == {"Named": 1, "Not named": 0, "Bob's": 0}
