"""Which ads may be shown at all, as of the snapshot, on a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.decision.bidding import ALL_PLATFORMS

if TYPE_CHECKING:
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Ints


def keep_servable(rows: Ints, platform: str, snapshot: Snapshot, filtered: dict[str, int]) -> Ints:
    """Those of `rows` that nothing fixed forbids; the others are counted by their first reason."""
    servable = snapshot.memory.servable.get(platform)
    if servable is None:
        every = np.arange(len(snapshot.ads.product), dtype=np.int32)
        servable = np.zeros(len(every), np.bool_)
        servable[_without_forbidden(every, platform, snapshot, {})] = True
        snapshot.memory.servable.put(platform, servable)
    stays = servable[rows]
    if not stays.all():
        _without_forbidden(rows[~stays], platform, snapshot, filtered)
    kept: Ints = rows[stays]
    return kept


def left(rows: Ints, reason: str, out: Bools, filtered: dict[str, int]) -> Ints:
    """`rows` without those that are `out`, which are counted for `reason`."""
    count = int(np.count_nonzero(out))
    if not count:
        return rows
    filtered[reason] = count
    kept: Ints = rows[~out]
    return kept


def _without_forbidden(
    rows: Ints, platform: str, snapshot: Snapshot, filtered: dict[str, int]
) -> Ints:
    ads, campaigns, products = snapshot.ads, snapshot.campaigns, snapshot.products
    rows = left(rows, "out_of_stock", ~products.in_stock[ads.product[rows]], filtered)
    rows = left(rows, "campaign_paused", ~campaigns.active[ads.campaign[rows]], filtered)
    rows = left(rows, "spent_out", campaigns.spent_out[ads.campaign[rows]], filtered)
    return left(
        rows, "wrong_platform", ~_runs_on(platform, snapshot)[ads.campaign[rows]], filtered
    )


def _runs_on(platform: str, snapshot: Snapshot) -> Bools:
    """The campaigns (C,) that run on `platform`; where nobody names it, those that run on all."""
    bits, known = snapshot.campaigns.platforms, snapshot.platforms
    runs: Bools = bits == ALL_PLATFORMS
    if platform in known:
        runs = bits & np.uint64(1 << known.index(platform)) != 0
    return runs
