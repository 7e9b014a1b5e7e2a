"""What is fitted in the time there is: most wanted first, so that what is left out is least.

1. Floors, and one seed of the four arms and of the best peer, on every log.
2. On the first log all other peers, then two more seeds of the arms and the best peer.
3. Ablations and the learning curve there, one seed; ablations learn from half of what there is.
4. Arms of the paper's background, then two more seeds on the demo shop's log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from training.config import ArmName, ScheduleName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FLOOR_1: Final = "popularity-x-position"
FLOOR_2: Final = "position-relevance-popularity"
BEST_PEER: Final = "lightgbm"
PAPER_ARMS: Final = ("bm", "mtdl", "amtdl", "salient")
PEERS: Final = (
    "lr", "usercf", "fucf", "teucf", "taucf", "mucf", "lightgbm-common", "lightgbm-own",
    "dmp-dgbm", "im12cp-wqi", "rf-ffgm", "lstm-pso",
)  # fmt: skip
DEMO: Final = "demo"
ARMS_OF_BACKGROUND: Final = ("lowrank", "additive", "summed")
CURVE: Final = (0.125, 0.25, 0.5)  # and all, which is fitted anyway
ABLATION_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """One fit: whom, on which log, on how much of what may be learnt, from which seed."""

    log: str
    contender: str
    seed: int
    share: float = 1.0

    @property
    def key(self) -> str:
        """Name the job's file."""
        share = "" if self.share == 1.0 else f"@{self.share:g}"
        return re.sub(r"[^\w@.]+", "-", f"{self.contender}{share}-{self.seed}")


@dataclass(frozen=True, slots=True)
class Variation:
    """An arm with other settings, or with logs in which nobody is known."""

    arm: ArmName
    settings: Mapping[str, Any] = field(default_factory=dict)
    hide_facets: bool = False
    hide_clicks: bool = False


VARIATIONS: Final[dict[str, Variation]] = {
    "salient, nobody known": Variation(ArmName.SALIENT, hide_facets=True, hide_clicks=True),
    "salient, no ad log": Variation(ArmName.SALIENT, {"k": 0.0}, hide_clicks=True),
    "salient, no auxiliary task": Variation(ArmName.SALIENT, {"k": 0.0}),
    "amtdl, no auxiliary task": Variation(ArmName.AMTDL, {"k": 0.0}),
    "amtdl, pooled title": Variation(ArmName.AMTDL, {"attention": 0}),
    "amtdl, pretrain": Variation(ArmName.AMTDL, {"schedule": ScheduleName.PRETRAIN}),
    "amtdl, joint": Variation(ArmName.AMTDL, {"schedule": ScheduleName.JOINT}),
    **{f"amtdl, k = {k:g}": Variation(ArmName.AMTDL, {"k": k}) for k in (0.25, 1.0, 4.0)},
}
"""What an arm becomes when one thing is changed; mtdl is amtdl without its groups."""


def agenda(logs: Sequence[str], peers: Sequence[str], *, seed: int) -> list[Job]:
    """List all jobs for `logs`, the log whose figures are reported first, in order of wanting."""
    first, rest = logs[0], logs[1:]
    floors = (FLOOR_1, FLOOR_2)
    fitted = ("salient", "amtdl", BEST_PEER, "bm", "mtdl")
    jobs = [Job(log, name, seed) for log in logs for name in (*floors, *fitted)]
    jobs += [Job(first, name, seed) for name in peers]
    jobs += [Job(first, name, seed + more) for more in (1, 2) for name in fitted]
    jobs += [Job(first, name, seed, ABLATION_SHARE) for name in ("amtdl", "salient", *VARIATIONS)]
    jobs += [Job(first, name, seed, share) for share in CURVE for name in reversed(PAPER_ARMS)]
    jobs += [Job(first, name, seed) for name in ARMS_OF_BACKGROUND]
    jobs += [
        Job(log, name, seed + more)
        for log in rest
        if log == DEMO
        for more in (1, 2)
        for name in fitted
    ]
    return list(dict.fromkeys(jobs))
