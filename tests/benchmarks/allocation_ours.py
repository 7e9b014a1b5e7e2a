"""What the worker does with a campaign's budget, a plan a day: model, shocks, optimiser."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.lots import lots_of
from service.decision.plans import Policy, plan
from service.decision.platform_watch import PastShock, as_known, known_of
from service.decision.shocks import shocked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from service.contract.platform_days import PlatformDays
    from service.decision.responses import ResponseModel, Responses
    from service.decision.shocks import Shock
    from service.decision.tables import Longs
    from service.decision.terms import Micros

WATCHED_DAYS: Final = 3  # of which counts are told by the day here, not by the hour


@dataclass(slots=True)
class Planned:
    """Splits by `plan`; remembers the plan before, the shocks, and the widest dual gap."""

    budget: Micros
    model: ResponseModel
    campaign: str = "campaign"
    policy: Policy = field(default_factory=Policy)
    watch: bool = True
    gap: float = 0.0
    curves: Responses | None = None  # of the last plan
    _before: dict[str, Micros] = field(default_factory=dict)
    _shocks: list[PastShock] = field(default_factory=list)

    def split(self, days: PlatformDays) -> Longs:
        """Return the plan's spend (P,), after a look for shocks in the last days."""
        if self.watch and self._before:
            self._shocks.extend(self._noticed(days))
        known, model = as_known(days, self.model, self._shocks)
        on = days.last_day + timedelta(days=1)
        made = plan(
            known, self.policy, self.budget, model, self._before, day=on,
            lots=lots_of(self.campaign, on),
        )  # fmt: skip
        self.gap = max(self.gap, made.gap)
        self.curves = model.responses(known, self.policy.goal)
        self._before = {line.platform: line.spend for line in made.lines}
        return np.array([self._before[name] for name in days.platforms], np.int64)

    def _noticed(self, days: PlatformDays) -> list[PastShock]:
        """Shocks of the last days: counts beside what was expected before these days."""
        watched = [days.last_day - timedelta(days=ago) for ago in reversed(range(WATCHED_DAYS))]
        before = days.until(watched[0] - timedelta(days=1))
        earlier, model, weekdays = known_of(before, self.model, self._shocks)
        curves = model.responses(earlier, self.policy.goal)
        spend, observed = (
            days.metric(name)[:, -WATCHED_DAYS:].T for name in ("spend", self.policy.goal)
        )
        judged = np.array(
            [[self._is_new(name, day) for name in days.platforms] for day in watched]
        )
        goal = self.policy.goal
        of_day = [weekdays.ratio(goal, days.platforms, ahead) for ahead in range(WATCHED_DAYS)]
        expected = curves.value(spend) * of_day * judged
        found = shocked(days.platforms, observed * judged, expected, per_day=1)
        return [_past(one, watched) for one in found]

    def _is_new(self, platform: str, day: date) -> bool:
        return all(one.seen.date() < day for one in self._shocks if one.platform == platform)


def _past(shock: Shock, watched: Sequence[date]) -> PastShock:
    seen = datetime.combine(watched[shock.seen], time(12), UTC)
    return PastShock(shock.platform, watched[shock.since], seen, shock.ratio)
