"""What Facebook tells us about people who left over there: deauthorize, and delete their data.

These two addresses go without a CSRF token: the signature takes its place.
"""

from __future__ import annotations

import base64
from typing import Any

import structlog
from allauth.core.internal import ratelimit
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts import connections, leaving, tokens, ways_in
from accounts.models import Credential, DeletionRequest
from accounts.signed_request import BadSignedRequest, SignedRequest, verify
from spotsite.clock import Now

log = structlog.get_logger(__name__)

DEAUTHORIZE = "deauthorize"
DELETION = "deletion"
MAX_BODY_BYTES = 16 * 1024
LIMITS = {"callback": "60/m/ip"}
_SALT = "accounts.facebook_callbacks"


@csrf_exempt
@never_cache
@require_POST
def facebook_deauthorize(request: HttpRequest) -> HttpResponse:
    """Erase the tokens: the person took the permission back. The link stays, as their way in."""
    return _answer(request, DEAUTHORIZE)


@csrf_exempt
@never_cache
@require_POST
def facebook_deletion(request: HttpRequest) -> HttpResponse:
    """Delete the link, and the person with it where they would have no other way in."""
    return _answer(request, DELETION)


@never_cache
@require_safe
def facebook_deletion_status(request: HttpRequest, code: str) -> HttpResponse:
    """Say how a request stands, to whoever holds its code; nothing says whose it was."""
    asked = get_object_or_404(DeletionRequest, code=code)
    return render(request, "accounts/facebook_deletion.html", {"asked": asked})


def _answer(request: HttpRequest, kind: str) -> HttpResponse:
    if not ratelimit.consume(request, app="accounts", action="callback", config=LIMITS):
        too_many: HttpResponse = ratelimit.respond_429(request)
        return too_many
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return _refused("too_large")
    try:
        said = verify(
            request.POST.get("signed_request", ""), secret=settings.FACEBOOK_CLIENT_SECRET
        )
    except BadSignedRequest:
        return _refused("bad_signature")
    code = fulfil(said, kind)
    url = f"{settings.PUBLIC_URL}{reverse('facebook_deletion_status', args=[code])}"
    return JsonResponse({"url": url, "confirmation_code": code})


@transaction.atomic
def fulfil(said: SignedRequest, kind: str) -> str:
    """Do what was asked, once; return the code under which it can be looked up."""
    # The code follows from what was asked: the same request again finds the row and does nothing.
    code = _code(said, kind)
    asked, _ = DeletionRequest.objects.get_or_create(
        code=code, defaults={"kind": kind, "uid_digest": _digest(said.user_id)}
    )
    asked = DeletionRequest.objects.select_for_update().get(pk=asked.pk)
    if asked.done_at is not None:
        return code
    account = SocialAccount.objects.filter(provider="facebook", uid=said.user_id).first()
    if account is not None:
        _forget(account) if kind == DEAUTHORIZE else _delete(account)
    DeletionRequest.objects.filter(pk=asked.pk).update(done_at=Now())
    log.info("facebook callback", kind=kind, known=account is not None, request=asked.pk)
    return code


def _forget(account: SocialAccount) -> None:
    credential = Credential.objects.filter(account=account).first()
    if credential is not None:
        tokens.forget(credential, reason=DEAUTHORIZE)


def _delete(account: SocialAccount) -> None:
    user = ways_in.lock(account.user_id)
    if user is None:
        return
    is_staff = user.is_staff or user.is_superuser
    if is_staff or ways_in.would_remain(user, without=account):
        with ways_in.last_one_may_go():  # staff without another way in turn to an operator
            connections.end_link(account, reason=DELETION)
        return
    leaving.leave(user, withdraw=False)  # nothing to withdraw: they did it themselves over there


def _code(said: SignedRequest, kind: str) -> str:
    text = f"{kind}|{said.user_id}|{said.issued_at}"
    digest = salted_hmac(_SALT, text, algorithm="sha256").digest()
    return base64.b32encode(digest[:20]).decode().lower()


def _digest(uid: str) -> str:
    digest: Any = salted_hmac(f"{_SALT}.uid", uid, algorithm="sha256")
    return str(digest.hexdigest())


def _refused(why: str) -> HttpResponse:
    log.warning("facebook callback refused", why=why)
    return JsonResponse({"error": why}, status=400)
