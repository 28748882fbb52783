"""Every address, as a stranger, another person and staff without permission; none is forgotten."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import User
from tests.addresses import (
    EVERY_STAFF,
    OTHER_ARGUMENTS,
    OWNED,
    PUBLIC,
    Cast,
    address,
    cast,
    exempt_routes,
    routes,
)
from tests.people import prove_again

pytestmark = pytest.mark.django_db

REFUSED = {302, 403, 404, 405}
CLOSED = {403, 404, 405}
FOREIGN = {404, 405}


@pytest.fixture
def people() -> Cast:
    return cast()


def visit(user: User | None, path: str, *, follow: bool = False) -> list[Any]:
    """Get and post, each in a session of its own that has just proved who it is."""
    answers = []
    for method in ("get", "post"):
        client = Client()
        if user is not None:
            client.force_login(user)
            prove_again(client)
        answers.append(getattr(client, method)(path, follow=follow))
    return answers


def statuses(answers: list[Any]) -> set[int]:
    return {answer.status_code for answer in answers}


def test_every_argument_is_filled(people: Cast) -> None:
    for route in routes():
        address(route, people)


def test_lists_name_only_addresses_that_exist() -> None:
    assert (PUBLIC | EVERY_STAFF | set(OWNED) | set(OTHER_ARGUMENTS)) - set(routes()) == set()


@pytest.mark.parametrize("route", [route for route in routes() if route not in PUBLIC])
def test_stranger_is_turned_away(people: Cast, route: str) -> None:
    open_to_all = {address(public, people) for public in PUBLIC}

    for answer in visit(None, address(route, people), follow=True):
        where = urlsplit(answer.redirect_chain[-1][0]).path if answer.redirect_chain else route
        assert answer.status_code in CLOSED or where in open_to_all, where


@pytest.mark.parametrize("route", sorted(OWNED))
def test_owner_finds_their_own(people: Cast, route: str) -> None:
    answers = visit(people.owner, address(route, people))

    assert statuses(answers) & {200, 302, 403}, route
    assert not statuses(answers) & {404, 500}, route


@pytest.mark.parametrize("route", sorted(OWNED))
@pytest.mark.parametrize("who", ["other", "staff"])
def test_nobody_else_learns_that_it_exists(people: Cast, route: str, who: str) -> None:
    answers = visit(getattr(people, who), address(route, people))

    assert statuses(answers) <= FOREIGN, route
    assert 404 in statuses(answers), route


@pytest.mark.parametrize(
    "route", [route for route in routes() if route.startswith("admin/") and route not in PUBLIC]
)
def test_admin_is_closed_to_people_and_to_staff_without_permission(
    people: Cast, route: str
) -> None:
    path = address(route, people)

    assert statuses(visit(people.other, path)) <= REFUSED, route
    if route not in EVERY_STAFF:
        assert statuses(visit(people.staff, path)) <= {403, 404, 405} | _slash(route), route


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_public_pages_never_fail(people: Cast, route: str) -> None:
    assert max(statuses(visit(None, address(route, people)))) < 500


def test_only_what_holds_a_signature_goes_without_a_csrf_token(people: Cast) -> None:
    waived = set()
    for route in exempt_routes():
        client = Client(enforce_csrf_checks=True)
        client.force_login(people.owner)
        answer = client.post(address(route, people))
        if answer.status_code != 403:
            waived.add(route)

    assert waived == {
        "facebook/deauthorize/",
        "facebook/deletion/",
        "notices/unsubscribe/<str:token>/",
    }


def _slash(route: str) -> set[int]:
    """Django leads from ``.../1/`` to ``.../1/change/``, which asks for the permission."""
    return {302} if route.endswith("<path:object_id>/") else set()
