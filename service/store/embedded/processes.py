"""Find, tie and end the processes that belong to one state folder."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PR_SET_PDEATHSIG = 1
_MARK = re.compile(r"salient-[0-9a-f]{12}(-pg|-vk)?")
_SERVERS = {"postgres", "valkey-server"}
_POLL_SECONDS = 0.01
_children: list[subprocess.Popen[bytes]] = []


def mark_of(state: Path) -> str:
    """A name for this very folder: a copy of it elsewhere gets another."""
    status = state.stat()
    place = f"{state.resolve()}:{status.st_dev}:{status.st_ino}"
    return f"salient-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def find(mark: str) -> list[int]:
    """The ids of the running servers whose command line holds `mark`.

    Raises: ValueError for what `mark_of` did not make: signals go to what is found here.
    """
    if not _MARK.fullmatch(mark):
        raise ValueError(f"not a mark: {mark!r}")
    return [pid for pid in _all_pids() if _program(pid) in _SERVERS and mark in _command_line(pid)]


def _all_pids() -> list[int]:
    proc = Path("/proc")
    return [int(p.name) for p in proc.iterdir() if p.name.isdigit()] if proc.is_dir() else []


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _command_line(pid: int) -> str:
    try:
        # a zombie has no command line, so the dead do not count
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def end(mark: str, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Send each signal of `steps` in turn, with its patience in seconds, until none is left."""
    for number, patience_seconds in steps:
        _send(find(mark), number)
        if wait_until_gone(mark, patience_seconds):
            return True
    return False


def launch(command: Sequence[str], folder: Path, log: Path, **how: Any) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, in a session of its own, with its output appended to `log`.

    It is kept, so that it is reaped once it ends.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - our own program and arguments
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **how,
        )
    _children.append(child)
    return child


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]


def wait_until_gone(mark: str, timeout_seconds: float) -> bool:
    """Whether every process with `mark` ended in time."""
    deadline = time.monotonic() + timeout_seconds
    while find(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    _reap()
    return True


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal (Linux; False elsewhere)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send `number` to this process when its parent ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
