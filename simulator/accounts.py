"""Spotify's accounts server: consent, one-time codes, tokens that end."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from simulator import pages
from simulator.messages import Answer, Call, Refused, json_answer, redirect, with_query
from simulator.state import AccessToken, App, Code, Grant, Person, RefreshToken, World

DAY_S = 86_400.0
COOKIE = "sim_spotify"
SCOPES = frozenset(
    (
        "ugc-image-upload",
        "user-read-playback-state",
        "user-modify-playback-state",
        "user-read-currently-playing",
        "app-remote-control",
        "streaming",
        "playlist-read-private",
        "playlist-read-collaborative",
        "playlist-modify-private",
        "playlist-modify-public",
        "user-follow-modify",
        "user-follow-read",
        "user-read-playback-position",
        "user-top-read",
        "user-read-recently-played",
        "user-library-modify",
        "user-library-read",
        "user-read-email",
        "user-read-private",
        "user-personalized",
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorize request that may be shown to a person."""

    app: App
    redirect_uri: str
    state: str
    scopes: list[str]
    challenge: str
    show_dialog: bool
    query: str

    def denied(self, error: str = "access_denied") -> str:
        return with_query(self.redirect_uri, error=error, state=self.state)


def read(world: World, query: tuple[tuple[str, str], ...]) -> Asked:
    """Check an authorize request; what is wrong with client or redirect ends on our own page."""
    values = dict(query)
    app = world.apps.get(values.get("client_id", ""))
    if app is None:
        raise Refused(pages.refusal("INVALID_CLIENT: Invalid client"))
    redirect_uri = values.get("redirect_uri", "")
    if redirect_uri not in app.redirect_uris:
        raise Refused(pages.refusal("INVALID_CLIENT: Invalid redirect URI"))
    asked = Asked(
        app,
        redirect_uri,
        values.get("state", ""),
        values.get("scope", "").split(),
        values.get("code_challenge", ""),
        values.get("show_dialog", "false").lower() == "true",
        urlencode(query),
    )
    if values.get("response_type") != "code":
        raise Refused(redirect(asked.denied("unsupported_response_type")))
    method = values.get("code_challenge_method", "")
    if (asked.challenge or method) and (method != "S256" or len(asked.challenge) != 43):
        raise Refused(redirect(asked.denied("invalid_request")))
    if not SCOPES.issuperset(asked.scopes):
        raise Refused(redirect(asked.denied("invalid_scope")))
    return asked


def authorize(world: World, call: Call) -> Answer:
    asked = read(world, call.query)
    person = world.people.get(call.cookies.get(COOKIE, ""))
    if person and not asked.show_dialog:
        approval = person.approvals.get(asked.app.client_id)
        if approval and set(asked.scopes) <= set(approval["scopes"]):
            return redirect(_approve(world, asked, person, asked.scopes, silent=True))
    return pages.spotify_consent(world, asked.app.name, asked.scopes, asked.query, person)


def decide(world: World, call: Call) -> Answer:
    """Answer the form of the consent page."""
    form = call.form()
    asked = read(world, tuple(parse_qsl(form.get("query", ""), keep_blank_values=True)))
    person = world.people.get(form.get("user", ""))
    if person is None:
        return redirect(asked.denied(), 303)
    scopes = [scope for scope in asked.scopes if f"without_{scope}" not in form]
    answer = redirect(_approve(world, asked, person, scopes), 303)
    answer.headers["set-cookie"] = f"{COOKIE}={person.id}; Path=/; HttpOnly; SameSite=Lax"
    return answer


def sign_out() -> Answer:
    """Forget who sits at this browser; the site's sessions and tokens go on."""
    answer = pages.page("Signed out", "<h1>You are signed out of the pretend Spotify</h1>")
    answer.headers["set-cookie"] = f"{COOKIE}=; Path=/; Max-Age=0"
    return answer


