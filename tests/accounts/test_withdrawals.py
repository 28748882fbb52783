"""Taking a permission back at Facebook: until it says yes, and honest about it when it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts import connections, tasks, withdrawals
from accounts.models import User, Withdrawal
from simulator.control_client import Control
from spotsite import clock
from tests.accounts.conftest import Later
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    visitor = Visitor(sim)
    visitor.sign_in("spotify", "ada")
    started = visitor.post("/connections/connect/facebook/")
    visitor.get(visitor.decide(started, "ada"))
    return visitor


@pytest.fixture
def withdrawal(visitor: Visitor) -> Withdrawal:
    """A link that ended, and a permission that nobody has taken back yet."""
    pk = connections.disconnect(SocialAccount.objects.get(provider="facebook"))
    return Withdrawal.objects.get(pk=pk)


def calls(visitor: Visitor) -> int:
    return len([row for row in visitor.sim.log() if row["method"] == "DELETE"])


def test_permission_is_gone_at_facebook_afterwards(
    visitor: Visitor, withdrawal: Withdrawal
) -> None:
    uid = withdrawal.uid
    (before,) = [row for row in visitor.sim.facebook_users() if row["id"] == uid]

    assert withdrawals.withdraw(withdrawal.pk)

    (after,) = [row for row in visitor.sim.facebook_users() if row["id"] == uid]
    assert before["granted"]
    assert not after["granted"]
    withdrawal.refresh_from_db()
    assert withdrawal.done_at is not None
    assert withdrawal.uid == ""


def test_secret_is_in_the_header_and_not_in_the_address(
    visitor: Visitor, withdrawal: Withdrawal
) -> None:
    withdrawals.withdraw(withdrawal.pk)

    (call,) = [row for row in visitor.sim.log() if row["method"] == "DELETE"]
    assert call["path"] == f"/v24.0/{withdrawal.uid}/permissions"
    assert not call.get("query")


def test_failure_is_shown_and_tried_again_later(
    visitor: Visitor, withdrawal: Withdrawal, later: Later
) -> None:
    visitor.sim.fault(method="DELETE", path="/v24.0/*", status=503)

    assert not withdrawals.withdraw(withdrawal.pk)
    page = " ".join(visitor.get("/connections/").content.decode().split())
    assert "1 try so far, the last one failed (http_503)" in page
    assert withdrawals.due() == []

    visitor.sim.clear_faults()
    later(withdrawals.WAITS[0])
    assert withdrawals.due() == [withdrawal.pk]
    assert withdrawals.withdraw(withdrawal.pk)
    assert "taking our permission back" not in visitor.get("/connections/").content.decode()


def test_after_the_last_try_the_person_is_told_to_do_it(
    visitor: Visitor, withdrawal: Withdrawal, later: Later
) -> None:
    visitor.sim.fault(method="DELETE", path="/v24.0/*", status=500, times=100)

    for wait in (*withdrawals.WAITS, timedelta(0)):
        withdrawals.withdraw(withdrawal.pk)
        later(wait)

    withdrawal.refresh_from_db()
    assert withdrawal.given_up_at is not None
    assert withdrawal.uid == ""
    page = " ".join(visitor.get("/connections/").content.decode().split())
    assert "Please remove spotsite there yourself" in page
    assert not withdrawals.withdraw(withdrawal.pk)


def test_one_that_is_not_due_is_left_alone(visitor: Visitor, withdrawal: Withdrawal) -> None:
    Withdrawal.objects.update(not_before=clock.now() + timedelta(minutes=1))

    assert not withdrawals.withdraw(withdrawal.pk)
    assert calls(visitor) == 0


def test_doubled_message_asks_once(visitor: Visitor, withdrawal: Withdrawal) -> None:
    withdrawals.withdraw(withdrawal.pk)
    withdrawals.withdraw(withdrawal.pk)

    assert calls(visitor) == 1


def test_spotify_has_no_call_for_it(visitor: Visitor) -> None:
    assert withdrawals.ask_for(SocialAccount.objects.get(provider="spotify")) is None


def test_somebody_elses_withdrawal_is_not_shown(visitor: Visitor, withdrawal: Withdrawal) -> None:
    Withdrawal.objects.update(user=User.objects.create_user(name="Somebody"))

    assert "taking our permission back" not in visitor.get("/connections/").content.decode()


def test_sweep_finds_what_was_forgotten(withdrawal: Withdrawal, worker: object) -> None:
    from tests.processes import wait_for

    tasks.withdraw_due.delay()

    wait_for(lambda: Withdrawal.objects.get().done_at, what="Facebook's yes")
