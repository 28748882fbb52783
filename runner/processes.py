"""Starts processes in order, shows what they say, stops them in reverse; none outlives us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol, cast

from runner import places
from runner.errors import Fallen, Interrupted, Refusal
from runner.guard import kill_group
from runner.state import State

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
STOP_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOTE_AFTER = 4.0  # seconds; a worker without a task under way is gone by then
COLOURS = ("36", "33", "35", "32", "34", "31")


class HasFileno(Protocol):
    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a process runs as: ourselves, another user, or, as root, nobody in a namespace."""

    uid: int | None = None
    gid: int | None = None
    namespace: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What to start and how to stop it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0  # seconds between the stop signal and SIGKILL
    patience_note: str = ""  # said when the grace is used
    identity: Identity = Identity()
    cwd: Path = places.ROOT
    stdin: bytes = field(default=b"", repr=False)
    quiet: bool = False  # its lines go to its log only
    # Seconds to wait before each new start within a minute; the fall after the last is the end.
    restarts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """A program that has fallen and is to be started again, in the place that it had."""

    program: Program
    number: int
    at: float


class Child:
    """A running program, its output and its end."""

    def __init__(
        self, program: Program, popen: subprocess.Popen[bytes], log: BinaryIO, *, number: int
    ) -> None:
        self.program = program
        self.popen = popen
        self.log = log
        self.number = number
        self.tail: deque[str] = deque(maxlen=15)
        self.partial = b""

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def output(self) -> IO[bytes]:
        return cast("IO[bytes]", self.popen.stdout)

    @property
    def status(self) -> int | None:
        return self.popen.poll()


