"""Tells how the candidates of one decision stood, for those who may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.terms import Micros, TraceLine

if TYPE_CHECKING:
    from service.decision.eligible import Candidates
    from service.decision.rank import Ranked
    from service.decision.snapshot import Snapshot


def explain(candidates: Candidates, ranked: Ranked, snapshot: Snapshot) -> tuple[TraceLine, ...]:
    """One line a candidate, best value first."""
    lines = [
        TraceLine(
            ad_id=snapshot.ads.ids[row],
            product_id=snapshot.products.ids[product],
            lexical=round(lexical, 6),
            quality_ppm=quality,
            bid=Micros(bid),
            value=bid * rate,
        )
        for row, product, lexical, quality, rate, bid in zip(
            candidates.rows.tolist(),
            candidates.product.tolist(),
            candidates.lexical.tolist(),
            ranked.quality_ppm.tolist(),
            ranked.rate_ppm.tolist(),
            candidates.bid.tolist(),
            strict=True,
        )
    ]
    return tuple(sorted(lines, key=lambda line: -line.value))
