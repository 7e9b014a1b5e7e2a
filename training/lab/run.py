"""A run of the lab: two threads of work side by side, until all is done or the time is up."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from polars.exceptions import PolarsError

from training.lab.agenda import PEERS, agenda
from training.lab.board import Board, load_scores
from training.lab.bootstrap import DRAWS
from training.lab.foreman import Foreman
from training.lab.report import Trials, whole_report
from training.lab.sources import as_told, demo_source, real_sources
from training.lab.split import LEARNT_SHARE
from training.lab.trials import Commands, TrialFailedError
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training.lab.foreman import Ended
    from training.lab.sources import Source

    Tell = Callable[[str, float, str], None]

TABLES_SECONDS: Final = 150.0  # kept for the tables after the last fit, of a long run
_TABLES_SHARE: Final = 0.2  # and of a short one
_AB_VISITS, _AB_PAST = 2_000, 10_000
_AB_SHARE, _CHOICE_SHARE = 0.3, 0.35  # of all the time, at most


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command was told. `data` is the folder of SALIENT_DATA, if it is set."""

    out: Path
    seed: int
    minutes: float
    data: Path | None
    sessions: int = 40_000
    visits: int = _AB_VISITS
    past: int = _AB_PAST


@dataclass
class Run:
    """One run, with what it has found so far."""

    settings: Settings
    tell: Tell
    began: float = field(default_factory=time.monotonic)
    notes: list[str] = field(default_factory=list)
    ab: dict[str, Any] | None = None
    choice: dict[str, Any] | None = None

    def go(self) -> dict[str, Any]:
        """Do everything and return the report.

        Raises: TrialFailedError without even the demo shop's log, TrainingDataError.
        """
        told = self.settings
        told.out.mkdir(parents=True, exist_ok=True)
        commands = Commands(told.out, told.seed + 1)
        self.tell("service", 0.0, "writing the demo shop's log")
        commands.write_demo_log(told.sessions)
        sources = self._sources(commands)
        ended = self._fit(commands, sources)
        self.tell("tables", 0.0, "measuring")
        boards = {name: self._board(source, ended) for name, source in sources.items()}
        boards = {name: board for name, board in boards.items() if board.scores}
        trials = Trials(self.ab, self.choice, self.notes)
        report = whole_report(boards, sources, trials, ended)
        report |= {"seed": told.seed, "draws": DRAWS, "split_share": LEARNT_SHARE}
        report["summary"]["seconds"] = round(time.monotonic() - self.began, 1)
        return report

    def _sources(self, commands: Commands) -> dict[str, Source]:
        """Return the logs, the one whose figures are reported first in front."""
        real = real_sources(self.settings.data)
        if not real:
            self.notes.append(
                "SALIENT_DATA is not set, or holds no synth_s_sf*: all is of the demo shop."
            )
        found = [*real[:1], demo_source(commands.demo_log), *real[1:]]
        return {source.name: source for source in found}

    def _fit(self, commands: Commands, sources: dict[str, Source]) -> list[Ended]:
        settings = self.settings
        scores = settings.out / "scores"
        catalogue = settings.out / "lab.json"
        catalogue.write_text(
            json.dumps({"logs": as_told(sources.values()), "scores": str(scores)})
        )
        names = list(sources)
        whole = 60 * settings.minutes
        ends_at = self.began + whole - min(TABLES_SECONDS, _TABLES_SHARE * whole)
        jobs = agenda(names, PEERS, seed=settings.seed)
        foreman = Foreman(jobs, catalogue, ends_at, self.tell)

        def beside() -> None:
            self._trials(commands, sources["demo"])
            foreman.work("second worker", [*names[1:], names[0]])

        threads = [
            threading.Thread(target=foreman.work, args=("first worker", names)),
            threading.Thread(target=beside),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return foreman.close()

    def _trials(self, commands: Commands, demo: Source) -> None:
        settings, minute = self.settings, 60.0
        self.tell("second worker", 0.0, "five A/B designs over REST")
        with self._noting("The A/B designs are missing"):
            self.ab = commands.run_ab(
                visits=settings.visits,
                past=settings.past,
                seconds=settings.minutes * minute * _AB_SHARE,
            )
        self.tell("second worker", 0.0, "choosing selling points")
        with self._noting("The judgement of choices is missing"):
            self.choice = commands.judge_choices(
                demo, seconds=settings.minutes * minute * _CHOICE_SHARE
            )

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        """Turn what goes wrong outside into a line of the report: the rest goes on."""
        try:
            yield
        except (TrialFailedError, TrainingDataError, PolarsError, OSError, ValueError) as error:
            self.notes.append(f"{what}: {error}")

    def _board(self, source: Source, ended: list[Ended]) -> Board:
        split = source.read()
        scores = load_scores(self.settings.out / "scores", ended, source.name)
        return Board(split, scores, self.settings.seed, source.true_chances(split))
