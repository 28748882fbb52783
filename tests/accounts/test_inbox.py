"""Notices: each told once, mailed once where the person wants it, switched off with one click."""

from __future__ import annotations

import email
import re
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts import export, inbox, mailing, notices, tasks
from accounts.inbox import Kind, Letter
from accounts.models import Notice, NoticeChoice, User
from spotsite import clock
from tests.people import give_email

pytestmark = pytest.mark.django_db

HIDEABLE = Kind("test", "A test", about="tests", may_hide=True)
ALWAYS = Kind("always", "Always", about="what is always shown")
PASSING = Kind("passing", "Passing", about="what passes", write=lambda _: None)


@pytest.fixture(autouse=True)
def _kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (HIDEABLE, ALWAYS, PASSING):
        monkeypatch.setitem(inbox.kinds, kind.name, kind)


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user(name="Ada Lovelace")
    give_email(user)
    return user


def tell(user: User, key: str = "a", kind: Kind = HIDEABLE, **words: str) -> None:
    words = {"title": f"About {key}", "sentence": "It is so.", "link": "/runs/", **words}
    inbox.tell(user.pk, kind, key, **words)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def unsubscribe_path(sent: Any) -> str:
    return _path(str(sent.extra_headers["List-Unsubscribe"]).strip("<>"))


def _path(address: str) -> str:
    return address.removeprefix(settings.PUBLIC_URL)


# Telling ------------------------------------------------------------------------------------------


