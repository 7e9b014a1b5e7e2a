"""Which campaigns may spend now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from service.decision.recent import Recent
    from service.decision.retrieve import Found
    from service.decision.snapshot import Snapshot
    from service.decision.strings import StringTable
    from service.decision.tables import Bools


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
        yield "spent_out", _over(found, snapshot, spent_out)


def met(found: Found, snapshot: Snapshot, spent_out: AbstractSet[str]) -> tuple[str, ...]:
    """Those of `spent_out` that have an ad among the found: only they change a decision."""
    if not spent_out:
        return ()
    rows = set(found.campaign[_over(found, snapshot, spent_out)].tolist())
    return tuple(snapshot.campaigns.ids.take(sorted(rows)))


def _over(found: Found, snapshot: Snapshot, spent_out: AbstractSet[str]) -> Bools:
    names, memory = frozenset(spent_out), snapshot.memory
    over = memory.over.get(names)
    if over is None:
        over = np.zeros(len(snapshot.campaigns.ids), np.bool_)
        over[known_rows(names, snapshot.campaigns.ids, memory.campaign_row)] = True
        memory.over.put(names, over)
    ads: Bools = over[found.campaign]
    return ads


def known_rows(ids: Iterable[str], table: StringTable, memory: Recent[str, int]) -> list[int]:
    """The rows of those of `ids` that are in the sorted `table`; each is looked up once."""
    rows = []
    for one in ids:
        row = memory.get(one)
        if row is None:
            row = memory.put(one, table.find(one))
        if row >= 0:
            rows.append(row)
    return rows
