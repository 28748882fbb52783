"""The pages of recipes: from a template to a preview, what they do, and what they did."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AccountError
from accounts.models import Credential
from accounts.signed_in import person
from playlists import blocks, dispatch, first_look, library, outcomes, recipe_rows, tasks
from playlists.budget import Paused
from playlists.library import Target
from playlists.models import Recipe, Run
from playlists.recipe_forms import BlockForm, JsonForm, TemplateForm, initial_text, told
from playlists.recipes import definition
from playlists.recipes.definition import NotADefinition
from playlists.recipes.templates import BY_SLUG, TEMPLATES
from playlists.spotify.errors import SpotifyError
from spotsite import clock

_RECIPES_A_PAGE = 50
_RUNS_SHOWN = 10


@never_cache
@login_required
@require_safe
def recipes(request: HttpRequest) -> HttpResponse:
    mine = person(request).recipes.order_by("name", "pk")
    page = Paginator(mine, _RECIPES_A_PAGE).get_page(request.GET.get("page"))
    rows = recipe_rows.described(person(request), list(page))
    return render(request, "playlists/recipes.html", {"rows": rows, "page": page})


@login_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "playlists/recipe_gallery.html", {"starters": TEMPLATES})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def from_template(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the few things that a template needs, and go on to the preview."""
    template = BY_SLUG.get(slug)
    if template is None:
        raise Http404
    user = person(request)
    credentials = library.credentials_of(user)
    targets, trouble = _targets(credentials)
    accounts = [credential.account for credential in credentials]
    form = TemplateForm(
        request.POST or None,
        template=template,
        accounts=accounts,
        targets=targets,
        lists=list(user.stored_lists.light().order_by("-pk")),
    )
    lacking = recipe_rows.lacking(template, credentials)
    if request.method == "POST" and accounts and form.is_valid():
        recipe = Recipe(user=user, name=form.cleaned_data["name"], is_paused=True)
        if run := _saved_and_looking(form, recipe, targets):
            return redirect(run)
    context = {
        "form": form,
        "starter": template,
        "trouble": trouble,
        "connected": bool(accounts),
        "lacking": lacking,
        "account": accounts[0].pk if accounts else None,
    }
    return render(request, "playlists/recipe_new.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def from_json(request: HttpRequest) -> HttpResponse:
    """Take a whole definition; the preview comes next."""
    account = _first_account(request)
    initial = {"text": initial_text(account.uid if account else "me")}
    form = JsonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        recipe = Recipe(user=person(request), name=form.cleaned_data["name"], is_paused=True)
        targets, _ = _targets(library.credentials_of(recipe.user), fresh=True)
        if run := _saved_and_looking(form, recipe, targets):
            return redirect(run)
    return render(request, "playlists/recipe_json.html", {"form": form, "recipe": None})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uuid: str) -> HttpResponse:
    """Change the definition; what is saved is looked at before it runs."""
    recipe = _recipe(request, uuid)
    initial = {"name": recipe.name, "text": recipe_rows.text_of(recipe)}
    form = JsonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        recipe.name = form.cleaned_data["name"]
        targets, _ = _targets(library.credentials_of(recipe.user), fresh=True)
        if run := _saved_and_looking(form, recipe, targets):
            return redirect(run)
    return render(request, "playlists/recipe_json.html", {"form": form, "recipe": recipe})


def _saved_and_looking(
    form: TemplateForm | JsonForm, recipe: Recipe, targets: list[Target]
) -> Run | None:
    """Save the recipe and have a worker look what it would do; None where it cannot be saved."""
    try:
        return first_look.save(recipe, form.known, targets=targets)
    except NotADefinition as exc:
        form.add_error(None, told(exc))
    except first_look.Refused as exc:
        form.add_error(None, str(exc))
    return None


