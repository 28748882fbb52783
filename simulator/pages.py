"""The few HTML pages: consent at Spotify, the dialog at Facebook, and what this program is."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from simulator.messages import Answer, text_answer
from simulator.state import FacebookPerson, Person, World

SCOPES_IN_WORDS = {
    "playlist-read-private": "See your private playlists",
    "playlist-read-collaborative": "See playlists that you share with others",
    "playlist-modify-private": "Change your private playlists",
    "playlist-modify-public": "Change your public playlists",
    "ugc-image-upload": "Change the covers of your playlists",
    "user-library-read": "See what you saved in your library",
    "user-library-modify": "Change your library",
    "user-top-read": "See what you listen to most",
    "user-read-recently-played": "See what you played lately",
    "user-read-private": "See your country and subscription",
    "user-read-email": "See your e-mail address",
    "user-follow-modify": "Change whom you follow",
}

STYLE = """
:root { color-scheme: light dark; --accent: #1a7f37; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 26rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.4rem; line-height: 1.25; }
.note { border-left: 3px solid var(--accent); padding-left: .75rem; opacity: .8; }
button { font: inherit; width: 100%; padding: .7rem 1rem; margin: .3rem 0; border-radius: 2rem;
  border: 1px solid var(--line); background: none; color: inherit; cursor: pointer; }
button.first { background: var(--accent); color: #fff; border-color: var(--accent); }
button:focus-visible { outline: 3px solid #4493f8; outline-offset: 2px; }
.wide main { max-width: 52rem; }
.facebook { --accent: #0a5fd6; }
ul { padding-left: 1.2rem; } label { display: block; padding: .25rem 0; }
small { display: block; opacity: .8; } code, table { font-size: .9rem; }
td { padding: .2rem .75rem .2rem 0; vertical-align: top; }
"""


def page(title: str, body: str, *, status: int = 200, kind: str = "") -> Answer:
    html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{STYLE}</style></head>
<body class="{kind}"><main>{body}</main></body></html>"""
    answer = text_answer(html, status, media="text/html")
    answer.headers["cache-control"] = "no-store"
    return answer


def refusal(message: str) -> Answer:
    """Spotify's own page for a bad client or redirect address: nobody is sent back."""
    return page("Error", f"<h1>{escape(message)}</h1>", status=400)


def spotify_consent(
    world: World, app: str, scopes: list[str], query: str, signed_in: Person | None
) -> Answer:
    people = sorted(world.people.values(), key=lambda one: one is not signed_in)
    buttons = "".join(
        _spotify_button(world, one, first=place == 0) for place, one in enumerate(people)
    )
    rights = "".join(f"<li>{escape(SCOPES_IN_WORDS.get(one, one))}</li>" for one in scopes)
    boxes = "".join(
        f'<label><input type="checkbox" name="without_{escape(one)}"> Not: '
        f"{escape(SCOPES_IN_WORDS.get(one, one))}</label>"
        for one in scopes
    )
    return page(
        "Authorize - pretend Spotify",
        f"""<p class="note">This is the simulator, not Spotify.</p>
<h1>{escape(app)} asks for access to your Spotify account</h1>
<p>It will be able to:</p><ul><li>See your public profile</li>{rights}</ul>
<form method="post" action="/authorize">
<input type="hidden" name="query" value="{escape(query)}">
{buttons}
<button name="cancel" value="1">Cancel</button>
<details><summary>Grant only some of it</summary>{boxes}</details>
</form>""",
    )


def _spotify_button(world: World, person: Person, *, first: bool) -> str:
    strange = world.switches.mode == "development" and person.id not in world.allow_list
    name = person.name
    note = "<small>not on the allow list</small>" if strange and "allow list" not in name else ""
    return _button(person.id, f"Continue as {escape(name)}{note}", first=first)


def facebook_dialog(world: World, app: str, permissions: Iterable[str], query: str) -> Answer:
    buttons = "".join(
        _facebook_button(one, place) for place, one in enumerate(world.facebook.values())
    )
    box = ""
    if "email" in permissions:
        box = '<label><input type="checkbox" name="email" checked> Share my e-mail address</label>'
    return page(
        "Log in - pretend Facebook",
        f"""<p class="note">This is the simulator, not Facebook.</p>
<h1>{escape(app)} asks for your name and profile picture</h1>
<form method="post" action="/v24.0/dialog/oauth">
<input type="hidden" name="query" value="{escape(query)}">
{box}
{buttons}
<button name="cancel" value="1">Cancel</button>
</form>""",
        kind="facebook",
    )


def _facebook_button(person: FacebookPerson, place: int) -> str:
    return _button(person.id, f"Continue as {escape(person.name)}", first=place == 0)


def _button(value: str, label: str, *, first: bool) -> str:
    kind = ' class="first"' if first else ""
    return f'<button name="user" value="{escape(value)}"{kind}>{label}</button>\n'


def index(world: World, table: Iterable[tuple[str, str]]) -> Answer:
    rows = "".join(f"<tr><td><code>{escape(a)}</code><td>{escape(b)}" for a, b in table)
    people = ", ".join(escape(one.name) for one in world.people.values()) or "nobody"
    return page(
        "Simulator",
        f"""<h1>The simulator</h1>
<p>A program that pretends to be Spotify's accounts server and Web API, and Facebook's dialog and
Graph API. People: {people}. Playlists: {len(world.playlists)}. Tracks by name:
{len(world.catalogue.tracks)}. <a href="/logout">Sign out of the pretend Spotify</a>.</p>
<h2>Control</h2><table>{rows}</table>
<p>What each does: <code>simulator/README.md</code>.</p>""",
        kind="wide",
    )
