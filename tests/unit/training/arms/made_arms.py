"""Arms with drawn weights over a made shop, and batches to ask them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.history import EMPTY_HISTORY, History
from service.contract.matching import PHRASE_MATCH
from tests.unit.training.made_models import SMALL
from training.arms.registry import ARMS
from training.config import ArmName, SellingPointConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.encoder import Encoder

OWN_ARMS = [name for name in ArmName if name is not ArmName.SALIENT]
SHOPPER = History(
    (("red", 60.0), ("led", 500.0)),
    (("Acme oak steel chair", 90_000.0), ("Acme red lamp", 95_000.0)),
    (("mug", 5.0), ("blue lamp", 7.0)),
)
PHRASES = ["oak", "led", "blue"]
TITLES = ["Acme red lamp", "Acme oak steel mug 3 in.", "Acme wireless led chair"]


def made_batch(encoder: Encoder, query: str = "red lamp", *, known: bool = True) -> dict[str, Any]:
    """One shopper, three phrases and three titles."""
    rng = np.random.default_rng(2)
    count = len(PHRASES)
    return {
        **encoder.context(query, SHOPPER if known else EMPTY_HISTORY),
        "phrase_words": encoder.phrase_table(PHRASES)["content"][None],
        "title_words": encoder.title_table(TITLES)["content"][None],
        "match": rng.normal(size=(1, count, len(PHRASE_MATCH))).astype(np.float32),
        "place": np.array([[1, 2, 3]], np.int32),
    }


def made_arm(name: ArmName, encoder: Encoder, **changes: Any) -> Any:
    config = SellingPointConfig(name, **(SMALL | changes))
    model: Any = ARMS[name].build(encoder.vocabulary.size, config)
    batch = made_batch(encoder)
    model(batch)
    if ARMS[name].two_tasks:
        model.ad_clicks(batch)
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    if name is not ArmName.SALIENT:
        model.table.salience.assign(np.zeros(encoder.vocabulary.size))  # as it stays in training
    return model


def ids_of(batch: dict[str, Any], names: Sequence[str]) -> list[list[int]]:
    """The real word ids of each named group of the one shopper."""
    return [[int(one) for one in np.ravel(batch[name]) if one] for name in names]
