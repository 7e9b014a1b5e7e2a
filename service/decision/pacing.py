"""Which campaigns may spend now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from service.decision.retrieve import Found
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Ints


def stopped(
    found: Found, snapshot: Snapshot, *, now: float, spent_out: AbstractSet[str]
) -> Iterator[tuple[str, Bools]]:
    """Reasons and the ads (n,) that each stops: dates, and budgets used up since the snapshot.

    A campaign runs from `starts_at` up to, not including, `ends_at`.
    """
    campaigns = snapshot.campaigns
    if found.latest_start > now:
        yield "not_started", campaigns.starts_at[found.campaign] > now
    if found.earliest_end <= now:
        yield "ended", campaigns.ends_at[found.campaign] <= now
    if spent_out:
        over = np.zeros(len(campaigns.ids), np.bool_)
        over[_campaign_rows(frozenset(spent_out), snapshot)] = True
        yield "spent_out", over[found.campaign]


def _campaign_rows(campaign_ids: frozenset[str], snapshot: Snapshot) -> Ints:
    rows = snapshot.memory.campaign_rows.get(campaign_ids)
    if rows is None:
        known = (snapshot.campaigns.ids.find(campaign_id) for campaign_id in campaign_ids)
        rows = np.array(sorted(row for row in known if row >= 0), np.int32)
        snapshot.memory.campaign_rows.put(campaign_ids, rows)
    return rows
