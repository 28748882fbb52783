"""How far invalid_grant is believed: one refused account, a household, a large site."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import belief, tokens
from accounts.errors import GrantDoubted, ReauthorizationRequired
from accounts.models import Credential, CredentialEvent, ProviderState, User
from accounts.signals import credential_lost, provider_trouble
from spotsite import clock
from tests.accounts.conftest import Later, Link

if TYPE_CHECKING:
    from simulator.control_client import Control

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIVE = ("anna", "bert", "cleo", "dora", "emil")


def posts(sim: Control) -> int:
    return len(sim.log(path="/api/token"))


def sweep() -> None:
    while tokens.refresh_next_due() is not None:
        pass


def live(later: Later, span: timedelta, *, step: timedelta = timedelta(minutes=15)) -> None:
    """Let the site run on for ``span``: time passes, and what is due is refreshed."""
    for _ in range(int(span / step)):
        later(step)
        sweep()


def states() -> list[str]:
    return list(Credential.objects.order_by("pk").values_list("status", flat=True))


def test_a_refused_account_is_suspect_and_lost_after_three_probes_in_a_day(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(HOUR)
    sim.revoke("wizzler")
    asked = []

    for _ in range(25 * 4):
        sweep()
        asked.append(posts(sim))
        if states() == ["needs_reconnect"]:
            break
        later(timedelta(minutes=15))

    changes = [n for n in range(1, len(asked)) if asked[n] != asked[n - 1]]
    assert [n * 0.25 for n in changes] == [0.25, 3.0, 24.0]
    credential.refresh_from_db()
    assert credential.status == "needs_reconnect"
    assert credential.access_ct is credential.refresh_ct is credential.key_id is None
    kinds = CredentialEvent.objects.order_by("pk").values_list("kind", "code")
    assert list(kinds) == [
        ("stored", "consent"),
        ("doubted", "invalid_grant"),
        ("lost", "invalid_grant"),
    ]


def test_a_suspect_is_not_asked_between_probes_and_says_that_it_is_doubted(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(HOUR)
    sim.revoke("wizzler")

    for _ in range(5):
        with pytest.raises(GrantDoubted):
            tokens.access_token_for(credential.pk)

    assert posts(sim) == 1


def test_a_suspects_token_is_used_to_its_end(sim: Control, link: Link, later: Later) -> None:
    credential = link("wizzler")
    later(timedelta(minutes=50))
    sim.switch(false_invalid_grant_count=1)

    sweep()

    assert states() == ["suspect"]
    assert tokens.access_token_for(credential.pk).generation == credential.generation


def test_staff_who_ask_again_and_again_do_not_hasten_the_verdict(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(HOUR)
    sim.revoke("wizzler")

    for _ in range(6):
        with pytest.raises(GrantDoubted):
            tokens.refresh(credential.pk)
    credential.refresh_from_db()
    assert credential.probes == 0
    for _ in range(6):
        tokens.ask_refresh(credential.pk)
        sweep()

    assert states() == ["suspect"]


def test_a_false_refusal_leaves_no_trace_but_the_events(
    sim: Control, link: Link, later: Later
) -> None:
    credential = link("wizzler")
    later(HOUR)
    sim.switch(false_invalid_grant_count=1)
    sweep()
    assert states() == ["suspect"]

    live(later, HOUR)

    credential.refresh_from_db()
    assert (credential.status, credential.suspect_since, credential.probes) == ("ok", None, 0)
    assert list(CredentialEvent.objects.order_by("pk").values_list("kind", flat=True)) == [
        "stored",
        "doubted",
        "restored",
    ]


def test_after_the_known_end_of_consent_a_refusal_is_believed_at_once(
    sim: Control, link: Link, later: Later
) -> None:
    one, other = link("wizzler", "snoopy")
    later(timedelta(days=181))

    sweep()

    assert states() == ["needs_reconnect", "needs_reconnect"]
    assert posts(sim) == 2
    assert not ProviderState.objects.exclude(frozen_at=None).exists()
    for credential in (one, other):
        with pytest.raises(ReauthorizationRequired, match="consent_ended"):
            tokens.access_token_for(credential.pk)


def test_a_token_is_used_past_the_consent_clock_while_the_provider_accepts_it(
    sim: Control, link: Link, later: Later
) -> None:
    sim.switch(refresh_days=200)
    credential = link("wizzler")

    later(timedelta(days=185))

    assert tokens.access_token_for(credential.pk)


def test_one_in_a_household_who_revokes_is_believed_once_the_others_get_through(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.revoke("anna")

    live(later, timedelta(hours=27))

    assert states() == ["needs_reconnect", "ok", "ok", "ok", "ok"]


def test_no_verdict_is_taken_while_nobody_gets_through(
    sim: Control, link: Link, later: Later
) -> None:
    _, bert = link("anna", "bert")
    later(HOUR)
    refresh_token = tokens._unsealed(bert, "refresh_ct")
    assert refresh_token is not None
    sim.fault(
        path="/api/token", body_contains=quote(refresh_token.reveal()), status=503, times=None
    )
    sim.revoke("anna")

    live(later, timedelta(hours=30))
    assert states() == ["suspect", "ok"]
    sim.clear_faults()
    live(later, 3 * HOUR)

    assert states() == ["needs_reconnect", "ok"]


@pytest.mark.parametrize("used", [True, False])
def test_two_of_a_household_that_fail_together_freeze_all_verdicts_and_alarm_once(
    sim: Control, link: Link, later: Later, used: bool
) -> None:
    troubles: list[Any] = []

    def hear(sender: Any, signal: Any, **what: Any) -> None:
        troubles.append(what)

    provider_trouble.connect(hear)
    link(*FIVE, used=used)
    later(HOUR)
    sim.switch(false_invalid_grant_share=1)
    tokens.ask_refresh(Credential.objects.earliest("pk").pk)

    sweep()  # one is due; the others are called as witnesses

    provider_trouble.disconnect(hear)
    assert states() == ["suspect"] * 5
    assert troubles == [{"provider": "spotify", "trouble": "frozen"}]


def test_a_household_outlives_an_outage_of_three_days_that_says_revoked(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.switch(false_invalid_grant_share=1)
    live(later, 3 * DAY, step=HOUR)
    assert states() == ["suspect"] * 5

    sim.switch(false_invalid_grant_share=0)
    live(later, timedelta(hours=30), step=HOUR)

    assert states() == ["ok"] * 5
    assert ProviderState.objects.get(provider="spotify").frozen_at is None


def test_when_one_is_accepted_again_the_others_are_asked_within_minutes(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.switch(false_invalid_grant_share=1)
    live(later, 2 * DAY, step=HOUR)
    sim.switch(false_invalid_grant_share=0)

    tokens.ask_refresh(Credential.objects.earliest("pk").pk)
    sweep()
    live(later, timedelta(minutes=20), step=timedelta(minutes=5))

    assert states() == ["ok"] * 5


def test_two_of_a_household_who_really_left_are_believed_after_a_week(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.revoke("anna")
    sim.revoke("bert")

    live(later, 6 * DAY, step=HOUR)
    assert states() == ["suspect", "suspect", "ok", "ok", "ok"]
    live(later, 3 * DAY, step=HOUR)

    assert states() == ["needs_reconnect", "needs_reconnect", "ok", "ok", "ok"]
    assert ProviderState.objects.get(provider="spotify").frozen_at is None


def test_staff_may_say_that_those_who_are_suspect_really_left(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.revoke("anna")
    sim.revoke("bert")
    live(later, 2 * DAY, step=HOUR)
    assert states() == ["suspect", "suspect", "ok", "ok", "ok"]

    assert belief.thaw("spotify")
    live(later, HOUR)

    assert states() == ["needs_reconnect", "needs_reconnect", "ok", "ok", "ok"]


def test_whoever_is_refused_after_staff_said_so_is_frozen_again(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.revoke("anna")
    sim.revoke("bert")
    live(later, 2 * DAY, step=HOUR)
    belief.thaw("spotify")
    live(later, HOUR)

    sim.switch(false_invalid_grant_share=1)
    live(later, 2 * DAY, step=HOUR)

    assert states() == ["needs_reconnect", "needs_reconnect", "suspect", "suspect", "suspect"]


def test_staff_cannot_hasten_the_day_that_a_suspect_has(
    sim: Control, link: Link, later: Later
) -> None:
    link(*FIVE)
    later(HOUR)
    sim.switch(false_invalid_grant_share=1)
    live(later, HOUR)

    belief.thaw("spotify")
    live(later, 12 * HOUR, step=HOUR)

    assert states() == ["suspect"] * 5


def test_nothing_is_thawed_that_is_not_frozen(link: Link) -> None:
    link("anna")

    assert not belief.thaw("spotify")


def test_a_storm_that_refuses_30_percent_marks_nobody(
    sim: Control, link: Link, later: Later
) -> None:
    lost: list[Any] = []

    def hear(sender: Any, signal: Any, **what: Any) -> None:
        lost.append(what)

    credential_lost.connect(hear)
    link(*(f"person-{number}" for number in range(20)))
    later(HOUR)
    sim.switch(false_invalid_grant_share=0.3)
    live(later, 2 * DAY, step=HOUR)
    refused = states().count("suspect")
    sim.switch(false_invalid_grant_share=0)
    live(later, timedelta(hours=30), step=HOUR)

    credential_lost.disconnect(hear)
    assert 2 <= refused <= 12
    assert states() == ["ok"] * 20
    assert lost == []


def test_on_a_large_site_two_who_leave_on_one_day_freeze_nothing(
    sim: Control, link: Link, later: Later
) -> None:
    link("anna", "bert")
    later(HOUR)
    others = 200
    people = User.objects.bulk_create(User(name=str(number)) for number in range(others))
    accounts = SocialAccount.objects.bulk_create(
        SocialAccount(user=one, provider="spotify", uid=f"other-{one.pk}") for one in people
    )
    sim.revoke("anna")
    sim.revoke("bert")
    Credential.objects.bulk_create(
        Credential(account=one, provider="spotify", authorized_at=clock.now()) for one in accounts
    )
    for _ in range(26):
        # The others get through all the time.
        Credential.objects.filter(account__in=accounts).update(last_refreshed_at=clock.now())
        live(later, HOUR)

    lost = Credential.objects.filter(status="needs_reconnect")
    assert sorted(lost.values_list("provider_user_id", flat=True)) == ["anna", "bert"]
    assert not ProviderState.objects.exclude(frozen_at=None).exists()
