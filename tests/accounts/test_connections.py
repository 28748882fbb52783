"""The connections page: what is linked, and connect, reconnect and disconnect."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import Credential, CredentialEvent, ProviderState, User, Withdrawal
from accounts.signals import credential_lost
from playlists.models import Run, Version
from simulator.control_client import Control
from spotsite import clock
from tests.people import forget_sign_in, give_email
from tests.processes import wait_for
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim)


def connect(visitor: Visitor, provider: str, user: str) -> Any:
    started = visitor.post(f"/connections/connect/{provider}/")
    return visitor.get(visitor.decide(started, user))


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_page_shows_name_rights_end_and_state(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()
    ends = Credential.objects.get().reauth_due_at
    assert ends is not None

    page = text(visitor.get("/connections/"))

    assert "Spotify: Ada" in page
    assert "Change your private playlists" in page
    assert f"{ends:%-d %B %Y}</time> (180 days)" in page
    assert f"/connections/{account.pk}/access.ics" in page
    assert '<span class="badge badge--ok">connected</span>' in page


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"status": "suspect"}, "in doubt"),
        (
            {
                "status": "needs_reconnect",
                "refresh_ct": None,
                "access_ct": None,
                "key_id": None,
            },
            "needs reconnect",
        ),
        (
            {"status": "disconnected", "refresh_ct": None, "access_ct": None, "key_id": None},
            "disconnected",
        ),
    ],
)
def test_page_says_each_state_in_words(visitor: Visitor, change: dict[str, Any], word: str) -> None:
    visitor.sign_in("spotify", "ada")
    Credential.objects.update(**change)

    page = text(visitor.get("/connections/"))

    assert f">{word}</span>" in page
    assert ">Reconnect<" in page


def test_page_blames_the_operator_for_a_wrong_client_secret(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    ProviderState.objects.update_or_create(
        provider="spotify", defaults={"app_error_code": "invalid_client"}
    )

    page = text(visitor.get("/connections/"))

    assert "waiting for the operator" in page
    assert "Whoever runs the site has to put that right" in page


def test_missing_scope_switches_a_feature_off_and_not_the_sign_in(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    credential = Credential.objects.get()
    credential.scopes.remove("playlist-modify-public")
    credential.save(update_fields=["scopes"])

    page = text(visitor.get("/connections/"))

    assert '<span class="badge badge--warn">limited</span>' in page
    assert "Missing: change your public playlists." in page
    assert "Public playlists cannot be made or changed." in page
    assert "Private playlists cannot be made or changed." not in page
    assert '<button class="">Reconnect<' in page


def test_a_connection_without_any_right_is_not_called_well(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    Credential.objects.update(scopes=[])

    page = text(visitor.get("/connections/"))

    assert "All is well" not in page
    assert ">limited</span>" in page
    assert "Private playlists cannot be made or changed." in page


@pytest.mark.parametrize("frozen", [True, False])
def test_page_says_that_the_provider_seems_to_have_an_outage(
    visitor: Visitor, frozen: bool
) -> None:
    visitor.sign_in("spotify", "ada")
    ProviderState.objects.update_or_create(
        provider="spotify", defaults={"frozen_at": clock.now() if frozen else None}
    )

    page = text(visitor.get("/connections/"))

    assert ("Spotify refuses several accounts at once" in page) is frozen


def test_page_says_when_consent_is_overdue(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    Credential.objects.update(reauth_due_at=clock.now() - timedelta(days=2))

    page = text(visitor.get("/connections/"))

    assert "Spotify access was to end on" in page
    assert "Spotify access ends on" not in page


def test_page_says_when_the_token_was_refreshed(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    assert "none yet: the first token still holds" in text(visitor.get("/connections/"))

    tokens.refresh(Credential.objects.get().pk)

    refreshed = Credential.objects.get().last_refreshed_at
    assert f"{refreshed:%H:%M} UTC</time>" in text(visitor.get("/connections/"))


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_queries_for_one_and_three_accounts(
    visitor: Visitor, count: int
) -> None:
    visitor.sign_in("spotify", "ada")
    user = User.objects.get()
    for number in range(count - 1):
        account = SocialAccount.objects.create(
            user=user, provider="spotify", uid=f"more-{number}", extra_data={"display_name": "M"}
        )
        Credential.objects.create(account=account, provider="spotify")
    visitor.get("/connections/")  # shows once what the sign-in said, and forgets it

    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = visitor.get("/connections/")

    assert answer.content.decode().count('<article class="card"') == count
    assert len(seen) == 10


def test_access_end_is_served_as_a_calendar_file(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    credential = Credential.objects.get()
    assert credential.reauth_due_at is not None

    answer = visitor.get(f"/connections/{credential.account_id}/access.ics")

    lines = answer.content.decode().split("\r\n")
    assert answer["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;VALUE=DATE:{credential.reauth_due_at:%Y%m%d}" in lines
    assert (lines[0], lines[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")


def test_several_accounts_of_one_provider_can_be_linked(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    answer = connect(visitor, "spotify", "grace")

    assert answer["Location"] == "/connections/"
    user = User.objects.get()
    assert {row.user for row in SocialAccount.objects.all()} == {user}
    assert SocialAccount.objects.count() == 2


def test_connecting_makes_the_provider_show_which_account(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    started = visitor.post("/connections/connect/spotify/")

    assert "show_dialog=true" in started["Location"]


def test_connecting_gives_the_session_a_new_key(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    before = visitor.session.session_key

    connect(visitor, "facebook", "ada")

    assert visitor.session.session_key != before
    stolen = Visitor(visitor.sim)
    stolen.cookies["sessionid"] = str(before)
    assert stolen.get("/connections/").status_code == 302


def test_connecting_asks_for_a_fresh_sign_in(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    answer = visitor.post("/connections/connect/facebook/")

    assert answer["Location"] == "/sign-in-again/?next=%2Fconnections%2Fconnect%2Ffacebook%2F"


def test_allauths_own_address_leads_to_ours(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    answer = visitor.start("facebook", process="connect")

    assert answer["Location"] == "/connections/connect/facebook/"


def leave_and_come_back_late(visitor: Visitor) -> Any:
    started = visitor.post("/connections/connect/facebook/")
    forget_sign_in(visitor)
    return visitor.get(visitor.decide(started, "ada"))


def test_coming_back_after_more_than_ten_minutes_asks_again(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")

    answer = leave_and_come_back_late(visitor)

    assert SocialAccount.objects.count() == 1
    assert answer["Location"] == "/accounts/reauthenticate/"
    assert visitor.get(answer["Location"])["Location"] == "/sign-in-again/"


def sign_in_again(visitor: Visitor, user: str, **data: Any) -> Any:
    account = SocialAccount.objects.filter(user_id=visitor.session["_auth_user_id"]).first()
    assert account is not None
    started = visitor.post("/sign-in-again/", {"account": account.pk, **data})
    return visitor.get(visitor.decide(started, user))


def test_signing_in_again_with_an_own_account_opens_the_way(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    back = sign_in_again(visitor, "ada", next="/connections/connect/facebook/")
    onward = visitor.get(back["Location"])

    assert onward["Location"] == "/connections/connect/facebook/"
    assert visitor.post(onward["Location"]).status_code == 302
    assert "dialog/oauth" in visitor.post(onward["Location"])["Location"]


def test_signing_in_again_resumes_the_connection_that_waited(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    leave_and_come_back_late(visitor)

    back = sign_in_again(visitor, "ada")
    visitor.get(back["Location"])

    assert set(SocialAccount.objects.values_list("provider", flat=True)) == {"spotify", "facebook"}


def test_signing_in_again_with_a_strange_account_is_refused(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    back = sign_in_again(visitor, "grace", next="/connections/connect/facebook/")

    assert back["Location"] == "/sign-in-again/"
    assert "is not one of those linked here" in text(visitor.get("/sign-in-again/"))
    assert visitor.post("/connections/connect/facebook/")["Location"].startswith("/sign-in-again/")
    assert SocialAccount.objects.count() == 1


def test_signing_in_again_with_another_persons_account_is_refused(visitor: Visitor) -> None:
    other = Visitor(visitor.sim)
    other.sign_in("spotify", "grace")
    visitor.sign_in("spotify", "ada")
    forget_sign_in(visitor)

    back = sign_in_again(visitor, "grace")

    assert back["Location"] == "/sign-in-again/"
    person = User.objects.get(name="Ada")
    assert visitor.session["_auth_user_id"] == str(person.pk)
    assert SocialAccount.objects.get(user=person).extra_data["display_name"] == "Ada"


def test_person_with_a_password_is_asked_for_it(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    user = User.objects.get()
    give_email(user, password="a long enough password")
    visitor.force_login(user)

    answer = visitor.post("/connections/connect/facebook/")

    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")


def test_reconnecting_moves_the_consent_clock(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    before = clock.now() - timedelta(days=100)
    Credential.objects.update(authorized_at=before, reauth_due_at=before + timedelta(days=180))
    account = SocialAccount.objects.get()

    started = visitor.post(f"/connections/{account.pk}/reconnect/")
    visitor.get(visitor.decide(started, "ada"))

    credential = Credential.objects.get()
    assert credential.authorized_at is not None
    assert credential.authorized_at > before + timedelta(days=99)


def test_rights_for_recipes_are_given_when_they_are_wanted_and_stay(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    page = f"/connections/{SocialAccount.objects.get().pk}/reconnect/"
    assert 'value="library" checked' in text(visitor.get(f"{page}?want=library"))

    visitor.get(visitor.decide(visitor.post(page, {"extra": ["library", "all of them"]}), "ada"))
    scopes = set(Credential.objects.get().scopes)
    assert scopes >= {"user-library-read", "playlist-modify-private"}
    assert "user-top-read" not in scopes
    assert 'value="library" checked disabled' in text(visitor.get(page))

    visitor.get(visitor.decide(visitor.post(page), "ada"))  # a later reconnect takes none away
    assert set(Credential.objects.get().scopes) == scopes


def next_of(page: str) -> list[str]:
    return re.findall(r'name="next" value="([^"]*)"', page)


def test_who_came_from_a_page_to_reconnect_is_led_back_to_it(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()
    origin = "/runs/0f8fad5b-d9cb-469f-a165-70867728950e/"

    page = text(visitor.get(f"/connections/?next={origin}"))
    assert f'<a href="{origin}">Back' in page
    assert set(next_of(page)) == {origin}
    forget_sign_in(visitor)  # the detour has a detour
    asked = visitor.post(f"/connections/{account.pk}/reconnect/", {"next": origin})
    onward = parse_qs(urlsplit(asked["Location"]).query)["next"][0]
    resumed = sign_in_again(visitor, "ada", next=onward)
    started = visitor.get(resumed["Location"])
    answer = visitor.get(visitor.decide(started, "ada"))

    assert answer["Location"] == origin


@pytest.mark.parametrize("address", ["connect/facebook/", "{pk}/reconnect/"])
def test_the_page_before_the_provider_keeps_where_one_came_from(
    visitor: Visitor, address: str
) -> None:
    visitor.sign_in("spotify", "ada")
    path = "/connections/" + address.format(pk=SocialAccount.objects.get().pk)

    assert next_of(text(visitor.get(f"{path}?next=/recipes/"))) == ["/recipes/"]
    assert next_of(text(visitor.get(path))) == ["/connections/"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example/", "///evil.example"),
        *("javascript:alert(1)", "evil.example", "/\nLocation: https://evil.example/"),
    ],
)
def test_nobody_is_led_away_from_this_site(visitor: Visitor, elsewhere: str) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()

    page = visitor.get("/connections/", {"next": elsewhere})
    started = visitor.post(f"/connections/{account.pk}/reconnect/", {"next": elsewhere})
    answer = visitor.get(visitor.decide(started, "ada"))

    assert next_of(text(page)) == []
    assert "evil" not in text(page)
    assert answer["Location"] == "/connections/"


def test_reconnecting_as_somebody_else_changes_nothing(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()
    before = Credential.objects.values().get()

    started = visitor.post(f"/connections/{account.pk}/reconnect/")
    answer = visitor.get(visitor.decide(started, "grace"))

    assert answer["Location"] == "/connections/"
    assert "not the account that you wanted to reconnect" in text(visitor.get("/connections/"))
    assert Credential.objects.values().get() == before


def test_disconnecting_erases_the_tokens_and_tells_the_others(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    connect(visitor, "spotify", "ada")
    spotify = SocialAccount.objects.get(provider="spotify")
    heard: list[str] = []

    def on_lost(reason: str, **kwargs: Any) -> None:
        heard.append(reason)

    credential_lost.connect(on_lost)

    asked = visitor.get(f"/connections/{spotify.pk}/disconnect/")
    answer = visitor.post(f"/connections/{spotify.pk}/disconnect/")

    credential_lost.disconnect(on_lost)
    assert "https://www.spotify.com/account/apps/" in text(asked)
    assert answer["Location"] == "/connections/"
    assert not SocialAccount.objects.filter(provider="spotify").exists()
    assert not Credential.objects.filter(provider="spotify").exists()
    assert heard == ["disconnected"]
    event = CredentialEvent.objects.get(kind="forgotten")
    assert (event.user, event.account) == (User.objects.get(), None)


def test_disconnecting_takes_the_runs_and_versions_of_that_account(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    connect(visitor, "spotify", "ada")
    spotify = SocialAccount.objects.get(provider="spotify")
    Version.objects.create(account=spotify, playlist_id="p")
    Run.objects.create(
        user=spotify.user, account=spotify, mode=Run.Mode.APPEND, state=Run.State.RUNNING
    )

    visitor.post(f"/connections/{spotify.pk}/disconnect/")

    assert not Run.objects.exists()
    assert not Version.objects.exists()


def test_looking_at_the_confirmation_disconnects_nothing(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    connect(visitor, "spotify", "ada")
    spotify = SocialAccount.objects.get(provider="spotify")

    visitor.get(f"/connections/{spotify.pk}/disconnect/")

    assert SocialAccount.objects.filter(provider="spotify").exists()


def test_disconnecting_asks_for_a_fresh_sign_in(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    connect(visitor, "spotify", "ada")
    spotify = SocialAccount.objects.get(provider="spotify")
    forget_sign_in(visitor)

    answer = visitor.post(f"/connections/{spotify.pk}/disconnect/")

    assert answer["Location"].startswith("/sign-in-again/")
    assert SocialAccount.objects.filter(provider="spotify").exists()


def test_another_persons_account_is_not_found(visitor: Visitor) -> None:
    other = Visitor(visitor.sim)
    other.sign_in("spotify", "grace")
    theirs = SocialAccount.objects.get()
    visitor.sign_in("spotify", "ada")

    answers = [
        visitor.post(f"/connections/{theirs.pk}/disconnect/"),
        visitor.post(f"/connections/{theirs.pk}/reconnect/"),
        visitor.get(f"/connections/{theirs.pk}/access.ics"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_allauths_list_of_connections_leads_to_ours(visitor: Visitor) -> None:
    visitor.sign_in("spotify", "ada")
    account = SocialAccount.objects.get()

    answer = visitor.post("/accounts/3rdparty/", {"account": account.pk})

    assert answer["Location"] == "/connections/"
    assert SocialAccount.objects.exists()


def test_disconnecting_facebook_withdraws_the_permission_there(
    visitor: Visitor, worker: object
) -> None:
    visitor.sign_in("spotify", "ada")
    connect(visitor, "facebook", "ada")
    facebook = SocialAccount.objects.get(provider="facebook")

    visitor.post(f"/connections/{facebook.pk}/disconnect/")

    wait_for(lambda: Withdrawal.objects.get().done_at, what="Facebook's yes")
    assert Withdrawal.objects.get().uid == ""
    (call,) = [row for row in visitor.sim.log() if row["method"] == "DELETE"]
    assert call["path"] == f"/v24.0/{facebook.uid}/permissions"
    assert "access_token" not in str(call.get("query"))
