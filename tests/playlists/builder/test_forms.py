"""A definition through the rendered page and back: what a browser would send says the same."""

from __future__ import annotations

from django.template.loader import render_to_string
from hypothesis import example, given, settings

from playlists.builder import sheet
from playlists.builder.faults import Faults
from playlists.builder.forms import Page
from playlists.builder.offers import Offers
from playlists.library import Target
from playlists.recipes import definition
from tests.playlists.builder.browser import Fields
from tests.playlists.recipes import inventing
from tests.playlists.recipes.inventing import BLOCK_LIST, GYM, Json, plain

# One playlist, one account, the list and the version are not among what is offered.
OFFERS = Offers(
    accounts=[("ada", "Ada")],
    lists=[],
    versions=[],
    targets=[Target(1, GYM, "Gym", 3), Target(1, BLOCK_LIST, "Block list", 3)],
)
BACKWARDS = {"kind": "weekly", "days": ["sunday", "monday"], "at": "05:00"}


@settings(deadline=None, max_examples=60)
@example(plain({"kind": "drop", "when": {"kind": "in_playlist", "playlists": [BLOCK_LIST, GYM]}}))
@example({**plain(), "schedule": {"entries": [BACKWARDS]}})
@given(inventing.definitions)
def test_the_page_gives_back_what_it_was_given(data: Json) -> None:
    known = definition.check(data)
    page = Page(sheet.of(known, name="Gym & Co"), OFFERS, Faults(), is_new=False)

    html = render_to_string("playlists/builder_form.html", {"page": page, "offers": OFFERS})

    back = sheet.received(Fields(html).sent)
    assert definition.check(sheet.draft(back)) == known
    assert back.name == "Gym & Co"