def consent(
    world: World, asked: Asked, person: Person, *, scopes: list[str] | None, deny: bool
) -> str:
    """Decide for a person, without a browser; return where it would have been sent."""
    if deny:
        return asked.denied()
    granted = asked.scopes if scopes is None else [one for one in asked.scopes if one in scopes]
    return _approve(world, asked, person, granted)


def _approve(
    world: World, asked: Asked, person: Person, scopes: list[str], *, silent: bool = False
) -> str:
    now = world.clock()
    approval = person.approvals.get(asked.app.client_id)
    consented_at = now
    if silent and approval and not world.switches.silent_consent_restarts:
        consented_at = approval["at"]
    person.approvals[asked.app.client_id] = {"scopes": scopes, "at": consented_at}
    code = Code(
        world.secret("AQ", 96),
        asked.app.client_id,
        person.id,
        asked.redirect_uri,
        scopes,
        asked.challenge,
        now + world.switches.code_s,
        consented_at,
    )
    world.codes[code.secret] = code
    return with_query(asked.redirect_uri, code=code.secret, state=asked.state)


def token(world: World, call: Call) -> Answer:
    form = call.form()
    app, secret_given = _client(world, call, form)
    match form.get("grant_type"):
        case "authorization_code":
            return _trade_code(world, app, form, secret_given=secret_given)
        case "refresh_token":
            return _refresh(world, app, form, secret_given=secret_given)
        case "client_credentials":
            if not secret_given:
                raise _bad_client(world, "Invalid client")
            access = _access_token(world, app.client_id)
            return json_answer(_bearer(world, access))
    raise _error("unsupported_grant_type", "grant_type parameter is missing or unknown")


def _client(world: World, call: Call, form: dict[str, str]) -> tuple[App, bool]:
    """Return the client, and whether it proved itself with its secret."""
    if call.basic is not None:
        client_id, secret = call.basic
    else:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    app = world.apps.get(client_id)
    if app is None:
        raise _bad_client(world, "Invalid client")
    if secret and not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise _bad_client(world, "Invalid client secret")
    return app, bool(secret)


def _trade_code(world: World, app: App, form: dict[str, str], *, secret_given: bool) -> Answer:
    code = world.codes.get(form.get("code", ""))
    if code is None or code.used or code.client_id != app.client_id:
        raise _error("invalid_grant", "Invalid authorization code")
    if code.expires_at <= world.clock():
        raise _error("invalid_grant", "Authorization code expired")
    if form.get("redirect_uri") != code.redirect_uri:
        raise _error("invalid_grant", "Invalid redirect URI")
    _check_verifier(code, form.get("code_verifier", ""))
    if not (secret_given or code.challenge):
        raise _bad_client(world, "Invalid client secret")
    code.used = True
    if world.switches.new_consent_kills_old:
        revoke(world, code.user, client_id=app.client_id)
    grant = new_grant(
        world,
        app.client_id,
        code.user,
        code.scopes,
        at=code.consented_at,
        public_client=not secret_given,
    )
    refresh = new_refresh_token(world, grant)
    access = _access_token(world, app.client_id, grant)
    return json_answer(_bearer(world, access) | {"refresh_token": refresh.secret})


def _check_verifier(code: Code, verifier: str) -> None:
    if not code.challenge:
        if verifier:
            raise _error("invalid_grant", "code_verifier was not expected")
        return
    if not verifier:
        raise _error("invalid_request", "code_verifier must be supplied")
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not 43 <= len(verifier) <= 128 or challenge != code.challenge:
        raise _error("invalid_grant", "code_verifier was incorrect")