def test_the_same_is_told_once(ada: User) -> None:
    for _ in range(3):
        tell(ada)
        mailing.send_due()
    tell(ada, "b")

    assert ada.notices.count() == 2
    assert [one.subject for one in mail.outbox] == ["About a"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_the_same_once(ada: User) -> None:
    ready = threading.Barrier(2)

    def work() -> None:
        with transaction.atomic():
            ready.wait()
            tell(ada)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_mail_the_same_once(ada: User) -> None:
    for number in range(20):
        tell(ada, str(number))
    ready = threading.Barrier(2)
    sent = []

    def work() -> None:
        ready.wait()
        sent.append(mailing.send_due())
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert sum(sent) == len(mail.outbox) == 20
    assert len({one.subject for one in mail.outbox}) == 20


def test_what_is_not_committed_is_not_told(ada: User) -> None:
    with transaction.atomic():
        tell(ada)
        transaction.set_rollback(True)

    assert not Notice.objects.exists()


# Mail ---------------------------------------------------------------------------------------------


def test_mails_go_out_in_order_and_say_where_to_look(ada: User) -> None:
    tell(ada, "a")
    tell(ada, "b")

    assert mailing.send_due() == 2

    first, second = mail.outbox
    assert (first.subject, second.subject) == ("About a", "About b")
    assert first.to == ["ada@example.org"]
    assert "Hello Ada," in first.body
    assert "It is so." in first.body
    assert f"{settings.PUBLIC_URL}/runs/" in first.body
    assert f"{settings.PUBLIC_URL}/account/notices/" in first.body
    assert Notice.objects.filter(mailed_at=None).count() == 0


@pytest.mark.parametrize("who", ["none", "unverified", "inactive", "switched off"])
def test_nobody_else_gets_mail_and_the_site_says_it_all_the_same(ada: User, who: str) -> None:
    if who == "none":
        ada = User.objects.create_user(name="Grace")
    if who == "unverified":
        ada.emailaddress_set.update(verified=False)
    if who == "inactive":
        User.objects.update(is_active=False)
    if who == "switched off":
        inbox.choose(ada, HIDEABLE, by_mail=False, in_site=True)
    tell(ada)

    assert [mailing.send_due() for _ in range(2)] == [0, 0]

    assert mail.outbox == []
    assert not Notice.objects.to_mail().exists()
    assert inbox.unread_count(ada) == 1


class AwayBackend(EmailBackend):
    def open(self) -> bool:
        raise ConnectionRefusedError


class RefusingBackend(EmailBackend):
    asked = 0

    def send_messages(self, messages: Any) -> int:
        type(self).asked += 1
        raise smtplib.SMTPServerDisconnected


class ChoosyBackend(EmailBackend):
    def send_messages(self, messages: Any) -> int:
        if messages[0].subject == "About a":
            raise smtplib.SMTPDataError(554, b"no")
        return super().send_messages(messages)


def test_a_mail_that_the_server_did_not_take_goes_out_later(ada: User) -> None:
    tell(ada)
    with override_settings(EMAIL_BACKEND=f"{__name__}.RefusingBackend"):
        assert mailing.send_due() == 0
    assert Notice.objects.get().mailed_at is None

    assert [mailing.send_due() for _ in range(2)] == [1, 0]


def test_a_mail_that_is_refused_again_and_again_holds_up_no_other_and_is_given_up(
    ada: User,
) -> None:
    tell(ada, "a")
    with override_settings(EMAIL_BACKEND=f"{__name__}.ChoosyBackend"):
        assert mailing.send_due() == 0
        tell(ada, "b")
        assert mailing.send_due() == 1
    clock.move(mailing.OLD + timedelta(seconds=1))

    assert mailing.send_due() == 0

    assert not Notice.objects.to_mail().exists()
    assert [one.subject for one in mail.outbox] == ["About b"]


def test_a_server_that_is_away_is_not_asked_for_each_mail(ada: User) -> None:
    for number in range(9):
        tell(ada, str(number))
    with override_settings(EMAIL_BACKEND=f"{__name__}.AwayBackend"):
        assert mailing.send_due() == 0
    with override_settings(EMAIL_BACKEND=f"{__name__}.RefusingBackend"):
        RefusingBackend.asked = 0
        assert mailing.send_due() == 0

    assert RefusingBackend.asked == 3
    assert mailing.send_due() == 9


def test_news_that_are_old_by_then_are_not_mailed(ada: User) -> None:
    tell(ada, kind=PASSING)

    assert mailing.send_due() == 0
    assert inbox.unread_count(ada) == 1


def test_a_kind_may_add_to_its_mail(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = Letter(attachment=("a.txt", "text", "text/plain"))
    special = Kind("special", "Special", about="special things", write=lambda _: letter)
    monkeypatch.setitem(inbox.kinds, "special", special)
    tell(ada, kind=special)

    mailing.send_due()

    assert mail.outbox[0].attachments == [("a.txt", "text", "text/plain")]


def test_beat_mails_them(ada: User) -> None:
    tell(ada)

    tasks.mail_notices()

    assert len(mail.outbox) == 1


# One click ----------------------------------------------------------------------------------------


def test_one_click_switches_the_kind_off_without_a_sign_in(ada: User) -> None:
    tell(ada)
    mailing.send_due()
    sent = mail.outbox[0]
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stranger = Client(enforce_csrf_checks=True)

    answer = stranger.post(unsubscribe_path(sent), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert "switched off" in page_of(answer)
    tell(ada, "b")
    tell(ada, "c", PASSING)
    assert not inbox.switches_of(ada)["test"].by_mail
    assert inbox.switches_of(ada)["reconnect_soon"].by_mail
    mail.outbox.clear()
    mailing.send_due()
    assert mail.outbox == []
    assert inbox.unread_count(ada) == 3


def test_the_headers_are_in_the_mail_as_it_is_sent(ada: User) -> None:
    tell(ada)
    mailing.send_due()

    message = email.message_from_bytes(mail.outbox[0].message().as_bytes())

    (address,) = message.get_all("List-Unsubscribe") or []
    assert _path(address.strip().strip("<>")) == unsubscribe_path(mail.outbox[0])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_looking_at_the_link_switches_nothing_off(ada: User) -> None:
    answer = Client().get(_path(mailing.unsubscribe_url(ada, HIDEABLE)))

    assert 'method="post"' in answer.content.decode()
    assert inbox.wants_mail(ada, HIDEABLE)
    assert not NoticeChoice.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_was_changed_gets_a_clear_page(ada: User, method: str) -> None:
    grace = User.objects.create_user(name="Grace")
    path, gone = (_path(mailing.unsubscribe_url(one, HIDEABLE)) for one in (ada, grace))
    grace.delete()
    bad = [path[:-6] + "/", path.replace(":", "x", 1), gone, "/notices/unsubscribe/x/"]

    answers = [getattr(Client(), method)(one) for one in bad]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert all("of no use" in page_of(answer) for answer in answers)
    assert not NoticeChoice.objects.exists()


def test_the_link_is_rate_limited(ada: User) -> None:
    statuses = {Client().get("/notices/unsubscribe/x/").status_code for _ in range(61)}

    assert statuses == {404, 429}


# The pages ----------------------------------------------------------------------------------------


def test_the_header_counts_and_the_list_reads(ada: User) -> None:
    tell(ada, "a")
    tell(ada, "b", link="")
    client = browser(ada)
    assert "Notices 2 unread" in page_of(client.get("/account/"))

    answer = client.get("/notices/")

    page = page_of(answer)
    assert page.index("About b") < page.index("About a")
    assert page.count(" new ") == 2
    assert "unread" not in page
    assert "unread" not in page_of(client.get("/account/"))
    assert " new " not in page_of(client.get("/notices/"))


def test_the_header_costs_one_query(ada: User) -> None:
    for number in range(5):
        tell(ada, str(number))
    client = browser(ada)

    with CaptureQueriesContext(connection) as asked:
        client.get("/account/")

    (count,) = [one["sql"] for one in asked if "accounts_notice" in one["sql"]]
    assert count.startswith("SELECT COUNT(*)")


def test_only_what_is_shown_is_read_and_all_can_be(ada: User) -> None:
    for number in range(35):
        tell(ada, str(number))
    client = browser(ada)

    assert "Mark all as read" in page_of(client.get("/notices/"))
    assert inbox.unread_count(ada) == 5
    client.post("/notices/read/")

    assert inbox.unread_count(ada) == 0
    assert "Mark all as read" not in page_of(client.get("/notices/?page=2"))


def test_nobody_sees_anothers(ada: User) -> None:
    tell(ada)
    grace = User.objects.create_user(name="Grace")

    assert "About a" not in page_of(browser(grace).get("/notices/"))
    browser(grace).post("/notices/read/")
    assert inbox.unread_count(ada) == 1


def test_switches_are_kept_and_one_kind_cannot_be_hidden(ada: User) -> None:
    client = browser(ada)
    assert "ada@example.org" in page_of(client.get("/account/notices/"))

    client.post("/account/notices/", {"mail-reconnect_soon": "on"})

    switches = inbox.switches_of(ada)
    assert switches["reconnect_soon"] == inbox.Switches(by_mail=True, in_site=True)
    assert switches["reconnect_now"] == inbox.Switches(by_mail=False, in_site=True)
    assert switches["test"] == inbox.Switches(by_mail=False, in_site=False)
    tell(ada, "a")
    tell(ada, "b", ALWAYS)
    assert inbox.unread_count(ada) == 1
    page = client.get("/account/notices/").content.decode()
    assert len(re.findall(r'name="mail-\w+" checked', page)) == 1
    assert "site-reconnect_now" not in page


def test_a_person_without_an_address_is_told_that_no_mail_comes() -> None:
    grace = User.objects.create_user(name="Grace")

    assert "no verified e-mail address" in page_of(browser(grace).get("/account/notices/"))


# Keeping ------------------------------------------------------------------------------------------


def test_old_notices_go(ada: User) -> None:
    tell(ada, "a")
    clock.move(timedelta(days=89))
    tell(ada, "b")
    assert inbox.purge() == 0
    clock.move(timedelta(days=1, seconds=1))

    tasks.purge_notices()

    assert [one.key for one in Notice.objects.all()] == ["b"]


def test_they_are_exported_and_go_with_the_person(ada: User) -> None:
    tell(ada)
    inbox.stop_mail(ada, HIDEABLE)

    found = export.sections["notices"](ada)

    assert [one["title"] for one in found["told"]] == ["About a"]
    assert found["switches"] == [{"kind": "test", "by_mail": False, "in_site": True}]
    ada.delete()
    assert not Notice.objects.exists()
    assert not NoticeChoice.objects.exists()


# Consent ------------------------------------------------------------------------------------------


def test_consent_is_told_in_the_site_too_without_an_address(ada: User) -> None:
    from tests.accounts.test_notices import DAY, linked

    credential = linked(verified=False)
    clock.move(151 * DAY)
    assert notices.send_due() == 0

    (told,) = credential.account.user.notices.all()
    assert told.title == "Access to your Spotify account ends in 29 days"
    assert told.link == "/connections/"


def test_consent_that_was_renewed_in_the_meantime_is_not_mailed(ada: User) -> None:
    from tests.accounts.test_notices import DAY, linked, tokens

    credential = linked()
    clock.move(151 * DAY)
    notices.tell_due()
    grant = tokens.Grant(tokens.Secret("a"), tokens.Secret("r"), timedelta(hours=1), ("read",))

    tokens.absorb(credential.account, grant, consent=True)

    assert notices.send_due() == 0
    assert credential.account.user.notices.count() == 1


def test_consent_mails_can_be_switched_off_one_kind_at_a_time(ada: User) -> None:
    from tests.accounts.test_notices import DAY, linked, tokens

    credential = linked()
    inbox.stop_mail(credential.account.user, notices.SOON)
    clock.move(151 * DAY)
    assert notices.send_due() == 0
    tokens.require_reconnect(credential.pk)

    assert notices.send_due() == 1

    assert unsubscribe_path(mail.outbox[0])
    assert credential.account.user.notices.count() == 2
