"""Tells how the candidates of one decision stood, for those who may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.terms import Micros, TraceLine

if TYPE_CHECKING:
    from service.decision.eligible import Candidates
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Longs


def explain(
    candidates: Candidates, quality_ppm: Longs, snapshot: Snapshot
) -> tuple[TraceLine, ...]:
    """One line a candidate, best value first."""
    lines = [
        TraceLine(
            ad_id=snapshot.ads.ids[row],
            product_id=snapshot.products.ids[product],
            lexical=round(lexical, 6),
            quality_ppm=quality,
            bid=Micros(bid),
            value=bid * quality,
        )
        for row, product, lexical, quality, bid in zip(
            candidates.rows.tolist(),
            candidates.product.tolist(),
            candidates.lexical.tolist(),
            quality_ppm.tolist(),
            candidates.bid.tolist(),
            strict=True,
        )
    ]
    return tuple(sorted(lines, key=lambda line: -line.value))
