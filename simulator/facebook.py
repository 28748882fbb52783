"""Facebook: the login dialog, and the small part of the Graph API that a login needs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from urllib.parse import parse_qsl, urlencode

from simulator import pages
from simulator.messages import Answer, Call, Json, Refused, json_answer, redirect, with_query
from simulator.state import App, Code, FacebookPerson, FacebookToken, World

VERSION = re.compile(r"/v\d+\.\d+(/.*)")
PERMISSIONS = frozenset({"email", "public_profile"})
DATA_ACCESS_S = 90 * 86_400


def respond(world: World, call: Call) -> Answer:
    path = _path(call)
    try:
        match call.method, path:
            case "GET", "/dialog/oauth":
                return _dialog(world, call)
            case "POST", "/dialog/oauth":
                return _decide(world, call)
            case (("GET" | "POST"), "/oauth/access_token"):
                return _access_token(world, call)
            case (("GET" | "POST"), "/debug_token"):
                return _debug(world, call)
            case "GET", "/me":
                return _me(world, call)
            case "GET", "/me/permissions":
                return _permissions(world, call)
        if call.method == "DELETE" and path.endswith("/permissions"):
            return _withdraw(world, call, path.split("/")[1])
        raise graph_error("Unsupported request", code=100, kind="GraphMethodException")
    except Refused as refused:
        return refused.answer


def graph_error(
    message: str, *, code: int = 190, kind: str = "OAuthException", status: int = 400
) -> Refused:
    error = {"message": message, "type": kind, "code": code, "fbtrace_id": secrets.token_hex(6)}
    return Refused(json_answer({"error": error}, status))


def _path(call: Call) -> str:
    found = VERSION.fullmatch(call.path)
    return found[1] if found else call.path


def _values(call: Call) -> dict[str, str]:
    """Return parameters as Graph reads them: from the query or the form, and the header's token."""
    values = dict(call.query) | (call.form() if call.method in ("POST", "DELETE") else {})
    if call.bearer:
        values["access_token"] = call.bearer
    return values


def _asked(world: World, values: dict[str, str]) -> tuple[App, str, list[str]]:
    """Check a dialog request; return the app, where to go back to, and the permissions."""
    app = world.apps.get(values.get("client_id", ""))
    if app is None:
        raise Refused(pages.refusal("Invalid App ID"))
    redirect_uri = values.get("redirect_uri", "")
    if redirect_uri not in app.redirect_uris:
        raise Refused(pages.refusal("URL Blocked: this redirect is not on the app's allow list"))
    if values.get("response_type", "code") != "code":
        raise Refused(pages.refusal("Invalid response_type"))
    wanted = re.split(r"[\s,]+", values.get("scope", "").strip())
    return app, redirect_uri, [one for one in wanted if one in PERMISSIONS]


def _dialog(world: World, call: Call) -> Answer:
    app, _, permissions = _asked(world, dict(call.query))
    return pages.facebook_dialog(world, app.name, permissions, urlencode(call.query))


def _decide(world: World, call: Call) -> Answer:
    form = call.form()
    query = form.get("query", "")
    declined = [] if "email" in form else ["email"]
    user = form.get("user", "")
    location = consent(world, query, user=user, declined=declined, deny=user not in world.facebook)
    return redirect(location, 303)


def consent(
    world: World, query: str, *, user: str, declined: list[str] | None = None, deny: bool = False
) -> str:
    """Decide for a person; return where the browser goes."""
    values = dict(parse_qsl(query, keep_blank_values=True))
    app, redirect_uri, permissions = _asked(world, values)
    state = values.get("state", "")
    if deny:
        return with_query(
            redirect_uri,
            error="access_denied",
            error_code="200",
            error_description="Permissions error",
            error_reason="user_denied",
            state=state,
        )
    asked = {"public_profile", *permissions} - set(declined or ())
    person = world.facebook[user]
    person.granted[app.client_id] = sorted(asked)
    now = world.clock()
    code = Code(
        world.secret("AQ", 64),
        app.client_id,
        user,
        redirect_uri,
        sorted(asked),
        values.get("code_challenge", ""),
        now + world.switches.code_s,
        now,
    )
    world.facebook_codes[code.secret] = code
    # Facebook really adds this fragment.
    return with_query(redirect_uri, code=code.secret, state=state) + "#_=_"


