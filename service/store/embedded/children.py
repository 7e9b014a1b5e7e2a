"""Keep child processes running: restart what dies, and end all of them together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.store.embedded.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0
"""A child that ran this long is restarted without delay again."""

_TAIL_BYTES = 2_000


@dataclass
class Child:
    """One program that is to run all the time. Its output goes to `log`."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _restart_at: float = 0.0
    _pause_seconds: float = FIRST_PAUSE_SECONDS

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.running() and self._process else None

    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self._started_at = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                self.command,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no other thread runs here
            )

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self.running() and self._process:
            self._process.terminate()

    def wait(self, deadline: float) -> bool:
        """Wait until `deadline` (monotonic), then kill its group; True if it ended by itself."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return False
        return True

    def tend(self, now: float) -> str | None:
        """Restart it if it died and its pause is over; returns what there is to say."""
        if self.running():
            return None
        if self._restart_at == 0.0:
            return self._plan(now)
        if now < self._restart_at:
            return None
        self._restart_at = 0.0
        self.start()
        return f"{self.name} is started again"

    def _plan(self, now: float) -> str:
        code = self._process.returncode if self._process else None
        if now - self._started_at > STEADY_SECONDS:
            self._pause_seconds = FIRST_PAUSE_SECONDS
        pause = self._pause_seconds
        self._restart_at = now + pause
        self._pause_seconds = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return f"{self.name} ended ({_said(code)}), next try in {pause:g} s\n{self.tail()}"

    def tail(self) -> str:
        """The last lines of its log."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return file.read().decode(errors="replace")


def _said(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"


def tend_all(children: Iterable[Child], say: Callable[[str], None]) -> None:
    """Look after each child once; `say` hears of deaths and restarts."""
    for child in children:
        if news := child.tend(time.monotonic()):
            say(news)


def end_all(children: Sequence[Child], timeout_seconds: float = 4.0) -> list[str]:
    """End all at once; returns the names of those that had to be killed."""
    deadline = time.monotonic() + timeout_seconds
    for child in children:
        child.ask_to_end()
    return [child.name for child in children if not child.wait(deadline)]
