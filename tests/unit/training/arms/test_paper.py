from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from service.contract.history import History
from service.contract.matching import PHRASE_MATCH
from service.contract.taste import PHRASE_TASTE
from tests.unit.training.arms.made_arms import (
    PHRASES,
    SHOPPER,
    TITLES,
    ids_of,
    made_arm,
    made_batch,
)
from tests.unit.training.made_models import made_encoder
from training.config import ArmName

if TYPE_CHECKING:
    from service.contract.encoder import Encoder

NETWORKS = [ArmName.BM, ArmName.MTDL, ArmName.AMTDL]
TWO_TASKS = NETWORKS[1:]
USER = {ArmName.AMTDL: ("clicked_words", "clicked_titles", "past_queries")}
ASKED = {ArmName.AMTDL: ("query_words", "query_head")}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


def _mean(model: Any, ids: list[int]) -> Any:
    """e = (1/s) sum Em(w_i), zeros without words."""
    vectors = np.asarray(model.table.vectors)
    return vectors[ids].mean(axis=0) if ids else np.zeros(vectors.shape[1])


def _sides(model: Any, name: ArmName, batch: dict[str, Any]) -> tuple[Any, Any]:
    """e_u and e_q, each the means of its groups."""
    user = ids_of(batch, USER.get(name, ("clicked_words",)))
    asked = ids_of(batch, ASKED.get(name, ("query_words",)))
    e_u, e_q = (np.concatenate([_mean(model, ids) for ids in side]) for side in (user, asked))
    return e_u, e_q


def _h2(model: Any, x_context: Any, thing: Any) -> Any:
    w_context, b1 = np.asarray(model.from_context.kernel), np.asarray(model.from_context.bias)
    w1, x = np.concatenate([w_context, np.asarray(model.from_thing.kernel)]), [x_context, thing]
    h1 = np.maximum(np.concatenate(x) @ w1 + b1, 0)
    w2, b2 = np.asarray(model.second.kernel), np.asarray(model.second.bias)
    return np.maximum(h1 @ w2 + b2, 0)


def _output(layer: Any, h2: Any, place: int) -> float:
    moved = np.asarray(layer.place.bias)[place - 1] - np.asarray(layer.place.bias)[0]
    return float((h2 @ np.asarray(layer.dense.kernel) + np.asarray(layer.dense.bias))[0] + moved)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_main_task_is_its_equations(name: ArmName, encoder: Encoder) -> None:
    model, batch = made_arm(name, encoder), made_batch(encoder)
    context = np.concatenate(_sides(model, name, batch))
    used = np.asarray(model.common.weights_used())
    common = np.asarray(model.common.standardize(batch["match"]))[0] @ used
    slope, shift = float(model.calibration.slope), float(model.calibration.shift)
    expected = []
    for number in range(len(PHRASES)):
        words = [int(one) for one in batch["phrase_words"][0, number] if one]
        y = _output(model.main, _h2(model, context, _mean(model, words)), number + 1)
        expected.append(slope * (y + float(common[number])) + shift)
    assert np.asarray(model(batch))[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", TWO_TASKS)
def test_the_auxiliary_task_reads_an_attended_title_through_the_same_layers(
    name: ArmName, encoder: Encoder
) -> None:
    model, batch = made_arm(name, encoder), made_batch(encoder)
    user, asked = _sides(model, name, batch)
    w_u, w_q, w_a, z = (
        np.asarray(part.kernel)
        for part in (
            model.attention.from_user,
            model.attention.from_query,
            model.attention.from_word,
            model.attention.score,
        )
    )
    expected = []
    for number in range(len(TITLES)):
        ids = [int(one) for one in batch["title_words"][0, number] if one]
        words = np.asarray(model.table.vectors)[ids]
        b = (np.tanh(user @ w_u + asked @ w_q + words @ w_a) @ z)[:, 0]
        alpha = np.exp(b) / np.exp(b).sum()
        h2 = _h2(model, np.concatenate([user, asked]), alpha @ words)
        expected.append(_output(model.auxiliary, h2, number + 1))
    assert np.asarray(model.ad_clicks(batch))[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_words_give_zeros(name: ArmName, encoder: Encoder) -> None:
    model = made_arm(name, encoder)
    nothing = made_batch(encoder, "", known=False)
    assert not ids_of(nothing, ("query_words", "clicked_words", "clicked_titles"))[0]
    for side in model.context(nothing):
        assert np.abs(np.asarray(side)).max() == 0.0
    assert np.isfinite(np.asarray(model(nothing))).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_is_invisible(name: ArmName, encoder: Encoder) -> None:
    model = made_arm(name, encoder)
    short = made_batch(encoder)
    long = short | encoder.contexts(["red lamp"], [SHOPPER])
    assert long["clicked_titles"].shape[1] > short["clicked_titles"].shape[1]
    long["phrase_words"] = np.pad(short["phrase_words"], [(0, 0), (0, 0), (0, 3)])
    assert np.asarray(model(long)) == pytest.approx(np.asarray(model(short)), abs=1e-6)


def test_only_amtdl_reads_titles_past_queries_and_the_head_word(encoder: Encoder) -> None:
    words = History(SHOPPER.feature_words)
    context = encoder.context("red lamp", words)
    for name in NETWORKS:
        model, batch = made_arm(name, encoder), made_batch(encoder)
        same = np.asarray(model(batch)) == pytest.approx(
            np.asarray(model({**batch, **context})), abs=1e-6
        )
        assert same is (name is not ArmName.AMTDL)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_shoppers_own_columns_of_the_match_are_left_out(
    name: ArmName, encoder: Encoder
) -> None:
    model, batch = made_arm(name, encoder), made_batch(encoder)
    moved = batch["match"].copy()
    for column, feature in enumerate(PHRASE_MATCH):
        moved[..., column] += 3.0 * (feature in PHRASE_TASTE)
    assert np.array_equal(model({**batch, "match": moved}), model(batch))


def test_attention_of_no_units_pools_the_title(encoder: Encoder) -> None:
    model: Any = made_arm(ArmName.MTDL, encoder, attention=0)
    batch = made_batch(encoder)
    titles = [[int(one) for one in words if one] for words in batch["title_words"][0]]
    e_u, e_q = _sides(model, ArmName.MTDL, batch)
    for place, ids in enumerate(titles, start=1):
        h2 = _h2(model, np.concatenate([e_u, e_q]), _mean(model, ids))
        expected = _output(model.auxiliary, h2, place)
        found = float(np.asarray(model.ad_clicks(batch))[0, place - 1])
        assert found == pytest.approx(expected, abs=1e-5)
