from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.contract.matching import PHRASE_MATCH
from tests.unit.training.arms.made_arms import made_arm, made_batch
from tests.unit.training.made_models import made_encoder
from training.arms.model import Start, TaskRows
from training.config import ArmName
from training.word_vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Callable


def test_links_are_weighed_by_vectors_that_never_saw_the_fresh_rows() -> None:
    encoder = made_encoder()
    model = made_arm(ArmName.SALIENT, encoder)
    batch, size, dim = made_batch(encoder), encoder.vocabulary.size, model.config.dim
    rng = np.random.default_rng(3)
    older, every = (rng.normal(size=(size, dim)).astype(np.float32) for _ in range(2))
    held: list[Any] = []

    def over(forward: Callable[[Any], Any]) -> Any:
        if forward in (model.main_links, model.ad_links):
            held.append(model.table.vectors.numpy())
        return forward(batch).numpy()[0]

    rows = TaskRows(
        rng.normal(size=(3, len(PHRASE_MATCH))).astype(np.float32),
        np.array([1, 2, 3], np.int32),
        np.array([1, 0, 0], np.float32),
        -1.0,
        np.array([True, True, False]),
        over,
    )
    model.start(Start(WordVectors(every, older, 0.0), encoder.vocabulary.idf, rows, rows))
    longer = dim**0.5
    assert len(held) == 2
    assert all(np.allclose(one, older * longer) for one in held)
    assert np.allclose(model.table.vectors.numpy(), every * longer)
    assert (model.main.dot.kernel.numpy() >= 0).all()
