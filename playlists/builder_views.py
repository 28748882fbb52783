"""The builder: a recipe as a form, which works without a script."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.signed_in import person
from playlists import first_look, recipe_rows, uploads
from playlists.builder import bringing, editing, faults, offers, sheet
from playlists.builder.faults import Faults
from playlists.builder.forms import MOST_LETTERS, Page
from playlists.builder.sheet import Sheet
from playlists.models import Recipe, Run
from playlists.recipes import definition, sentence
from playlists.recipes.definition import Definition, NotADefinition
from playlists.recipes.sentence import Segment
from spotsite import bodies

_TOO_MUCH = (
    "That is too much for this form, and nothing of it was kept. Upload long lists as files, or "
    "write the recipe as JSON."
)


@never_cache
@csrf_exempt  # the size of an upload is looked at first; then _build asks for the token
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def build(request: HttpRequest) -> HttpResponse:
    """Make a recipe."""
    return _built(request, Recipe(user=person(request), is_paused=True))


@never_cache
@csrf_exempt  # the same
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rebuild(request: HttpRequest, uuid: str) -> HttpResponse:
    """Change a recipe; what is saved is looked at before it runs."""
    mine = person(request).recipes.select_related("account", "user")
    recipe = get_object_or_404(mine, uuid=uuid)
    if recipe_rows.read(recipe) is None:
        return redirect("recipe_edit", recipe.uuid)  # as text, as it cannot be read any more
    return _built(request, recipe)


def _built(request: HttpRequest, recipe: Recipe) -> HttpResponse:
    upload = uploads.ListUpload(request)
    request.upload_handlers = [upload]
    try:
        request.POST  # noqa: B018 -- parses the body
    except (RequestDataTooBig, TooManyFieldsSent):
        bodies.drain(request)
        found = Faults(general=[_TOO_MUCH])
        return _page(request, recipe, _opened(recipe), found, status=413)
    return _build(request, recipe, too_big=upload.too_big)


@csrf_protect
def _build(request: HttpRequest, recipe: Recipe, *, too_big: set[str]) -> HttpResponse:
    if request.method != "POST":
        return _page(request, recipe, _opened(recipe), Faults())
    on = sheet.received(dict(request.POST.lists()))
    brought = bringing.store(on, request.FILES, too_big=too_big, user=recipe.user)
    for told in brought.told:
        messages.success(request, told)
    action = request.POST.get("do", "")
    offers.of(recipe.user, on, recipe).give_accounts(on)
    if action == "save":
        found = brought.faults or _saved(request, recipe, on)
        return redirect(found) if isinstance(found, Run) else _page(request, recipe, on, found)
    kind = request.POST.get(_adding(action), "")
    focus = editing.act(on, action, kind=kind)
    return _page(request, recipe, on, brought.faults, focus=focus)


def _adding(action: str) -> str:
    """Return the name of the field that says which kind of block is to be added."""
    return "-".join([*action.split()[1:], "add"])


def _saved(request: HttpRequest, recipe: Recipe, on: Sheet) -> Run | Faults:
    """Save what the sheet says and have it looked at, or return what is wrong."""
    found = Faults()
    name = " ".join(on.name.split())
    if not 1 <= len(name) <= MOST_LETTERS:
        found.add("", "name", f"Give it a name of 1 to {MOST_LETTERS} characters.")
    try:
        known = _said(on, recipe, seen=request.POST.get("seen", ""))
        if found:
            return found
        recipe.name = name
        targets = offers.of(recipe.user, on, recipe, fresh=True).targets
        return first_look.save(recipe, known, targets=targets)
    except NotADefinition as exc:
        wrong = faults.of(exc.problems, on)
        return Faults({**found.fields, **wrong.fields}, wrong.general)
    except first_look.Refused as exc:
        if exc.at:
            found.add("target", "playlist", str(exc))
        else:
            found.general.append(str(exc))
        return found


def _said(on: Sheet, recipe: Recipe, *, seen: str) -> Definition:
    known = definition.check(sheet.draft(on))
    if recipe.playlist_id and not seen and not known.target.playlist_id:
        # The new playlist was made by a run while the form was open: it is not made twice.
        return definition.bound(known, recipe.playlist_id)
    return known


def _opened(recipe: Recipe) -> Sheet:
    if recipe._state.adding:
        return sheet.blank(account=_first_account(recipe.user))
    return sheet.of(definition.check(recipe.definition), name=recipe.name)


def _first_account(user: User) -> str:
    first = SocialAccount.objects.filter(user=user, provider="spotify").order_by("pk").first()
    return str(first.uid) if first else ""


def _page(
    request: HttpRequest,
    recipe: Recipe,
    on: Sheet,
    found: Faults,
    *,
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    offered = offers.of(recipe.user, on, recipe)
    is_new = recipe._state.adding
    context = {
        "page": Page(on, offered, found, is_new=is_new and request.method != "POST"),
        "recipe": None if is_new else recipe,
        "seen": request.POST.get("seen", recipe.playlist_id),
        "offers": offered,
        "segments": _segments(on, offered),
        "focus": focus,
    }
    return render(request, "playlists/builder.html", context, status=status)


def _segments(on: Sheet, offered: offers.Offers) -> list[Segment]:
    """Return what the sheet says as a sentence, nothing while it is no recipe."""
    try:
        known = definition.check(sheet.draft(on))
    except NotADefinition:
        return []
    return sentence.segments(known, offered.sentence_names())
