"""What the limiter lets through when eight greedy threads and one person share it, in 4 processes.

Greedy threads ask again as soon as they are told to; the person asks ten times a second. The last
figure is how many decisions a second one process gets while nobody else asks.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

os.environ |= {"DEMO": "False", "DJANGO_SETTINGS_MODULE": "spotsite.settings"}

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from benchmarks import table

django.setup()

# After the applications are loaded: these have models.
from playlists import budget, limiter  # noqa: E402
from playlists.budget import Paused, Purpose  # noqa: E402

PROCESSES = 4
GREEDY = 2  # threads in each
PERSON_EVERY = 0.1
DECISIONS = 20_000


def main() -> None:
    options = table.parser(__doc__ or "")
    options.add_argument("--seconds", type=int, default=20, help="how long (20)")
    options.add_argument("--rate", type=int, default=50, help="calls a second that are allowed")
    given = options.parse_args()
    call_command("migrate", verbosity=0)
    settings.SPOTIFY_CALLS_PER_SECOND, settings.SPOTIFY_BURST = given.rate, 20
    settings.SPOTIFY_CALLS_PER_PERSON = 0
    limiter.start(given.rate)
    calls, waits = measure(given.seconds)
    waits.sort()
    rows: list[table.Row] = [
        {"who": "all", "calls/s": calls / given.seconds, "p50 ms": "", "p99 ms": ""},
        {
            "who": "the person",
            "calls/s": len(waits) / given.seconds,
            "p50 ms": f"{1000 * waits[len(waits) // 2]:.2f}",
            "p99 ms": f"{1000 * waits[len(waits) * 99 // 100]:.2f}",
        },
    ]
    totals = {
        "allowed": given.rate,
        "calls_per_second": calls / given.seconds,
        "interactive_p50_ms": 1000 * waits[len(waits) // 2],
        "interactive_p99_ms": 1000 * waits[len(waits) * 99 // 100],
        "decisions_per_second": decisions(),
        "seconds": given.seconds,
        "cores": os.cpu_count(),
    }
    table.show("Limiter", rows, totals=totals, as_json=given.json)


def measure(seconds: int) -> tuple[int, list[float]]:
    """Let all ask for so long; return all calls and how long the person waited for each."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(PROCESSES), context.Queue()
    running = [
        context.Process(target=process, args=(number, seconds, barrier, answers))
        for number in range(PROCESSES)
    ]
    for one in running:
        one.start()
    found = [answers.get() for _ in running]
    for one in running:
        one.join()
        assert one.exitcode == 0
    waits = [wait for _, some in found for wait in some]
    return sum(count for count, _ in found) + len(waits), waits


def process(number: int, seconds: int, barrier: Barrier, answers: Queue[object]) -> None:
    counts, waits = [0] * GREEDY, list[float]()
    barrier.wait()
    ends = time.monotonic() + seconds
    threads = [
        threading.Thread(target=be_greedy, args=(counts, one, ends)) for one in range(GREEDY)
    ]
    if number == 0:
        threads.append(threading.Thread(target=be_a_person, args=(waits, ends)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((sum(counts), waits))


def be_greedy(counts: list[int], place: int, ends: float) -> None:
    while time.monotonic() < ends:
        if wait_for_call(Purpose.PUSH, ends) is not None:
            counts[place] += 1
    connections.close_all()


def be_a_person(waits: list[float], ends: float) -> None:
    while time.monotonic() < ends:
        if (wait := wait_for_call(Purpose.INTERACTIVE, ends)) is not None:
            waits.append(wait)
        time.sleep(PERSON_EVERY)
    connections.close_all()


def wait_for_call(purpose: Purpose, ends: float) -> float | None:
    """Ask until a call is granted; return the seconds that it took, None where time is up."""
    began = time.monotonic()
    while True:
        try:
            budget.take("me", purpose)
        except Paused as paused:
            now = time.monotonic()
            pause = (paused.until - budget.clock.now()).total_seconds()
            if now + pause > ends:
                time.sleep(max(0.0, ends - now))
                return None
            time.sleep(max(0.0, pause))
        else:
            return time.monotonic() - began


def decisions() -> float:
    """Return the decisions a second of one process, each a round trip."""
    settings.SPOTIFY_CALLS_PER_SECOND = settings.SPOTIFY_BURST = 10**6
    call = limiter.Call("me", person=1, recipe=1)
    began = time.perf_counter()
    for _ in range(DECISIONS):
        limiter.take(call, reserve=0.3, allowance=10**6)
    return DECISIONS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
