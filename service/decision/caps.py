"""Campaigns that one shopper has seen often enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.decision.snapshot import Snapshot
    from service.decision.terms import Cap


def capped_rows(reached: Mapping[str, Cap], snapshot: Snapshot) -> list[int]:
    """The rows of the campaigns whose cap, as it is now, is one that the shopper `reached`.

    A cap that was changed since counts as not reached: the next impression is counted anew.
    """
    campaigns, memory = snapshot.campaigns, snapshot.memory.campaign_row
    rows = []
    for campaign_id, cap in reached.items():
        row = memory.get(campaign_id)
        if row is None:
            row = memory.put(campaign_id, campaigns.ids.find(campaign_id))
        if row >= 0 and cap == (campaigns.cap_impressions[row], campaigns.cap_seconds[row]):
            rows.append(row)
    return rows
