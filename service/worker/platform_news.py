"""Which campaigns' platforms told anything since they were looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from service.store.due_allocations import SpreadCampaign


class _Seen(NamedTuple):
    turn: int  # a later look has a greater one
    told: datetime | None
    hour: datetime  # that ran then, so that nothing of it was looked at


@dataclass(slots=True)
class PlatformNews:
    """What one worker looked at. It is forgotten with the worker: the next one looks at all."""

    _seen: dict[str, _Seen] = field(default_factory=dict)
    _turn: int = 0

    def among(self, campaigns: Iterable[SpreadCampaign]) -> list[SpreadCampaign]:
        """Those that are to be looked at for shocks, the ones first whose last look is oldest.

        What else was looked at is forgotten: they do not run any more.
        """
        running = {one.campaign_id: one for one in campaigns}
        self._seen = {name: seen for name, seen in self._seen.items() if name in running}
        news = [one for one in running.values() if one.auto and self._is_news(one)]
        return sorted(news, key=self._last_turn)

    def note(self, one: SpreadCampaign) -> None:
        """Note that all was looked at that the campaign was told when it was read."""
        self._turn += 1
        self._seen[one.campaign_id] = _Seen(self._turn, one.told, one.hour)

    def _is_news(self, one: SpreadCampaign) -> bool:
        seen = self._seen.get(one.campaign_id)
        if seen is None or seen.told != one.told:
            return True
        # what was told of the hour that ran is of a full hour now
        return one.told is not None and one.told >= seen.hour and one.hour > seen.hour

    def _last_turn(self, one: SpreadCampaign) -> int:
        seen = self._seen.get(one.campaign_id)
        return 0 if seen is None else seen.turn
