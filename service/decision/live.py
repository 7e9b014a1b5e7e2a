"""What the hot path reads of one store; replaced as a whole, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.decision.scorers import Scorers

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Live:
    """A snapshot with the models that score its rows and the budgets that ran out since."""

    snapshot: Snapshot
    scorers: Scorers = field(default_factory=Scorers)
    spent_out: frozenset[str] = frozenset()  # campaign ids
    models: tuple[str, ...] = ()  # name@version:sha8 of each
