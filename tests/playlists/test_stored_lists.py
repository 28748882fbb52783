"""Lists that people bring: how many, how long, what they are called, and when one may go."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from playlists import recipe_rows, retention, stored_lists
from playlists.models import Recipe, StoredList
from playlists.recipes import definition
from playlists.recipes.definition import NotADefinition
from playlists.stored_lists import InUse, TooManyLists
from spotsite import clock
from tests.playlists.cast import tracks

pytestmark = pytest.mark.django_db
LONG = timedelta(days=91)


@pytest.fixture
def ada(db: None) -> User:
    user = User.objects.create_user("ada@example.org", name="Ada")
    SocialAccount.objects.create(user=user, provider="spotify", uid="ada")
    return user


@pytest.fixture
def browser(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def stored(ada: User, name: str = "Old tapes", count: int = 3) -> StoredList:
    return stored_lists.store(ada, tracks(count), name=name)


def reads(ada: User, *lists: StoredList, recipe: Recipe | None = None) -> Recipe:
    """Have a recipe that reads these lists."""
    names = [{"kind": "list", "list": str(one.uuid)} for one in lists] or [{"kind": "liked"}]
    known = definition.check(
        {
            "version": 1,
            "sources": names,
            "target": {
                "account": "ada",
                "playlist": {"kind": "new", "name": "Mine"},
                "mode": {"kind": "mirror"},
            },
        }
    )
    return recipe_rows.save(recipe or Recipe(user=ada, name="Mine"), known)


def left() -> list[str]:
    return list(StoredList.objects.order_by("pk").values_list("name", flat=True))


def test_a_person_has_no_more_lists_than_the_site_keeps(ada: User, settings: Settings) -> None:
    settings.LIST_COUNT = 2
    stored(ada)
    stored(ada)

    with pytest.raises(TooManyLists, match="You have 2 stored lists, which is the most"):
        stored(ada)

    assert len(left()) == 2


def test_a_list_that_nobody_used_for_long_goes(ada: User) -> None:
    reads(ada, stored(ada, "named"))
    stored(ada, "old")
    clock.move(LONG)
    stored(ada, "young")

    retention.tidy(seconds=5)

    assert left() == ["named", "young"]


@pytest.mark.parametrize("end", ["delete", "edit"])
def test_a_list_that_a_recipe_lets_go_of_stays_for_a_while(ada: User, end: str) -> None:
    recipe = reads(ada, stored(ada))
    clock.move(LONG)
    if end == "delete":
        recipe_rows.delete(recipe)
    else:
        reads(ada, recipe=recipe)

    retention.tidy(seconds=5)
    assert left() == ["Old tapes"]

    clock.move(LONG)
    retention.tidy(seconds=5)
    assert left() == []


def test_a_list_is_not_deleted_while_a_recipe_names_it(ada: User, browser: Client) -> None:
    one = stored(ada)
    recipe = reads(ada, one)

    with pytest.raises(InUse):
        stored_lists.delete(one)
    page = browser.post(f"/lists/{one.uuid}/delete/").content.decode()
    assert "A recipe reads this list" in page
    assert recipe.get_absolute_url() in page
    assert left() == ["Old tapes"]

    reads(ada, recipe=recipe)
    browser.post(f"/lists/{one.uuid}/delete/")
    assert left() == []


def test_a_recipe_cannot_name_the_list_of_somebody_else(ada: User) -> None:
    other = User.objects.create_user("bob@example.org", name="Bob")

    with pytest.raises(NotADefinition, match="is not one of your stored lists"):
        reads(ada, stored(other))
    with pytest.raises(NotADefinition, match="is not one of your stored lists"):
        reads(ada, StoredList(uuid=uuid4()))


def test_a_list_can_be_seen_and_renamed(ada: User, browser: Client) -> None:
    one = stored(ada, count=101)

    page = browser.get(f"/lists/{one.uuid}/?page=2").content.decode()
    assert "101 tracks" in page
    assert tracks(1, start=100)[0] in page
    browser.post(f"/lists/{one.uuid}/", {"name": "New tapes"})

    assert left() == ["New tapes"]


def test_the_page_of_lists_costs_the_same_for_one_and_for_three(
    ada: User, browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reads(ada, stored(ada))
    with django_assert_max_num_queries(12) as one:
        browser.get("/lists/")
    reads(ada, stored(ada), stored(ada))

    with django_assert_max_num_queries(len(one)):
        page = browser.get("/lists/").content.decode()

    assert page.count("Old tapes") == 3


def test_a_sentence_calls_a_list_by_its_name(ada: User, browser: Client) -> None:
    recipe = reads(ada, stored(ada))

    for page in ("/recipes/", recipe.get_absolute_url()):
        assert "Old tapes" in browser.get(page).content.decode()
