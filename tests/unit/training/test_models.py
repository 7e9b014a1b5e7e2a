from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from service.contract.history import EMPTY_HISTORY
from service.contract.matching import PHRASE_MATCH
from tests.unit.training.made_models import (
    HISTORY,
    made_encoder,
    made_ranker,
    made_rows,
    made_selling_points,
)
from training.export.golden import ranker_answers, selling_point_answers

if TYPE_CHECKING:
    from service.contract.encoder import Encoder
    from training.arms.salient import Salient
    from training.ranker import Ranker


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


@pytest.fixture(scope="module")
def ranker(encoder: Encoder) -> Ranker:
    return made_ranker(encoder)


@pytest.fixture(scope="module")
def chooser(encoder: Encoder) -> Salient:
    return made_selling_points(encoder)


ROW = replace(made_rows()[1], history=HISTORY, shown=("red",), place=1)


def test_serving_is_the_first_slot_with_a_plain_title(ranker: Ranker, encoder: Encoder) -> None:
    plain = ranker_answers(ranker, encoder, replace(ROW, shown=()))
    assert plain["placed_p_click"] == plain["p_click"]
    shown = ranker_answers(ranker, encoder, ROW)
    assert shown["p_click"] == plain["p_click"]
    assert shown["placed_p_click"] != plain["p_click"]


def test_a_place_moves_clicks_and_not_conversions(ranker: Ranker, encoder: Encoder) -> None:
    first, fourth = (ranker_answers(ranker, encoder, replace(ROW, place=p)) for p in (1, 4))
    assert first["placed_p_click"] != fourth["placed_p_click"]
    assert first["placed_p_conversion"] == fourth["placed_p_conversion"]


def test_feature_words_reach_a_ranker_as_short_titles(ranker: Ranker, encoder: Encoder) -> None:
    words = replace(HISTORY, feature_words=(("oak", 60.0),), titles=(), queries=())
    none = ranker_answers(ranker, encoder, replace(ROW, history=EMPTY_HISTORY))
    some = ranker_answers(ranker, encoder, replace(ROW, history=words))
    assert some["p_click"] != pytest.approx(none["p_click"], abs=1e-4)


def test_a_padded_history_is_invisible(chooser: Salient, encoder: Encoder) -> None:
    context = encoder.context(ROW.query, ROW.history)
    padded = encoder.contexts([ROW.query], [ROW.history])
    assert padded["clicked_titles"].shape[1] > context["clicked_titles"].shape[1]
    rest = {
        "phrase_words": encoder.phrase_table(["red"])["content"][None],
        "match": np.zeros((1, 1, len(PHRASE_MATCH)), np.float32),
        "place": np.ones((1, 1), np.int32),
    }
    short, long = chooser({**context, **rest}), chooser({**padded, **rest})
    assert np.asarray(short) == pytest.approx(np.asarray(long), abs=1e-5)


def test_the_auxiliary_task_reads_titles_of_any_number(chooser: Salient, encoder: Encoder) -> None:
    titles = encoder.title_table(["Acme red lamp", "Acme oak mug", ""])["content"]
    batch = {
        **encoder.context(ROW.query, ROW.history),
        "title_words": titles[None],
        "place": np.ones((1, 3), np.int32),
    }
    logits = np.asarray(chooser.ad_clicks(batch))
    assert logits.shape == (1, 3)
    assert np.isfinite(logits).all()
    assert len(set(logits[0].tolist())) == 3


def test_what_is_asked_and_where_it_stands_change_the_phrase_score(
    chooser: Salient, encoder: Encoder
) -> None:
    one = selling_point_answers(chooser, encoder, ROW)
    other = selling_point_answers(chooser, encoder, replace(ROW, query="mug", place=3))
    assert one["p_click"] != other["p_click"]
    assert one["placed_p_click"] == one["p_click"]
    assert other["placed_p_click"] != other["p_click"]
