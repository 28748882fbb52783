"""Makes the virtual environment beside `dev` and keeps it equal to the lock file."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from runner import places
from runner.errors import Refusal

UV = places.VENV / "bin" / "uv"
STAMP = places.VENV / "installed.sha256"
MISSING_VENV = "Install python3-venv: apt-get install python3-venv"


def ensure(*, with_apt: bool = False) -> None:
    """Install what the lock file says, unless that is what is there."""
    if not os.access(places.ROOT, os.W_OK) and not _is_current():
        raise Refusal(
            f"{places.ROOT} cannot be written by you: make your own clone "
            "(or give the folder to your user), then run ./dev there."
        )
    if _is_current():
        return
    # Two commands may start at once in a fresh clone.
    with (places.ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current():
            _install(with_apt=with_apt)


def _install(*, with_apt: bool) -> None:
    started = time.monotonic()
    print("Installing packages into .venv (once)...", flush=True)
    if not _venv_works():
        _make_venv(with_apt=with_apt)
    if not UV.exists() or not _has_version(UV):
        _install_uv()
    _sync()
    STAMP.write_text(_wanted() + "\n")
    print(f"Packages installed in {time.monotonic() - started:.1f} s.", flush=True)


def _wanted() -> str:
    """The lock file, this Python and this place: a venv fits no other."""
    digest = hashlib.sha256(places.LOCK_FILE.read_bytes())
    digest.update(f"{sys.version_info[:3]} {sys.implementation.name} {places.VENV}".encode())
    return digest.hexdigest()


def _is_current() -> bool:
    try:
        return STAMP.read_text().strip() == _wanted() and places.VENV_PYTHON.exists()
    except OSError:
        return False


def _venv_works() -> bool:
    script = "import sys; print(sys.prefix, *sys.version_info[:3])"
    try:
        answer = subprocess.run(
            (str(places.VENV_PYTHON), "-c", script), check=False, capture_output=True, text=True
        )
    except OSError:
        return False
    expected = " ".join(map(str, (places.VENV, *sys.version_info[:3])))
    return answer.returncode == 0 and answer.stdout.strip() == expected


def _make_venv(*, with_apt: bool) -> None:
    """Without pip, which would cost 3 seconds; uv is put in by the pip of `ensurepip`'s wheel."""
    if not _can_make_venv():
        if with_apt and can_use_apt():
            apt_install(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
        if not _can_make_venv():
            raise Refusal(f"Python's venv module is not complete. {MISSING_VENV}")
    import venv  # noqa: PLC0415 -- some systems have it in a package of its own

    shutil.rmtree(places.VENV, ignore_errors=True)
    venv.EnvBuilder(symlinks=True, with_pip=False).create(places.VENV)


def _can_make_venv() -> bool:
    return importlib.util.find_spec("venv") is not None and _pip_wheel() is not None


def _pip_wheel() -> Path | None:
    """The pip wheel that belongs to this Python: in `ensurepip`, or where Debian keeps it."""
    importlib.invalidate_caches()
    specification = importlib.util.find_spec("ensurepip")
    if specification is None or specification.origin is None:
        return None
    folders = [Path(specification.origin).parent / "_bundled"]
    if elsewhere := sysconfig.get_config_var("WHEEL_PKG_DIR"):
        folders.insert(0, Path(elsewhere))
    return next((wheel for folder in folders for wheel in folder.glob("pip-*.whl")), None)


def _sync() -> None:
    """Install with uv, or, in a network that only pip is set up for, slowly with pip."""
    by_uv = ("pip", "sync", "--quiet", "--require-hashes", "--python", str(places.VENV_PYTHON))
    if runs(str(UV), *by_uv, str(places.LOCK_FILE)):
        return
    print("uv failed (see above); trying pip, which takes longer...", flush=True)
    if not runs(*_pip(), "--requirement", str(places.LOCK_FILE)):
        raise Refusal(
            "The packages could not be installed (see above): check the network and the package "
            "index settings, then run ./dev again."
        )


def _install_uv() -> None:
    wanted = places.VENV / "uv.txt"
    wanted.write_text(_locked("uv"))
    if not runs(*_pip(), "--requirement", str(wanted)):
        raise Refusal(
            "uv, the installer, could not be installed (see above): check the network and the "
            "package index settings, then run ./dev again."
        )


def _pip() -> tuple[str, ...]:
    wheel = _pip_wheel()
    if wheel is None:
        raise Refusal(f"Python's venv module is not complete. {MISSING_VENV}")
    # A wheel is a zip file that Python can run from.
    return (
        *(str(places.VENV_PYTHON), f"{wheel}/pip", "install", "-qq", "--no-deps"),
        *("--require-hashes", "--disable-pip-version-check"),
    )


def _locked(name: str) -> str:
    """The lines of one distribution in the lock file: its exact version and its hashes."""
    found = re.search(
        rf"^{re.escape(name)}==.*\n(?:[ ]+--hash=.*\n)+", places.LOCK_FILE.read_text(), re.MULTILINE
    )
    if found is None:
        raise Refusal(f"{places.LOCK_FILE.name} does not pin {name}: run ./dev compile.")
    return found[0]


def _has_version(uv: Path) -> bool:
    version = _locked("uv").split("==", 1)[1].split()[0]
    answer = subprocess.run((str(uv), "--version"), check=False, capture_output=True, text=True)
    return answer.stdout.split()[1:2] == [version]


def can_use_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install system packages; quiet unless it fails."""
    print(f"Installing {' '.join(packages)} with apt...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages),
    ):
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            print(done.stdout + done.stderr, file=sys.stderr)
            raise Refusal(f"{' '.join(argv)} failed (see above): install the packages by hand.")


def runs(*argv: str) -> bool:
    """Run an installer where we are; tell whether it succeeded."""
    environment = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "PYTHONHOME")}
    # The certificates that the system trusts, as a company's network may need them.
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    return subprocess.run(argv, check=False, env=environment, cwd=places.ROOT).returncode == 0
