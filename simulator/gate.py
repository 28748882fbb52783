"""Who may call the Web API: tokens, the developer's Premium, the allow list, scopes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from simulator.messages import Call, Json, Refused, text_answer, web_error
from simulator.state import Person, World

NOT_REGISTERED = (
    "Check settings on developer.spotify.com/dashboard, the user may not be registered."
)
NO_PREMIUM = "Active premium subscription required for the owner of the app."


@dataclass(frozen=True, slots=True)
class Caller:
    """A token that was let in."""

    client_id: str
    user: str
    scopes: tuple[str, ...]

    def dump(self) -> Json:
        return asdict(self)

    @classmethod
    def load(cls, data: Json) -> Caller:
        return cls(data["client_id"], data["user"], tuple(data["scopes"]))

    def person(self, world: World) -> Person:
        person = world.people.get(self.user)
        if person is None:
            raise Refused(web_error(401, "Valid user authentication required"))
        return person

    def need(self, *scopes: str) -> None:
        """Ask for at least one of the scopes."""
        if not set(scopes) & set(self.scopes):
            raise Refused(web_error(403, "Insufficient client scope"))


def identify(world: World, call: Call) -> Caller:
    if not call.bearer:
        given = "authorization" in call.headers
        raise Refused(web_error(401 if not given else 400, _no_token(given=given)))
    token = world.access_tokens.get(call.bearer)
    if token is None:
        raise Refused(web_error(401, "Invalid access token"))
    if token.expires_at <= world.clock():
        raise Refused(web_error(401, "The access token expired"))
    return Caller(token.client_id, token.user, tuple(token.scopes))


def admit(world: World, caller: Caller) -> None:
    """Refuse apps and people that development mode does not let in."""
    if world.switches.mode != "development":
        return
    if not world.switches.owner_premium:
        raise Refused(text_answer(NO_PREMIUM, 403))
    if caller.user and caller.user not in world.allow_list:
        raise Refused(text_answer(NOT_REGISTERED, 403))


def _no_token(*, given: bool) -> str:
    return "Only valid bearer authentication supported" if given else "No token provided"
