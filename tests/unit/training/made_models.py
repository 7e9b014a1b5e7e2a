"""Models with drawn weights over a made shop: nothing learnt, everything built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from service.contract.history import History
from tests.unit.training.made_logs import made_items
from training.arms.salient import Salient
from training.config import RankerConfig, SellingPointConfig
from training.export.golden import golden_inputs, ranker_answers, selling_point_answers
from training.ranker import Ranker
from training.runs import new_encoder

if TYPE_CHECKING:
    from service.contract.encoder import Encoder
    from service.contract.golden import GoldenRow

QUERIES = ["red lamp", "桌子", "oak chair 3 in."]
PHRASES = ["red", "led", "不锈钢"]
SMALL: Final[dict[str, Any]] = {"dim": 8, "hidden": 12, "attention": 6}


def made_encoder() -> Encoder:
    return new_encoder(made_items(), PHRASES)


def made_rows() -> list[GoldenRow]:
    return golden_inputs(QUERIES, made_items()["title"].to_list(), PHRASES)


def _draw_weights(model: Any) -> None:
    rng = np.random.default_rng(5)
    drawn = [rng.normal(0, 0.3, w.shape).astype(np.float32) for w in model.get_weights()]
    model.set_weights(drawn)


def made_selling_points(encoder: Encoder) -> Salient:
    config = SellingPointConfig(**SMALL)
    model = Salient(encoder.vocabulary.size, config)
    selling_point_answers(model, encoder, made_rows()[0])
    _draw_weights(model)
    return model


def made_ranker(encoder: Encoder) -> Ranker:
    model = Ranker(encoder.vocabulary.size, RankerConfig(**SMALL))
    ranker_answers(model, encoder, made_rows()[0])
    _draw_weights(model)
    return model


HISTORY = History((("red", 60.0),), (("Acme oak steel chair", 90_000.0),), (("mug", 5.0),))