def _access_token(world: World, call: Call) -> Answer:
    values = _values(call)
    app = _client(world, values)
    match values.get("grant_type"):
        case "client_credentials":
            token = f"{app.client_id}|{app.secret}"
            return json_answer({"access_token": token, "token_type": "bearer"})
        case "fb_exchange_token":
            old = _living(world, values.get("fb_exchange_token", ""))
            if old.app_id != app.client_id:
                raise graph_error("The access token does not belong to this application")
            lasts_s = world.switches.facebook_long_token_s
            return _bearer(new_token(world, app.client_id, old.user, old.scopes, lasts_s))
        case "authorization_code" | None:
            return _bearer(_trade_code(world, app, values))
    raise graph_error("Invalid grant_type", code=100)


def _client(world: World, values: dict[str, str]) -> App:
    app = world.apps.get(values.get("client_id", ""))
    if app is None:
        raise graph_error("Error validating application. Cannot get application info.", code=101)
    if not hmac.compare_digest(values.get("client_secret", "").encode(), app.secret.encode()):
        raise graph_error("Error validating client secret.", code=1)
    return app


def _trade_code(world: World, app: App, values: dict[str, str]) -> FacebookToken:
    code = world.facebook_codes.get(values.get("code", ""))
    if code is None or code.client_id != app.client_id:
        raise graph_error("Invalid verification code format.", code=100)
    if code.used:
        raise graph_error("This authorization code has been used.", code=100)
    if code.expires_at <= world.clock():
        raise graph_error("This authorization code has expired.", code=100)
    if values.get("redirect_uri") != code.redirect_uri:
        raise graph_error(
            "Error validating verification code. Please make sure your redirect_uri is identical"
            " to the one you used in the OAuth dialog request",
            code=100,
        )
    if code.challenge:
        digest = hashlib.sha256(values.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
            raise graph_error("Invalid code_verifier", code=100)
    code.used = True
    lasts_s = world.switches.facebook_token_s
    return new_token(world, app.client_id, code.user, code.scopes, lasts_s)


def new_token(
    world: World, app_id: str, user: str, scopes: list[str], lasts_s: float
) -> FacebookToken:
    now = world.clock()
    made = FacebookToken(world.secret("EAA", 96), app_id, user, scopes, now, now + lasts_s)
    world.facebook_tokens[made.secret] = made
    return made


def _bearer(token: FacebookToken) -> Answer:
    lasts_s = int(token.expires_at - token.issued_at)
    data = {"access_token": token.secret, "token_type": "bearer", "expires_in": lasts_s}
    return json_answer(data)


def _living(world: World, secret: str) -> FacebookToken:
    token = world.facebook_tokens.get(secret)
    if token is None:
        raise graph_error("Invalid OAuth access token - Cannot parse access token")
    if not token.valid:
        raise graph_error(
            "Error validating access token: The user has not authorized the application."
        )
    if token.expires_at <= world.clock():
        raise graph_error("Error validating access token: Session has expired.")
    return token


def _debug(world: World, call: Call) -> Answer:
    if call.method == "POST" and world.switches.debug_token_get_only:
        raise graph_error("Unsupported post request.", code=100, kind="GraphMethodException")
    values = _values(call)
    app = _caller(world, values)
    token = world.facebook_tokens.get(values.get("input_token", ""))
    if token is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return json_answer({"data": {"error": error, "is_valid": False, "scopes": []}})
    data: Json = {
        "app_id": token.app_id,
        "type": "USER",
        "application": world.apps[token.app_id].name if token.app_id in world.apps else "other",
        "data_access_expires_at": int(token.issued_at + DATA_ACCESS_S),
        "expires_at": int(token.expires_at),
        "is_valid": token.valid and token.expires_at > world.clock(),
        "issued_at": int(token.issued_at),
        "scopes": token.scopes,
        "user_id": token.user,
    }
    if token.app_id != app:
        # Graph answers about another app's token with an error beside is_valid false.
        message = "(#100) The App_id in the input_token did not match the Viewing App"
        data = {"error": {"code": 100, "message": message}, "is_valid": False, "scopes": []}
    return json_answer({"data": data})


def _caller(world: World, values: dict[str, str]) -> str:
    """Return the app that asks: by its app token, or by a token of one of its people."""
    secret = values.get("access_token", "")
    app_id, bar, app_secret = secret.partition("|")
    if bar:
        app = world.apps.get(app_id)
        if app is None or not hmac.compare_digest(app.secret.encode(), app_secret.encode()):
            raise graph_error("Invalid OAuth access token signature.")
        return app_id
    return _living(world, secret).app_id


def _person(world: World, call: Call) -> tuple[FacebookPerson, FacebookToken]:
    values = _values(call)
    if not values.get("access_token"):
        raise graph_error(
            "An active access token must be used to query information about the current user.",
            code=2500,
        )
    token = _living(world, values["access_token"])
    if "appsecret_proof" in values:
        _check_proof(world, token, values["appsecret_proof"])
    return world.facebook[token.user], token


def _check_proof(world: World, token: FacebookToken, proof: str) -> None:
    app = world.apps.get(token.app_id)
    key = app.secret.encode() if app else b""
    right = hmac.new(key, token.secret.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), proof.encode()):
        raise graph_error(
            "Invalid appsecret_proof provided in the API argument",
            code=100,
            kind="GraphMethodException",
        )


