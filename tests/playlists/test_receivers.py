"""What happens to runs and versions when a linked account is lost, comes back, moves or goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import export, leaving, tokens
from accounts.models import User
from accounts.oauth import Grant
from accounts.scopes import BASE
from accounts.signals import account_moved
from accounts.vault import Secret
from playlists.models import Run, Version
from tests.playlists.cast import Member, one_slice, tracks, worked


def consents_again(member: Member) -> None:
    given = member.spotify.tokens(member.name, list(BASE))
    grant = Grant(
        access_token=Secret(given["access_token"]),
        refresh_token=Secret(given["refresh_token"]),
        expires_in=timedelta(hours=1),
        scopes=BASE,
    )
    tokens.absorb(member.account, grant, consent=True)


@pytest.mark.usefixtures("one_write_a_slice")
def test_a_run_that_stopped_for_want_of_consent_goes_on_with_it(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    run = ada.wants(tracks(300, start=100), playlist_id, mode="append")
    one_slice(run)
    ada.spotify.revoke("ada", access_tokens=True)
    worked(run)
    for _ in range(4):
        run = ada.later(run, seconds=25 * 3600)
    assert (run.state, run.code) == (Run.State.FAILED, "needs_reconnect")

    consents_again(ada)

    run.refresh_from_db()
    assert run.state == Run.State.QUEUED
    assert worked(run).state == Run.State.DONE
    assert ada.spotify.uris(playlist_id) == tracks(10) + tracks(300, start=100)


def test_a_run_does_not_resume_beside_a_newer_one(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    stopped = ada.wants(tracks(3, start=100), playlist_id)
    Run.objects.filter(pk=stopped.pk).update(
        state=Run.State.FAILED, code="needs_reconnect", ended_at=ada.user.date_joined
    )
    newer = ada.wants(tracks(5, start=200), playlist_id)

    consents_again(ada)

    stopped.refresh_from_db()
    newer.refresh_from_db()
    assert (stopped.state, newer.state) == (Run.State.FAILED, Run.State.QUEUED)


def test_runs_go_along_with_an_account_that_moves(ada: Member) -> None:
    playlist_id = ada.has(tracks(10))
    run = worked(ada.wants(tracks(3, start=100), playlist_id))
    other = User.objects.create_user("other@example.org", "a-password-of-theirs")

    tokens.move(ada.account, to=other)
    account_moved.send(
        None, account_id=ada.account.pk, from_user_id=ada.user.pk, to_user_id=other.pk
    )

    run.refresh_from_db()
    assert run.user == other
    assert Version.objects.filter(account__user=other).count() == 2


def test_nothing_stays_of_a_person_who_leaves(ada: Member) -> None:
    worked(ada.wants(tracks(3, start=100), ada.has(tracks(10))))
    ada.wants(tracks(3), ada.has([]))

    leaving.leave(ada.user, withdraw=False)

    assert Run.objects.count() == Version.objects.count() == User.objects.count() == 0


def test_the_export_holds_runs_and_versions_and_no_token(ada: Member) -> None:
    run = worked(ada.wants(tracks(3, start=100), ada.has(tracks(10))))
    given = ada.spotify.tokens("ada", list(BASE))["access_token"]

    runs = export.sections["runs"](ada.user)
    versions = export.sections["versions"](ada.user)

    assert [(row["uuid"], row["wanted"]) for row in runs] == [(run.uuid, tracks(3, start=100))]
    assert [len(row["items"]) for row in versions] == [10, 3]
    assert given not in repr((runs, versions))
    assert export.archive(ada.user)