@never_cache
@login_required
@require_safe
def recipe_page(request: HttpRequest, uuid: str) -> HttpResponse:
    recipe = _recipe(request, uuid)
    runs = recipe.runs.shown()[:_RUNS_SHOWN]
    (row,) = recipe_rows.described(person(request), [recipe])
    context = {"row": row, "recipe": recipe, "runs": runs}
    return render(request, "playlists/recipe.html", context)


@never_cache
@login_required
@require_safe
def recipe_text(request: HttpRequest, uuid: str) -> HttpResponse:
    """Serve the definition as a file, to keep or to give away."""
    recipe = _recipe(request, uuid)
    response = HttpResponse(recipe_rows.text_of(recipe), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="recipe-{recipe.uuid.hex[:8]}.json"'
    return response


@login_required
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Serve the JSON Schema that definitions follow."""
    return JsonResponse(definition.json_schema(), json_dumps_params={"indent": 2})


@login_required
@require_POST
def preview(request: HttpRequest, uuid: str) -> HttpResponse:
    return _started(request, _recipe(request, uuid), dry=True)


@login_required
@require_POST
def run_now(request: HttpRequest, uuid: str) -> HttpResponse:
    return _started(request, _recipe(request, uuid), dry=False)


def _started(request: HttpRequest, recipe: Recipe, *, dry: bool) -> HttpResponse:
    try:
        run = dispatch.start(recipe, dry=dry)
    except NotADefinition as exc:
        messages.error(request, " ".join(told(exc)))
        return redirect(recipe)
    except dispatch.Busy:
        messages.error(request, first_look.BUSY)
        return redirect(recipe.runs.unfinished().filter(is_dry=False).first() or recipe)
    tasks.nudge_on_commit(run)
    return redirect(run)


@login_required
@require_POST
def pause(request: HttpRequest, uuid: str) -> HttpResponse:
    recipe = _recipe(request, uuid)
    recipe_rows.pause(recipe)
    return redirect(recipe)


@login_required
@require_POST
def resume(request: HttpRequest, uuid: str) -> HttpResponse:
    recipe = _recipe(request, uuid)
    try:
        recipe_rows.resume(recipe)
    except NotADefinition as exc:
        messages.error(request, " ".join(told(exc)))
    return redirect(recipe)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, uuid: str) -> HttpResponse:
    """Forget a recipe; its playlist stays as it is."""
    recipe = _recipe(request, uuid)
    if request.method != "POST":
        return render(request, "playlists/recipe_delete.html", {"recipe": recipe})
    name = recipe.name
    recipe_rows.delete(recipe)
    messages.success(request, f"The recipe “{name}” is deleted. Its playlist stays as it is.")
    return redirect("recipes")


# The block list -----------------------------------------------------------------------------------


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def block_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = BlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added, refused = blocks.add(user, form.cleaned_data["lines"])
        for line in refused:
            messages.error(request, line)
        if added:
            messages.success(request, f"{added} added.")
        return redirect("blocks")
    return render(request, "playlists/blocks.html", {"form": form, "rows": blocks.shown(user)})


@login_required
@require_POST
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(person(request).blocks, pk=pk).delete()
    return redirect("blocks")


def _targets(credentials: list[Credential], *, fresh: bool = False) -> tuple[list[Target], str]:
    """Return the playlists to choose from, and why there are not all."""
    found: list[Target] = []
    troubles = []
    for credential in credentials:
        try:
            found += library.targets(credential, fresh=fresh)
        except (SpotifyError, AccountError, Paused) as exc:
            troubles.append(outcomes.for_listing(exc, now=clock.now()))
    return list({one.playlist_id: one for one in found}.values()), " ".join(troubles)


def _first_account(request: HttpRequest) -> SocialAccount | None:
    mine = library.credentials_of(person(request))
    return mine[0].account if mine else None


def _recipe(request: HttpRequest, uuid: str) -> Recipe:
    return get_object_or_404(person(request).recipes.select_related("account", "user"), uuid=uuid)