def _refresh(world: World, app: App, form: dict[str, str], *, secret_given: bool) -> Answer:
    old = world.refresh_tokens.get(form.get("refresh_token", ""))
    grant = world.grants.get(old.grant) if old else None
    if old is None or grant is None or grant.client_id != app.client_id:
        raise _error("invalid_grant", "Invalid refresh token")
    if not (secret_given or grant.public_client):
        raise _bad_client(world, "Invalid client secret")
    now = world.clock()
    if grant.revoked or (old.dies_at is not None and old.dies_at <= now):
        raise _error("invalid_grant", "Refresh token revoked")
    if grant.consented_at + world.switches.refresh_days * DAY_S <= now:
        raise _error("invalid_grant", "Refresh token expired")
    if _is_falsely_refused(world, grant.user):
        raise _error("invalid_grant", world.switches.false_invalid_grant_text)
    answer = _bearer(world, _access_token(world, app.client_id, grant))
    if world.switches.rotate:
        answer["refresh_token"] = new_refresh_token(world, grant).secret
        old.dies_at = now + world.switches.rotate_grace_s
    return json_answer(answer)


def _is_falsely_refused(world: World, user: str) -> bool:
    """An outage that answers invalid_grant for good tokens: some calls, or some people."""
    switches = world.switches
    if switches.false_invalid_grant_count:
        switches.false_invalid_grant_count -= 1
        return True
    lot = hashlib.sha256(f"{switches.seed}/{user}".encode()).digest()[:4]
    return int.from_bytes(lot, "big") / 2**32 < switches.false_invalid_grant_share


def new_grant(
    world: World,
    client_id: str,
    user: str,
    scopes: list[str],
    *,
    at: float,
    public_client: bool = False,
) -> Grant:
    grant = Grant(world.next_id("grant"), client_id, user, scopes, at, public_client)
    world.grants[grant.id] = grant
    return grant


def new_refresh_token(world: World, grant: Grant) -> RefreshToken:
    made = RefreshToken(world.secret("AQ", 96), grant.id)
    world.refresh_tokens[made.secret] = made
    return made


def new_access_token(world: World, grant: Grant) -> AccessToken:
    return _access_token(world, grant.client_id, grant)


def _access_token(world: World, client_id: str, grant: Grant | None = None) -> AccessToken:
    now = world.clock()
    _forget_old(world, now)
    made = AccessToken(
        world.secret("BQ", 96),
        client_id,
        grant.user if grant else "",
        grant.scopes if grant else [],
        now + world.switches.access_token_s,
        grant.id if grant else "",
    )
    world.access_tokens[made.secret] = made
    return made


def _forget_old(world: World, now: float) -> None:
    """Drop tokens from the front of the table, a few at a time, a day after their end."""
    for secret in [secret for _, secret in zip(range(4), world.access_tokens, strict=False)]:
        if world.access_tokens[secret].expires_at < now - DAY_S:
            del world.access_tokens[secret]


def revoke(world: World, user: str, *, client_id: str = "", access_tokens: bool = False) -> int:
    """End a person's consents, as on the account page; return how many there were."""
    ended = 0
    for grant in world.grants.values():
        if grant.user == user and client_id in ("", grant.client_id) and not grant.revoked:
            grant.revoked = True
            ended += 1
    person = world.people.get(user)
    if person:
        kept = {one: what for one, what in person.approvals.items() if client_id not in ("", one)}
        person.approvals = kept if client_id else {}
    if access_tokens:
        expire_access(world, user)
    return ended


def expire_access(world: World, user: str = "") -> int:
    """End access tokens now: one person's, or all."""
    now, ended = world.clock(), 0
    for one in world.access_tokens.values():
        if user in ("", one.user) and one.expires_at > now:
            one.expires_at = now
            ended += 1
    return ended


def _bearer(world: World, access: AccessToken) -> dict[str, object]:
    answer: dict[str, object] = {
        "access_token": access.secret,
        "token_type": "Bearer",
        "expires_in": round(access.expires_at - world.clock()),
    }
    if not world.switches.scope_missing:
        answer["scope"] = " ".join(access.scopes)
    return answer


def _error(code: str, description: str, status: int = 400) -> Refused:
    return Refused(json_answer({"error": code, "error_description": description}, status))


def _bad_client(world: World, description: str) -> Refused:
    return _error("invalid_client", description, world.switches.invalid_client_status)