class Supervisor:
    """Owns the children of one command. Single-threaded: everything happens in `pump`."""

    def __init__(self, state: State, *, talkative: bool) -> None:
        self.state = state
        self.talkative = talkative
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.children: list[Child] = []
        self.restarts: list[Restart] = []
        self.falls: dict[str, list[float]] = {}
        self.started = 0
        self.expected_to_stay = True  # tests may stop a server themselves
        self.stop_requests = 0
        self.stopping = False
        self.selector = selectors.DefaultSelector()
        self.guard = self._start_guard()
        self.guard_pipe = cast("IO[bytes]", self.guard.stdin)
        self._listen_to_signals()

    # Starting

    def start(self, program: Program, *, number: int = 0) -> Child:
        """Start a program; what comes back takes the number, and so the place, that it had."""
        log = self.state.log_of(program.name).open("ab", buffering=0)
        os.fchmod(log.fileno(), 0o600)
        try:
            popen = subprocess.Popen(
                program.argv,
                env=dict(program.environment),
                cwd=program.cwd,
                stdin=subprocess.PIPE if program.stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the runner only
                # This process has one thread, so code between fork and exec is safe.
                preexec_fn=_preparation(program.identity, stop_signal=program.stop_signal),  # noqa: PLW1509
                **_user(program.identity),
            )
        except OSError as exc:
            log.close()
            raise Refusal(f"{program.name} cannot be started: {exc.strerror or exc}.") from exc
        self._tell_guard(f"{popen.pid} {int(program.stop_signal)}")
        if popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                popen.stdin.write(program.stdin)
                popen.stdin.close()
        self.started += 1
        child = Child(program, popen, log, number=number or self.started)
        os.set_blocking(child.output.fileno(), False)
        self.listen(child.output, lambda: self._read(child))
        self.children.append(child)
        return child

    def run(self, program: Program) -> None:
        """Run a step to its end; a status other than 0 is a fall."""
        child = self.start(program)
        while child.status is None:
            self.pump(1.0)
        self.let_go(child)
        if child.status != 0:
            raise Fallen(child.name, child.status or 0, list(child.tail))

    def run_in_front(self, argv: list[str], environment: Mapping[str, str]) -> int:
        """Run the command that this one is about; it reads and writes where we do.

        At a terminal, Ctrl-C reaches it by itself. Elsewhere it leads a group of its own, and
        every request to stop is passed on to it.
        """
        interactive = sys.stdin is not None and sys.stdin.isatty()
        process = subprocess.Popen(
            argv,
            env=dict(environment),
            cwd=places.ROOT,
            process_group=None if interactive else 0,
            preexec_fn=_preparation(Identity(), stop_signal=signal.SIGTERM),  # noqa: PLW1509
        )
        self._tell_guard(f"{process.pid} {int(signal.SIGTERM)}")
        self.stopping = True  # a request to stop is the command's business first
        passed_on = self.stop_requests
        while process.poll() is None:
            self.pump(1.0)
            if self.stop_requests > passed_on:
                passed_on = self.stop_requests
                if not (interactive and self.last_request == signal.SIGINT):
                    process.send_signal(self.last_request)
            self.check()
        self._tell_guard(f"-{process.pid}")
        if not interactive:
            kill_group(process.pid)
        # Killed by a signal: what a shell would report.
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    # Watching

    def pump(self, timeout: float) -> None:
        """Pass on what the children say, for at most `timeout` seconds or until news comes."""
        for key, _ in self.selector.select(timeout):
            key.data()
        if self.stop_requests and not self.stopping:
            raise Interrupted

    def listen(self, source: HasFileno, action: Callable[[], object]) -> None:
        """Call the action from `pump` when there is something to read."""
        self.selector.register(source, selectors.EVENT_READ, action)

    def wait_until(self, ready: Callable[[], bool], *, child: Child, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if child.status is not None:
                raise Fallen(child.name, child.status, self._last_lines(child))
            if time.monotonic() > deadline:
                raise Refusal(
                    f"{child.name} was not ready after {seconds:.0f} seconds: "
                    f"see {self.state.logs / (child.name + '.log')}."
                )
            self.pump(0.03)

    def check(self) -> None:
        """Raise if a child has ended that should be there."""
        for child in self.children.copy():
            if child.status is None:
                continue
            last_lines = self._last_lines(child)
            self.let_go(child)
            if self.expected_to_stay:
                raise Fallen(child.name, child.status, last_lines)

    def stay(self) -> None:
        """Run until somebody asks to stop, or a child falls that may not come back."""
        while True:
            for child in self.children.copy():
                if child.status is not None:
                    self._take_fall(child, child.status)
            self._restart_due()
            next_start = min((one.at for one in self.restarts), default=time.monotonic() + 5)
            self.pump(max(0.0, next_start - time.monotonic()))

    def _take_fall(self, child: Child, status: int) -> None:
        """Let a child come back after a pause that grows, where it may and did not fall too often.

        What it was at is no loss: a worker's tasks are rows that others find again.
        """
        program, now = child.program, time.monotonic()
        last_lines = self._last_lines(child)
        self.let_go(child)
        recent = [at for at in self.falls.get(child.name, []) if at > now - 60]
        self.falls[child.name] = [*recent, now]
        if len(recent) >= len(program.restarts):
            raise Fallen(child.name, status, last_lines, times=len(recent) + 1)
        pause = program.restarts[len(recent)]
        self.restarts.append(Restart(program, child.number, now + pause))
        self.say(
            f"{child.name} ended unexpectedly with status {status}: "
            f"it is started again in {pause:g} s."
        )

    def _restart_due(self) -> None:
        now = time.monotonic()
        due = [one for one in self.restarts if one.at <= now]
        self.restarts = [one for one in self.restarts if one.at > now]
        for one in due:
            self.start(one.program, number=one.number)

    # Stopping

    def stop_all(self) -> None:
        """Stop what runs, the last started first, each when the one before has ended."""
        self.stopping = True
        self.stop_requests = 0
        for child in sorted(self.children, key=lambda child: child.number, reverse=True):
            self.stop(child)
        with contextlib.suppress(BrokenPipeError):
            self.guard_pipe.close()
        self.guard.wait()

    def stop(self, child: Child) -> None:
        if child.status is None:
            child.popen.send_signal(child.program.stop_signal)
        started = time.monotonic()
        told = False
        while child.status is None:
            waited = time.monotonic() - started
            if child.program.patience_note and waited > NOTE_AFTER and not told:
                self.say(child.program.patience_note)
                told = True
            if waited > child.program.grace or self.stop_requests:
                self.stop_requests = 0  # the next request is about the next child
                kill_group(child.popen.pid)
            before, self.stopping = self.stopping, True
            self.pump(0.1)
            self.stopping = before
        self.let_go(child)

    # Speaking

    def say(self, text: str) -> None:
        # A closed terminal must not end the orderly stop.
        with contextlib.suppress(OSError):
            print(text, flush=True)

    def _show(self, child: Child, line: str) -> None:
        child.tail.append(line)
        if not self.talkative or child.program.quiet:
            return
        label = f"{child.name:<9}|"
        if self.coloured:
            colour = COLOURS[child.number % len(COLOURS)]
            label = f"\033[{colour}m{label}\033[0m"
        self.say(f"{label} {line}")

    def _read(self, child: Child) -> bool:
        """Take what is in the pipe; tell whether there was something."""
        try:
            data = os.read(child.output.fileno(), 65536)
        except BlockingIOError:
            return False
        if not data:
            self.selector.unregister(child.output)
            child.output.close()
            return False
        child.log.write(data)
        *lines, child.partial = (child.partial + data).split(b"\n")
        for line in lines:
            self._show(child, line.decode(errors="replace").rstrip("\r"))
        return True

    def _last_lines(self, child: Child) -> list[str]:
        """What the child said last, with what is still in the pipe."""
        while not child.output.closed and self._read(child):
            pass
        if child.partial:
            self._show(child, child.partial.decode(errors="replace"))
            child.partial = b""
        return list(child.tail)

    def let_go(self, child: Child) -> None:
        """The child has ended: end what it may have left in its group, and forget it."""
        self._last_lines(child)
        kill_group(child.popen.pid)
        self._tell_guard(f"-{child.popen.pid}")
        if not child.output.closed:
            self.selector.unregister(child.output)
            child.output.close()
        child.log.close()
        self.children.remove(child)

    # Signals and the guard

    def _listen_to_signals(self) -> None:
        self.last_request = signal.SIGINT
        self.wakeup, writer = socket.socketpair()
        self._writer = writer
        self.wakeup.settimeout(0)
        writer.settimeout(0)
        self.listen(self.wakeup, self._wake)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        # Set even where a background job of a shell has inherited "ignore".
        for number in STOP_REQUESTS:
            signal.signal(number, self._request_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.wakeup.recv(4096)

    def _request_stop(self, number: int, _frame: object) -> None:
        self.stop_requests += 1
        self.last_request = signal.Signals(number)

    def _start_guard(self) -> subprocess.Popen[bytes]:
        held = () if self.state.lock is None else (self.state.lock,)
        return subprocess.Popen(
            (sys.executable, "-I", "-S", str(places.ROOT / "runner" / "guard.py")),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=held,
        )

    def _tell_guard(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.guard_pipe.write(line.encode() + b"\n")
            self.guard_pipe.flush()


def run_as(
    identity: Identity, argv: tuple[str, ...], *, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end as somebody else."""
    return subprocess.run(
        argv,
        check=False,
        env=dict(environment),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=_preparation(identity, stop_signal=signal.SIGTERM),
        **_user(identity),
    )


def _user(identity: Identity) -> dict[str, Any]:
    if identity.uid is None:
        return {}
    return {"user": identity.uid, "group": identity.gid, "extra_groups": ()}


def _preparation(identity: Identity, *, stop_signal: signal.Signals) -> Callable[[], None]:
    """What the new process does between fork and exec."""
    parent = os.getpid()
    uid, gid = os.geteuid(), os.getegid()

    def prepare() -> None:
        # Background jobs of a shell ignore SIGINT, and that would be inherited.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if identity.namespace:
            _enter_namespace(uid, gid)
        # After any change of user, as that clears it. It works where even the guard was killed.
        LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _enter_namespace(uid: int, gid: int) -> None:
    """Become user 1000 in the eyes of the program, while files still are ours."""
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
