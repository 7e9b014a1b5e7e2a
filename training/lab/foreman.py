"""Hands jobs to worker processes, the most wanted first, and stops in time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from training.lab.agenda import Job

_FIRST_GUESS_SECONDS: Final = 60.0  # of a job like none before
_GRACE_SECONDS: Final = 20.0  # past the end, for a fit under way
_DIED: Final = "its worker ended"


@dataclass(slots=True)
class Ended:
    """What became of a job."""

    job: Job
    state: str  # done, failed, cut off, no time
    seconds: float = 0.0
    why: str = ""


@dataclass
class Foreman:
    """Jobs that are left, those that ended, and how long each kind took."""

    jobs: list[Job]
    catalogue: Path
    ends_at: float  # by time.monotonic
    tell: Callable[[str, float, str], None]
    ended: list[Ended] = field(default_factory=list)
    _took: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, name: str, logs: Sequence[str]) -> None:
        """Run workers until no job is left that fits, those of `logs` first, in order.

        A worker that dies takes its job along; another one goes on with the next.
        """
        job = self._next(logs)
        while job is not None:
            with _worker(self.catalogue) as process:
                while job is not None:
                    end = self._run(name, process, job)
                    with self._lock:
                        self.ended.append(end)
                    job = self._next(logs)
                    if end.state == "cut off" or end.why.startswith(_DIED):
                        process.kill()
                        break

    def close(self) -> list[Ended]:
        """Return what became of every job; those never begun had no time."""
        return self.ended + [Ended(job, "no time") for job in self.jobs]

    def _next(self, logs: Sequence[str]) -> Job | None:
        left = self.ends_at - time.monotonic()
        with self._lock:
            likings = {log: place for place, log in enumerate(logs)}
            order = sorted(self.jobs, key=lambda job: likings.get(job.log, len(likings)))
            for job in order:
                if self._guess(job) <= left:
                    self.jobs.remove(job)
                    return job
        return None

    def _guess(self, job: Job) -> float:
        """Guess seconds from fits of the same contender on this log, else of any one on it."""
        same = self._took.get((job.log, job.contender))
        alike = same or [
            s for (log, _), took in self._took.items() if log == job.log for s in took
        ]
        return job.share * (max(alike) if alike else _FIRST_GUESS_SECONDS)

    def _run(self, name: str, process: subprocess.Popen[str], job: Job) -> Ended:
        began = time.monotonic()
        what = f"{job.log}: {job.contender}"
        self.tell(name, 0.0, what)
        killer = threading.Timer(self.ends_at + _GRACE_SECONDS - began, process.kill)
        killer.start()
        try:
            told = self._listen(name, process, job, what)
        finally:
            killer.cancel()
        seconds = time.monotonic() - began
        if told["state"] == "done":
            with self._lock:
                self._took[job.log, job.contender].append(seconds / job.share)
        return Ended(job, told["state"], seconds, told.get("why", ""))

    def _listen(
        self, name: str, process: subprocess.Popen[str], job: Job, what: str
    ) -> dict[str, Any]:
        assert process.stdin  # noqa: S101 - both are pipes
        assert process.stdout  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # that it is dead shows below
            process.stdin.write(json.dumps({**asdict(job), "key": job.key}) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            told: dict[str, Any] = json.loads(line)
            if told["state"] != "at":
                return told
            self.tell(name, told["share"], f"{what}, {told['note']}")
        if time.monotonic() >= self.ends_at:
            return {"state": "cut off", "why": "it was stopped at the end of the time"}
        why = (
            f"{_DIED} with status {process.wait()}; {self.catalogue.with_suffix('.log')} says why"
        )
        return {"state": "failed", "why": why}


def _worker(catalogue: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    with catalogue.with_suffix(".log").open("a") as log:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "training.lab.work", str(catalogue)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
        )