def _me(world: World, call: Call) -> Answer:
    person, token = _person(world, call)
    first, _, last = person.name.partition(" ")
    known = {"id": person.id, "name": person.name, "first_name": first, "last_name": last}
    if "email" in token.scopes and person.email:
        known["email"] = person.email
    fields = call.arg("fields", "id,name").split(",")
    known_names = {*known, "email", "picture"}
    strange = next((one for one in fields if one.split("{")[0] not in known_names), "")
    if strange:
        raise graph_error(f"(#100) Tried accessing nonexisting field ({strange})", code=100)
    return json_answer({name: known[name] for name in ("id", *fields) if name in known})


def _permissions(world: World, call: Call) -> Answer:
    _, token = _person(world, call)
    rows = [
        {"permission": one, "status": "granted" if one in token.scopes else "declined"}
        for one in sorted(PERMISSIONS)
    ]
    return json_answer({"data": rows})


def _withdraw(world: World, call: Call, user: str) -> Answer:
    values = _values(call)
    app_id = _caller(world, values)
    if "|" not in values.get("access_token", ""):
        person, _ = _person(world, call)
        user = person.id if user == "me" else user
        if user != person.id:
            raise graph_error("(#200) You do not have sufficient permissions", code=200, status=403)
    if user not in world.facebook:
        raise graph_error(f"Unsupported delete request. Object {user!r} does not exist", code=100)
    withdraw(world, app_id, user)
    return json_answer({"success": True})


def withdraw(world: World, app_id: str, user: str) -> None:
    """Take the app out of a person's settings; its tokens end."""
    world.facebook[user].granted.pop(app_id, None)
    for token in world.facebook_tokens.values():
        if token.user == user and token.app_id == app_id:
            token.valid = False


def signed_request(world: World, app: App, user: str, *, forged: bool = False) -> str:
    """Sign what Facebook posts to the deauthorize and data deletion callbacks."""
    payload = {
        "algorithm": "HMAC-SHA256",
        "expires": int(world.clock()) + 3600,
        "issued_at": int(world.clock()),
        "user_id": user,
    }
    body = _base64url(json.dumps(payload, separators=(",", ":")).encode())
    key = b"somebody else's secret" if forged else app.secret.encode()
    return f"{_base64url(hmac.new(key, body.encode(), hashlib.sha256).digest())}.{body}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
