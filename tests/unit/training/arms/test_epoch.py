"""What learning costs: 200,000 rows at a vocabulary of 50,000 words, in seconds of CPU."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from service.contract.encoding import Encoding
from service.contract.groups import GROUP_WIDTH, GROUPS
from service.contract.matching import PHRASE_MATCH
from training.arms.registry import ARMS
from training.config import ArmName, SellingPointConfig
from training.fit import Rates, Step, click_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = 50_000
ROWS = 200_000
STEPS = 5


def _ids(rng: np.random.Generator, *shape: int) -> NDArray[np.int32]:
    return rng.integers(1, WORDS, shape).astype(np.int32)


def _batch(requests: int, shown: int) -> dict[str, Any]:
    """Full histories and texts: the dearest there can be."""
    rng, widths = np.random.default_rng(0), Encoding()
    sizes = (("word", widths.history), ("title", widths.titles))
    days = {f"clicked_{name}_days": np.ones((requests, n), np.float32) for name, n in sizes}
    return days | {
        "clicked_words": _ids(rng, requests, widths.history, widths.phrase_content),
        "clicked_titles": _ids(rng, requests, widths.titles, widths.title_content),
        "past_queries": _ids(rng, requests, widths.queries, widths.query_words),
        "past_query_days": np.ones((requests, widths.queries), np.float32),
        "query_words": _ids(rng, requests, widths.query_words),
        "query_head": _ids(rng, requests, 1),
        "groups": np.ones((requests, len(GROUPS), GROUP_WIDTH), np.int32),
        "phrase_words": _ids(rng, requests, shown, widths.phrase_content),
        "title_words": _ids(rng, requests, shown, widths.title_content),
        "match": np.ones((requests, shown, len(PHRASE_MATCH)), np.float32),
        "place": np.ones((requests, shown), np.int32),
        "click": np.zeros((requests, shown), np.float32),
        "real": np.ones((requests, shown), np.float32),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ArmName)
@pytest.mark.parametrize("task", ["main", "auxiliary"])
def test_200_000_rows_are_learnt_in_30_seconds(name: ArmName, task: str) -> None:
    config = SellingPointConfig.of(name)
    model: Any = ARMS[name].build(WORDS, config)
    if task == "auxiliary" and not ARMS[name].two_tasks:
        return
    main = task == "main"
    forward = model if main else model.ad_clicks
    requests, shown = (config.main_requests, 8) if main else (config.auxiliary_requests, 4)
    batch = _batch(requests, shown)
    forward(batch)

    def loss(inputs: Any) -> Any:
        return click_loss(forward(inputs, training=True), inputs["click"], inputs["real"])

    words = config.main_word_rate if main else config.word_rate
    step = Step(model, loss, Rates(config.rate, words, config.decay, STEPS))
    step(batch)  # compiles
    before = time.process_time()
    for _ in range(STEPS):
        step(batch)
    seconds = (time.process_time() - before) / STEPS * ROWS / (requests * shown)
    assert seconds <= 30
