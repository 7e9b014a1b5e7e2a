"""A snapshot folder becomes something that can serve, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.contract.history import EMPTY_HISTORY
from service.decision.decide import decide
from service.decision.live import Live
from service.decision.scorers import Scorers, rehearse
from service.decision.terms import AdQuery, Shopper
from service.errors import BadSnapshotError
from service.inference.ranker import OnnxRanker
from service.inference.selling_points import OnnxPhraseScorer
from service.store.snapshots import map_snapshot
from service.worker.bundles import RANKER, SELLING_POINTS
from service.worker.model_rows import ITEM_ROWS, PHRASE_ROWS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from service.decision.snapshot import Snapshot
    from service.worker.bundles import Bundles


def load(folder: Path, bundles: Bundles) -> Live:
    """Map the snapshot in `folder`, bind its models to its rows and answer one query with it.

    Raises:
        BadSnapshotError: the folder is torn, or lacks rows for a model that it names.
        BadBundleError: a model that it names fails a gate.
        ScorerError: a model gives no usable scores.
    """
    snapshot = map_snapshot(folder)
    opened = {ref.name: bundles.exactly(ref) for ref in snapshot.bundles}
    ranker, points = opened.get(RANKER), opened.get(SELLING_POINTS)
    scorers = Scorers(
        ranker=OnnxRanker(ranker, _rows(snapshot, ITEM_ROWS)) if ranker else None,
        phrases=OnnxPhraseScorer(points, _rows(snapshot, PHRASE_ROWS)) if points else None,
    )
    live = Live(snapshot, scorers, models=tuple(bundle.model for bundle in opened.values()))
    _warm(live)
    return live


def load_without_models(folder: Path) -> Live:
    """Map the snapshot in `folder` for the linear rank and plain titles.

    Raises: BadSnapshotError.
    """
    return Live(map_snapshot(folder))


def _rows(snapshot: Snapshot, name: str) -> np.ndarray:
    try:
        return snapshot.models[name]
    except KeyError:
        raise BadSnapshotError(f"{snapshot.version}: no rows {name!r}") from None


def _warm(live: Live) -> None:
    """Run every part once, so that no shopper meets it cold and no broken one gets in."""
    snapshot, scorers = live.snapshot, live.scorers
    products = len(snapshot.products.ids)
    rehearse(scorers, products, len(snapshot.phrases.texts))
    for placement in list(snapshot.placements.values())[:1]:
        text = snapshot.products.titles[0] if products else "warm up"
        query = AdQuery(text, "", placement, placement.slots, Shopper(None, EMPTY_HISTORY))
        decide(query, snapshot, scorers, now=0.0, seed=0, spent_out=frozenset())
