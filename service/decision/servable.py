"""Which ads may be shown at all, as of the snapshot, on a platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.bidding import ALL_PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Ints, Longs


@dataclass(frozen=True, slots=True, eq=False)
class Servable:
    """Which ads (A,) nothing fixed forbids on a platform, and how many of each campaign (C,)."""

    ads: Bools
    of_campaign: Longs
    removed: Mapping[str, Longs]  # reason -> how many it removed of each campaign, (C,)


def servable(platform: str, snapshot: Snapshot) -> Servable:
    """What may be shown on `platform`; an ad counts for the first reason that forbids it."""
    known = snapshot.memory.servable.get(platform)
    return known or snapshot.memory.servable.put(platform, _servable(platform, snapshot))


def keep_servable(rows: Ints, platform: str, snapshot: Snapshot, filtered: dict[str, int]) -> Ints:
    """Those of `rows` that nothing fixed forbids; the others are counted by their first reason."""
    stays = servable(platform, snapshot).ads[rows]
    if not stays.all():
        for reason, out in _forbidden(rows[~stays], platform, snapshot):
            filtered[reason] = len(out)
    kept: Ints = rows[stays]
    return kept


def _servable(platform: str, snapshot: Snapshot) -> Servable:
    campaign, campaigns = snapshot.ads.campaign, len(snapshot.campaigns.ids)
    ads = np.ones(len(campaign), np.bool_)
    removed = {}
    for reason, out in _forbidden(np.arange(len(ads), dtype=np.int32), platform, snapshot):
        ads[out] = False
        removed[reason] = np.bincount(campaign[out], minlength=campaigns)
    return Servable(ads, np.bincount(campaign[ads], minlength=campaigns), removed)


def _forbidden(rows: Ints, platform: str, snapshot: Snapshot) -> Iterator[tuple[str, Ints]]:
    """Each reason that forbids some of `rows`, and those for which it is the first."""
    ads, campaigns, products = snapshot.ads, snapshot.campaigns, snapshot.products
    reasons: Iterable[tuple[str, Callable[[Ints], Bools]]] = (
        ("out_of_stock", lambda rows: ~products.in_stock[ads.product[rows]]),
        ("campaign_paused", lambda rows: ~campaigns.active[ads.campaign[rows]]),
        ("spent_out", lambda rows: campaigns.spent_out[ads.campaign[rows]]),
        ("wrong_platform", lambda rows: ~_runs_on(platform, snapshot)[ads.campaign[rows]]),
    )
    for reason, forbids in reasons:
        out = forbids(rows)
        if out.any():
            yield reason, rows[out]
            rows = rows[~out]


def _runs_on(platform: str, snapshot: Snapshot) -> Bools:
    """The campaigns (C,) that run on `platform`; where nobody names it, those that run on all."""
    bits, known = snapshot.campaigns.platforms, snapshot.platforms
    runs: Bools = bits == ALL_PLATFORMS
    if platform in known:
        runs = bits & np.uint64(1 << known.index(platform)) != 0
    return runs
