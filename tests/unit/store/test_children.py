from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from service.store.embedded.children import Child, end_all, tend_all

if TYPE_CHECKING:
    from pathlib import Path


def _child(tmp_path: Path, code: str) -> Child:
    return Child("It", [sys.executable, "-c", code], tmp_path / "it.log", {"WORD": "said"})


def _tend_until(child: Child, what: str, patience_seconds: float = 20.0) -> list[str]:
    """Look after a child until `what` is said."""
    heard: list[str] = []
    deadline = time.monotonic() + patience_seconds
    while not any(what in news for news in heard):
        assert time.monotonic() < deadline, heard
        tend_all([child], heard.append)
        time.sleep(0.01)
    return heard


def test_a_child_runs_and_ends_when_asked(tmp_path: Path) -> None:
    child = _child(
        tmp_path, "import os, time; print(os.environ['WORD'], flush=True); time.sleep(60)"
    )
    assert not child.running()
    assert child.pid is None
    child.start()
    assert child.running()
    assert child.pid
    assert os.getsid(child.pid) == child.pid  # Ctrl-C here does not reach it
    while "said" not in child.tail():
        time.sleep(0.01)
    assert child.tend(time.monotonic()) is None
    assert end_all([child]) == []
    assert not child.running()


def test_a_child_that_dies_is_started_again_after_a_pause(tmp_path: Path) -> None:
    child = _child(tmp_path, "import sys; sys.exit('broken')")
    child.start()
    heard = _tend_until(child, "started again")
    assert heard[0].startswith("It ended (exit status 1), next try in 0.5 s\nbroken")
    second = _tend_until(child, "next try")
    assert "next try in 1 s" in second[0]  # the pauses double
    end_all([child])


def test_a_child_killed_by_a_signal_is_named_so(tmp_path: Path) -> None:
    child = _child(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    child.start()
    assert "SIGKILL" in _tend_until(child, "next try")[0]
    assert end_all([child]) == []


def test_a_child_that_ran_long_is_started_without_delay(tmp_path: Path) -> None:
    child = _child(tmp_path, "pass")
    child.start()
    child.wait(time.monotonic() + 20)
    child._pause_seconds = 8.0
    said = child.tend(time.monotonic() + 60)
    assert said is not None
    assert "next try in 0.5 s" in said


def test_a_child_that_does_not_end_is_killed_with_its_own_children(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    child = _child(tmp_path, code)
    child.start()
    while not child.tail().strip():
        time.sleep(0.01)
    grandchild = int(child.tail())
    assert end_all([child], timeout_seconds=0.2) == ["It"]
    deadline = time.monotonic() + 10
    while _state(grandchild) not in {"", "Z"}:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - a device of sorts
            return file.read().split()[2]
    except OSError:
        return ""


def test_what_was_never_started_needs_no_end(tmp_path: Path) -> None:
    assert end_all([_child(tmp_path, "pass")]) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
