"""What people are told of their runs: held, failed twice in a row, put off by Spotify for long.

It is told in the transaction that ends a run or puts it off, so a worker that is killed tells it
together with what it did, or not at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import inbox
from accounts.inbox import Letter
from accounts.models import Notice
from playlists import budget, decisions, halts, outcomes
from playlists.models import Pause, Run
from spotsite import clock

LONG = timedelta(hours=1)
_PAUSED = {"quota", "rate_limited"}
_IN_A_ROW = 2


def end(run: Run, state: Run.State, *, code: str = "", sentence: str = "") -> None:
    """End a run, and tell its person where it is held or its recipe keeps failing."""
    with transaction.atomic():
        run.end(state, code=code, sentence=sentence)
        if state == Run.State.HELD:
            _held(run)
        elif state == Run.State.FAILED:
            _failed(run)


def wait(
    run: Run, *, until: datetime, code: str, sentence: str, attempts: int | None = None
) -> None:
    """Put a run off, and tell its person where Spotify lets them wait for long."""
    with transaction.atomic():
        run.wait(until=until, code=code, sentence=sentence, attempts=attempts)
        if code in _PAUSED and until - clock.now() > LONG:
            _paused(run, until)


def _held(run: Run) -> None:
    inbox.tell(
        run.user_id,
        HELD,
        decisions.key(run),
        title=f"{run.name}: a run needs your word",
        sentence=f"{run.sentence} Nothing more is written until you decide.",
        link=run.get_absolute_url(),
    )


def _failed(run: Run) -> None:
    """Tell of the second failure in a row; what comes after it is the same trouble.

    Who has to reconnect is told so, and that once.
    """
    if run.recipe is None or run.is_dry or run.code == outcomes.NEEDS_RECONNECT[0]:
        return
    runs = Run.objects.filter(recipe=run.recipe_id, is_dry=False)
    good = runs.filter(state=Run.State.DONE, pk__lt=run.pk).order_by("-pk")
    since = good.values_list("pk", flat=True).first() or 0
    failures = runs.filter(state=Run.State.FAILED, pk__gt=since)
    halts.failing(run, failures)
    if failures.exclude(code=outcomes.NEEDS_RECONNECT[0]).count() == _IN_A_ROW:
        inbox.tell(
            run.user_id,
            FAILED,
            f"{run.recipe.uuid}:{since}",
            title=f"{run.name}: the last two runs failed",
            sentence=run.sentence,
            link=run.get_absolute_url(),
        )


def _paused(run: Run, until: datetime) -> None:
    pause = budget.longest_pause()
    if pause is not None:
        inbox.tell(
            run.user_id,
            QUOTA,
            _name_of(pause),
            title="Spotify lets this site wait",
            sentence="Spotify answers no more calls of this site for some time. Your runs wait and "
            f"go on by themselves {outcomes.when(until, now=clock.now())}; nothing is lost.",
            link=reverse("runs"),
        )


def _name_of(pause: Pause) -> str:
    """Name the pause: it stays the same while Spotify makes it longer."""
    return f"{pause.bucket}:{pause.began_at:%Y%m%d%H%M%S%f}"


# The mails ----------------------------------------------------------------------------------------


def _write_held(notice: Notice) -> Letter | None:
    """Bring the link with which to decide, while there is something to decide."""
    run = decisions.spoken_of(notice)
    if run is None:
        return None
    path = decisions.path(run)
    return Letter("run_held", {"run": run, "decide": f"{settings.PUBLIC_URL}{path}"})


def _write_quota(notice: Notice) -> Letter | None:
    """Leave it at the site's words once no call waits any more."""
    return Letter() if budget.longest_pause() is not None else None


HELD = inbox.register(
    inbox.Kind(
        "held",
        "A run waits for my word",
        about="runs that wait for your approval",
        write=_write_held,
    )
)
FAILED = inbox.register(
    inbox.Kind("failed", "A recipe failed twice", about="recipes that fail twice in a row")
)
QUOTA = inbox.register(
    inbox.Kind(
        "quota",
        "Spotify lets the site wait",
        about="runs that wait because Spotify's quota is used up",
        may_hide=True,
        write=_write_quota,
    )
)
DIGEST = inbox.register(
    inbox.Kind(
        "digest",
        "What my recipes did, each week",
        about="what your recipes did in a week",
        may_hide=True,
    )
)
