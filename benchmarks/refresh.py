"""Refreshes a second on this machine, beside a bare loop of the same HTTP calls.

Both ask the simulator, which needs a good part of the machine itself: the share that is left to the
engine's own work (claim, seal, store) is the last column. Nothing is retried, nothing is skipped.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.synchronize import Barrier

import django
from django.core.management import call_command
from django.db import connections

from benchmarks import table
from simulator.control_client import Control

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spotsite.settings")
django.setup()

# After the applications are loaded: these have models.
from allauth.socialaccount.models import SocialAccount  # noqa: E402

from accounts import oauth, tokens  # noqa: E402
from accounts.models import Credential, User  # noqa: E402
from accounts.vault import Secret  # noqa: E402
from spotsite.clock import Now  # noqa: E402

SCOPES = ["playlist-modify-private"]


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--accounts", type=int, default=1500, help="accounts to refresh (1500)")
    options.add_argument("--processes", type=int, nargs="*", default=[1, 2], help="(1 2)")
    given = options.parse_args()
    secrets = prepare(given.accounts)
    rows: list[table.Row] = []
    for processes in given.processes:
        shares = [secrets[number::processes] for number in range(processes)]
        bare = measure(bare_loop, shares)
        engine = measure(refresh_all, make_due(processes))
        check(given.accounts)
        rows.append(
            {
                "processes": processes,
                "bare calls/s": given.accounts / bare,
                "refreshes/s": given.accounts / engine,
                "% of bare": 100 * bare / engine,
            }
        )
    totals = {"accounts": given.accounts, "cores": os.cpu_count()}
    table.show("Token refresh", rows, totals=totals, as_json=given.json)


def prepare(count: int) -> list[str]:
    """Make people with linked accounts; return their refresh tokens."""
    call_command("migrate", verbosity=0)
    names = [f"person-{number}" for number in range(count)]
    with Control(os.environ["SPOTIFY_ACCOUNTS_URL"]) as sim:
        sim.reset()
        sim.add_users([{"id": name, "facebook": None} for name in names])
        answers = sim.many_tokens(names, SCOPES)
    for name in names:
        account = SocialAccount.objects.create(
            user=User.objects.create_user(name=name), provider="spotify", uid=name
        )
        answer = answers[name]
        grant = tokens.Grant(
            Secret(answer["access_token"]),
            Secret(answer["refresh_token"]),
            timedelta(seconds=answer["expires_in"]),
            tuple(SCOPES),
        )
        tokens.absorb(account, grant, consent=True)
    return [answers[name]["refresh_token"] for name in names]


def make_due(processes: int) -> list[list[str]]:
    Credential.objects.update(next_refresh_at=Now())
    return [[] for _ in range(processes)]


def check(count: int) -> None:
    """Count in the rows: a refresh that failed must not be counted as one."""
    assert not Credential.objects.due().exists()
    assert Credential.objects.filter(status="ok", fail_count=0).count() == count


def measure(work: Callable[..., None], shares: list[list[str]]) -> float:
    """Run ``work`` in a process for each share; return the seconds from the first to the last."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(len(shares) + 1)
    running = [context.Process(target=work, args=(share, barrier)) for share in shares]
    for one in running:
        one.start()
    barrier.wait()
    began = time.perf_counter()
    for one in running:
        one.join()
        assert one.exitcode == 0
    return time.perf_counter() - began


def bare_loop(secrets: list[str], barrier: Barrier) -> None:
    barrier.wait()
    for secret in secrets:
        oauth.refresh("spotify", Secret(secret))


def refresh_all(_: list[str], barrier: Barrier) -> None:
    barrier.wait()
    while tokens.refresh_next_due() is not None:
        pass


if __name__ == "__main__":
    main()
