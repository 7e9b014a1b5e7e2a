"""Titles with selling points for products that a shop shows anyway: no auction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.decision.choose import Titling, choose_points
from service.decision.show import entitle
from service.decision.spelling import UNKNOWN, word_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.scorers import Scorers
    from service.decision.show import Entitled
    from service.decision.snapshot import Snapshot
    from service.decision.terms import AdQuery


@dataclass(frozen=True, slots=True)
class Titles:
    """The title of each product asked for, None where there is no such product."""

    titles: tuple[Entitled | None, ...]
    degraded: tuple[str, ...] = ()


def write_titles(
    product_ids: Sequence[str],
    query: AdQuery,
    snapshot: Snapshot,
    scorers: Scorers,
    *,
    now: float,
    advertiser_id: str | None = None,
) -> Titles:
    """Write the titles of `product_ids` as the winners of an auction for `query` would get them.

    What has run out by `now`, in Unix seconds, is not said. With `advertiser_id` only products
    that this advertiser has ads for exist.
    """
    rows = [_row(product_id, snapshot, advertiser_id) for product_id in product_ids]
    known = [row for row in rows if row >= 0]
    words = frozenset(word_rows(query.query, snapshot)) - {UNKNOWN}
    (chosen,) = choose_points([Titling(query, words, known, now)], snapshot, scorers)
    entitled = [
        entitle(row, choice, query.placement, snapshot)
        for row, choice in zip(known, chosen.choices, strict=True)
    ]
    written = iter([one._replace(title=query.policy.marked(one.title)) for one in entitled])
    return Titles(tuple([next(written) if row >= 0 else None for row in rows]), chosen.degraded)


def _row(product_id: str, snapshot: Snapshot, advertiser_id: str | None) -> int:
    """The row of a product, -1 if it is not there."""
    row = snapshot.products.ids.find(product_id)
    if row < 0 or advertiser_id is None:
        return row
    ads, _ = snapshot.ads.of_product.gather(np.array([row], np.int32))
    owners = {
        snapshot.campaigns.advertiser_ids[campaign]
        for campaign in snapshot.ads.campaign[ads].tolist()
    }
    return row if advertiser_id in owners else -1
