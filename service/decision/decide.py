"""Which ads, at what price, under which titles: the whole decision on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.auction import front_of_line, run_auction
from service.decision.choose import choose_points
from service.decision.eligible import pick_candidates
from service.decision.explain import explain
from service.decision.rank import rank
from service.decision.retrieve import retrieve
from service.decision.show import show
from service.decision.terms import Decision, ScoredAd

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from service.decision.eligible import Candidates
    from service.decision.retrieve import Found
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Longs
    from service.decision.terms import AdQuery


def decide(
    query: AdQuery,
    snapshot: Snapshot,
    scorers: Scorers,
    *,
    now: float,
    seed: int,
    spent_out: AbstractSet[str],
) -> Decision:
    """Answer `query` from `snapshot`: the same inputs give the same decision.

    `now` is in Unix seconds; `seed` draws the lots between equal ads; `spent_out` names campaigns
    whose budget ran out since the snapshot was built. A model that fails degrades the answer,
    never prevents it.
    """
    found = retrieve(query, snapshot)
    candidates = pick_candidates(found, query, snapshot, now=now, spent_out=spent_out)
    if not len(candidates.rows):
        return _no_fill(found, candidates)
    quality_ppm, rank_degraded = rank(candidates, query, scorers)
    slots = min(query.slots, query.placement.slots)
    ads = _contenders(candidates, quality_ppm, snapshot, slots=slots, seed=seed)
    awards = run_auction(ads, slots=slots, reserve=query.placement.reserve)
    products = snapshot.ads.product[[award.ad.row for award in awards]].tolist()
    choices, title_degraded = choose_points(products, query, found.words, snapshot, scorers)
    return Decision(
        awards=tuple(
            show(award, product, choice, query.placement, snapshot)
            for award, product, choice in zip(awards, products, choices, strict=True)
        ),
        no_fill_reason=None,
        degraded=rank_degraded + title_degraded,
        candidates=len(candidates.rows),
        filtered=candidates.filtered,
        trace=explain(candidates, quality_ppm, snapshot) if query.explain else (),
    )


def _contenders(
    candidates: Candidates, quality_ppm: Longs, snapshot: Snapshot, *, slots: int, seed: int
) -> list[ScoredAd]:
    """The candidates that can win or set a price."""
    front, lots = front_of_line(
        candidates.bid * quality_ppm,
        candidates.lot_name,
        seed=seed,
        slots=slots,
        rivals=candidates.rivals,
    )
    rows = candidates.rows[front].tolist()
    drawn = zip(
        rows,
        [snapshot.names(row) for row in rows],
        candidates.bid[front].tolist(),
        quality_ppm[front].tolist(),
        lots,
        strict=True,
    )
    return [
        ScoredAd(row, names.ad_id, names.product_id, bid, quality, lot)
        for row, names, bid, quality, lot in drawn
    ]


def _no_fill(found: Found, candidates: Candidates) -> Decision:
    """No ads, and the one reason why, or "all_filtered" where several removed them."""
    reasons = list(candidates.filtered)
    reason = found.nothing or (reasons[0] if len(reasons) == 1 else "all_filtered")
    return Decision((), reason, (), 0, candidates.filtered)
