"""With Postgres or Valkey away: a calm answer, soon, and everything works again afterwards."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, RequestFactory
from kombu.exceptions import OperationalError as BrokerError

from accounts.forms import DELETE_WORDS
from accounts.models import Withdrawal
from accounts.tasks import withdraw_permission
from accounts.withdrawals import due
from runner import control
from simulator.control_client import Control
from spotsite import nudges, outages
from spotsite.celery import PATIENT
from tests.people import give_email, prove_again
from tests.processes import Worker, wait_for
from tests.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough password"


@pytest.fixture
def no_valkey(valkey: None) -> Iterator[None]:
    control.ask("stop", "valkey")
    yield
    control.ask("start", "valkey")


@pytest.fixture
def no_postgres(transactional_db: None) -> Iterator[None]:
    control.ask("stop", "postgres")
    yield
    control.ask("start", "postgres")
    connection.close()


@pytest.fixture
def hung_valkey(valkey: None) -> Iterator[None]:
    pid = control.running()["valkey"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@pytest.fixture
def visitor(sim: Control) -> Visitor:
    return Visitor(sim, raise_request_exception=False)


def person(**fields: Any) -> Any:
    user = get_user_model().objects.create_user(**fields)
    give_email(user, password=PASSWORD)
    return user


def is_calm(answer: Any) -> bool:
    page = answer.content.decode()
    assert answer["Retry-After"] == "10"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code == 503 and "Back in a moment" in page and "site.css" in page


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD}),
        ("/accounts/login/code/", {"email": "ada@example.org"}),
        ("/accounts/spotify/login/", {}),
        ("/facebook/deletion/", {"signed_request": "a.b"}),
    ],
)
def test_sign_in_is_refused_where_its_limit_cannot_be_counted(
    no_valkey: None, path: str, data: dict[str, str]
) -> None:
    person()
    client = Client()

    assert is_calm(client.post(path, data))
    assert "_auth_user_id" not in client.session


def test_a_form_is_simply_sent_again(valkey: None) -> None:
    person()
    client = Client()
    form = {"login": "ada@example.org", "password": PASSWORD}
    control.ask("stop", "valkey")
    try:
        assert is_calm(client.post("/accounts/login/", form))
    finally:
        control.ask("start", "valkey")

    assert client.post("/accounts/login/", form).status_code == 302
    assert "_auth_user_id" in client.session


def test_disconnecting_works_without_a_broker_and_the_row_waits_for_the_sweep(
    visitor: Visitor,
) -> None:
    visitor.sign_in("facebook", "ada")
    user = get_user_model().objects.get()
    give_email(user)
    prove_again(visitor)
    account = user.socialaccount_set.get()
    control.ask("stop", "valkey")
    try:
        answer = visitor.post(f"/connections/{account.pk}/disconnect/")
    finally:
        control.ask("start", "valkey")

    assert answer.status_code == 302
    assert not user.socialaccount_set.exists()
    assert due() == [Withdrawal.objects.get().pk]


def test_leaving_works_without_a_broker(visitor: Visitor) -> None:
    visitor.sign_in("facebook", "ada")
    prove_again(visitor)
    control.ask("stop", "valkey")
    try:
        answer = visitor.post("/account/delete/", {"words": DELETE_WORDS})
    finally:
        control.ask("start", "valkey")

    assert "Your account is deleted" in answer.content.decode()
    assert due() == [Withdrawal.objects.get().pk]


def test_a_nudge_is_sent_again_once_the_broker_is_back(valkey: None) -> None:
    assert nudges.send(withdraw_permission, 0)
    control.ask("stop", "valkey")
    try:
        assert not nudges.send(withdraw_permission, 0)
    finally:
        control.ask("start", "valkey")

    assert nudges.send(withdraw_permission, 0)


def test_a_broker_that_hangs_counts_as_away(hung_valkey: None) -> None:
    assert Client().get("/healthz").json() == {"ok": False, "database": True, "broker": False}
    assert not nudges.send(withdraw_permission, 0)
    assert is_calm(Client().post("/accounts/spotify/login/"))


def test_a_broker_is_not_given_up_while_there_is_nothing_to_do(worker: Worker) -> None:
    """The wait for work is longer than the time after which a broker counts as hung."""
    before = len(worker.lines)
    ends = time.monotonic() + 2.5 * PATIENT["socket_timeout"]

    wait_for(lambda: time.monotonic() > ends)

    assert worker.lines[before:] == []


def test_nobody_waits_long_for_a_connection() -> None:
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["max_retries"] == 0
    assert connection.settings_dict["OPTIONS"]["connect_timeout"] <= 5


def test_health_names_what_is_missing_without_valkey(no_valkey: None) -> None:
    answer = Client().get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "database": True, "broker": False}


def test_health_names_what_is_missing_without_postgres(no_postgres: None) -> None:
    answer = Client().get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "database": False, "broker": True}


def test_pages_are_calm_without_postgres_and_come_back_with_it(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.sign_in("spotify", "ada")
    visitor.get("/connections/")
    control.ask("stop", "postgres")
    try:
        away = visitor.get("/connections/")
        logged = [row.getMessage() for row in caplog.records if row.levelno >= logging.ERROR]
        polled = visitor.get("/connections/", headers={"Accept": "application/json"})
    finally:
        control.ask("start", "postgres")
        connection.close()

    assert is_calm(away)
    assert logged == ["the database is away: OperationalError"]
    assert polled.json() == {"ok": False, "missing": "database"}
    assert visitor.get("/connections/").status_code == 200


def test_what_a_middleware_cannot_do_is_answered_as_calmly(no_postgres: None) -> None:
    """A stranger's session is first written after the view, by its middleware."""
    client = Client(raise_request_exception=False)

    assert is_calm(client.post("/accounts/spotify/login/"))


def test_an_error_of_ours_is_no_outage() -> None:
    request = RequestFactory().get("/")

    assert outages.answer(request, ValueError("no")) is None
    assert outages.answer(request, BrokerError()) is not None
