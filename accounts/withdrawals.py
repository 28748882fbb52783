"""Taking a permission back at the provider after a link has ended: asked again until it says yes.

Facebook has a call for it, Spotify has none.
https://developers.facebook.com/docs/facebook-login/guides/permissions/request-revoke#revokelogin
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import F

from accounts.models import User, Withdrawal
from spotsite import clock, http

WITHDRAWABLE = {"facebook"}
LEASE = timedelta(minutes=2)
# After each try that failed; with the last one we stop and tell the person to do it by hand.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=2),
)


def ask_for(account: SocialAccount) -> int | None:
    """Note that a permission is to be taken back; None where the provider has no call for it."""
    if account.provider not in WITHDRAWABLE:
        return None
    row = Withdrawal.objects.create(
        provider=account.provider, uid=account.uid, user_id=account.user_id
    )
    return row.pk


def due() -> list[int]:
    """Return the ids of those that wait for a try, the longest waiting first."""
    rows = Withdrawal.objects.open().filter(not_before__lte=clock.Now()).order_by("not_before")
    return list(rows.values_list("pk", flat=True)[:100])


def open_of(user: User) -> list[Withdrawal]:
    """Return what is not taken back yet, or could not be, for the connections page."""
    return list(Withdrawal.objects.filter(user=user, done_at=None).order_by("pk"))


def withdraw(pk: int) -> bool:
    """Try once to take the permission back; say whether it is gone."""
    row = _claim(pk)
    if row is None:
        return False
    error = _ask_facebook(row.uid)
    if not error:
        # With the permission gone there is no reason to know whose it was.
        Withdrawal.objects.filter(pk=pk).update(done_at=clock.Now(), uid="", last_error_code="")
        return True
    _put_off(row, error)
    return False


def _claim(pk: int) -> Withdrawal | None:
    now = clock.now()
    claimed = Withdrawal.objects.open().filter(pk=pk, not_before__lte=now)
    if not claimed.update(not_before=now + LEASE, tries=F("tries") + 1):
        return None
    return Withdrawal.objects.get(pk=pk)


def _put_off(row: Withdrawal, error: str) -> None:
    rows = Withdrawal.objects.filter(pk=row.pk)
    if row.tries > len(WAITS):
        rows.update(given_up_at=clock.Now(), uid="", last_error_code=error)
        return
    rows.update(not_before=clock.now() + WAITS[row.tries - 1], last_error_code=error)


def _ask_facebook(uid: str) -> str:
    """Return "" where Facebook took the permission back, else an error code."""
    app_token = f"{settings.FACEBOOK_CLIENT_ID}|{settings.FACEBOOK_CLIENT_SECRET}"
    url = f"{settings.FACEBOOK_GRAPH_URL}/{quote(uid, safe='')}/permissions"
    try:
        response = http.send("DELETE", url, headers={"Authorization": f"Bearer {app_token}"})
    except http.Unreachable as exc:
        return type(exc).__name__
    try:
        answer = response.json()
    except ValueError:
        return f"http_{response.status_code}"
    if response.ok and isinstance(answer, dict) and answer.get("success") is True:
        return ""
    return f"http_{response.status_code}"
