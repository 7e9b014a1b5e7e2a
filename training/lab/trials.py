"""What only the service can show: its own commands, run as a user would run them.

The demo shop's log, the five A/B designs against a running shop, and choices judged by the truth.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.lab.sources import Source

_READY_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.2
_LOG_SECONDS: Final = 300.0
_CHOSEN_REQUESTS: Final = 5_000  # of the tested ads: judged by truth, so few say enough
_SESSIONS: Final = 40_000
_NULL_WORLDS: Final = "200"


class TrialFailedError(Exception):
    """A command of the service did not do its part; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Where commands write, and of which demo shop they are."""

    folder: Path
    seed: int

    @property
    def demo_log(self) -> Path:
        """The folder of the demo shop's log."""
        return self.folder / "demo-log"

    def write_demo_log(self, sessions: int = _SESSIONS) -> None:
        """Write the demo shop's log.

        Raises: TrialFailedError.
        """
        words = ("demo", "log", str(self.demo_log), "--seed", str(self.seed))
        self._service(*words, "--sessions", str(sessions), seconds=_LOG_SECONDS)

    def run_ab(self, *, visits: int, past: int, seconds: float) -> dict[str, Any]:
        """Start a shop of its own, run the five A/B designs against it, stop it.

        Raises: TrialFailedError.
        """
        state, out = self.folder / "shop", self.folder / "ab.json"
        with _running_shop(state, self.folder / "shop.log"):
            words = ("demo", "ab", str(out), "--state", str(state), "--seed", str(self.seed))
            traffic = ("--visits", str(visits), "--past", str(past))
            self._service(*words, *traffic, seconds=seconds)
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    def judge_choices(self, source: Source, *, seconds: float) -> dict[str, Any]:
        """Train on what comes first in the demo log, choose for later ads, judge by the truth.

        Raises: TrialFailedError.
        """
        split, folder = source.read(), self.folder / "choice"
        folder.mkdir(exist_ok=True)
        files = {name: folder / f"{name}.parquet" for name in ("facets", "clicks", "rows")}
        whole = {name: Path(source.folder) / f"{name}.parquet" for name in ("facets", "clicks")}
        before = pl.col("ts") < split.edge_seconds
        for name, path in whole.items():
            pl.scan_parquet(path).filter(before).sink_parquet(files[name])
        later = pl.read_parquet(whole["clicks"]).filter(~before)
        later.head(_CHOSEN_REQUESTS * _slots(later)).write_parquet(files["rows"])
        bundle, items = folder / "bundle", Path(source.folder) / "items.parquet"
        chosen = folder / "chosen.parquet"
        learn = ("--facets", files["facets"], "--clicks", files["clicks"], "--items", items)
        self._run("training", "selling-points", *map(str, learn), "--out", str(bundle),
                  "--seed", str(self.seed), seconds=seconds)  # fmt: skip
        know = ("--rows", files["rows"], "--items", items, *_flags(whole), "--out", chosen)
        self._service("choose", str(bundle), *map(str, know), "--max", "2", seconds=seconds)
        judge = (
            "--rows",
            str(files["rows"]),
            "--seed",
            str(self.seed),
            "--null-worlds",
            _NULL_WORLDS,
        )
        said = self._service("demo", "choices", str(chosen), *judge, seconds=seconds)
        judged: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
        return judged

    def _service(self, *words: str, seconds: float) -> str:
        return self._run("service", *words, seconds=seconds)

    def _run(self, module: str, *words: str, seconds: float) -> str:
        command = [sys.executable, "-m", module, *words]
        try:
            ended = subprocess.run(  # noqa: S603 - our own program
                command, capture_output=True, text=True, timeout=seconds, env=_environment(),
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise TrialFailedError(f"{' '.join(words[:2])} took over {seconds:.0f} s") from error
        if ended.returncode != 0:
            said = ended.stderr.strip()[-500:] or ended.stdout.strip()[-500:]
            raise TrialFailedError(f"{' '.join(words[:2])} failed: {said}")
        return ended.stdout


def _flags(files: dict[str, Path]) -> list[object]:
    return [part for name, path in files.items() for part in (f"--{name}", path)]


def _slots(ads: pl.DataFrame) -> int:
    return max(1, round(len(ads) / ads["request_id"].n_unique()))


@contextmanager
def _running_shop(state: Path, log: Path) -> Iterator[None]:
    """Start `salient up` with stores of its own, wait until it is ready, and stop it after."""
    port = _free_port()
    words = ("up", "--tied", "--port", str(port), "--state", str(state))
    command = [sys.executable, "-m", "service", *words]
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=out, stderr=subprocess.STDOUT, env=_environment()
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/readyz", log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_READY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TrialFailedError(f"the shop did not start: {log.read_text()[-500:]}")
        time.sleep(_LOOK_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    """Ours, but for stores: the shop brings its own, whatever else runs here."""
    stores = {"DATABASE_URL", "REDIS_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in stores}
    return kept | {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
