"""A worker of the lab: fits one contender after the other, as it is told on standard input.

`python -m training.lab.work CATALOGUE.json`, the catalogue naming the logs. A line in is a job; a
line out its progress, its end, or why it failed; all are JSON. Scores go to files beside.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.lab.sources import Source, sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from training.lab.contenders import Log

_TELL_EVERY_SECONDS: Final = 1.0


@dataclass
class Worker:
    """One thread of fits; one log at a time is kept in memory."""

    sources: Mapping[str, Source]
    folder: Path
    out: TextIO
    _name: str = ""
    _log: Log | None = None
    _told_at: float = 0.0

    def take(self, job: Mapping[str, Any]) -> None:
        """Fit one contender and store its scores; a failure is told and ends nothing."""
        began = time.monotonic()
        try:
            scores = self._scores(job)
        except Exception as error:  # one contender's failure is a line of the report
            self._tell(state="failed", why=f"{type(error).__name__}: {error}")
            return
        file = self.folder / job["log"] / f"{job['key']}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, scores)
        self._tell(state="done", seconds=time.monotonic() - began)

    def _scores(self, job: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        from training.lab.contenders import contender

        log = self._open(job["log"])
        scores = contender(job["contender"]).scores(
            log, share=job["share"], seed=job["seed"], report=self._report
        )
        if scores.shape != log.split.tested.shape or not np.isfinite(scores).all():
            raise ValueError(f"scores of shape {scores.shape}, or some that are no number")
        return scores

    def _open(self, name: str) -> Log:
        from training.lab.contenders import Log

        if self._log is None or self._name != name:
            self._log = None  # two encoded logs at a time would be too much memory
            self._tell(state="at", note="reading the log", share=0.0)
            self._name, self._log = name, Log(self.sources[name].read(), seed=0)
        return self._log

    def _report(self, done: int, total: int, note: str) -> None:
        now = time.monotonic()
        if now - self._told_at > _TELL_EVERY_SECONDS:
            self._told_at = now
            self._tell(state="at", note=note, share=done / max(total, 1))

    def _tell(self, **told: object) -> None:
        print(json.dumps(told), file=self.out, flush=True)


def _one_thread() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.constant(0.0)  # from here on the numbers of threads stay


def main() -> None:
    """Work until standard input ends."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    catalogue = json.loads(Path(sys.argv[1]).read_text())
    # what libraries print must not mix with the answers
    answers, sys.stdout = sys.stdout, sys.stderr
    _one_thread()
    worker = Worker(sources_of(catalogue["logs"]), Path(catalogue["scores"]), answers)
    for line in sys.stdin:
        worker.take(json.loads(line))


if __name__ == "__main__":
    main()
