from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from training import layers
from training.layers import (
    Calibration,
    Hinges,
    HistoryAttention,
    PlaceTower,
    Standardize,
    TastePool,
    TitleAttention,
    WordTable,
)
from training.shopper import FeatureGroups

RNG = np.random.default_rng(0)


def _drawn(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def _array(value: Any) -> np.ndarray:
    return np.asarray(value)


def _attention() -> tuple[TitleAttention, np.ndarray, np.ndarray, np.ndarray]:
    layer = TitleAttention(5)
    user, query, title = _drawn(2, 4), _drawn(2, 4), _drawn(2, 3, 6, 4)
    layer(user, query, title, np.ones((2, 3, 6), bool))
    return layer, user, query, title


def test_title_attention_is_its_equation() -> None:
    layer, user, query, title = _attention()
    mask = RNG.random((2, 3, 6)) < 0.7
    mask[:, :, 0] = True
    w_u, w_q, w_a, z = (
        _array(part.kernel)
        for part in (layer.from_user, layer.from_query, layer.from_word, layer.score)
    )
    expected = np.zeros((2, 3, 4))
    for shopper in range(2):
        for number in range(3):
            words = title[shopper, number][mask[shopper, number]]
            b = np.tanh(user[shopper] @ w_u + query[shopper] @ w_q + words @ w_a) @ z
            alpha = np.exp(b) / np.exp(b).sum()
            expected[shopper, number] = (alpha * words).sum(axis=0)
    assert _array(layer(user, query, title, mask)) == pytest.approx(expected, abs=1e-5)


def test_padding_of_a_title_is_invisible() -> None:
    layer, user, query, title = _attention()
    mask = np.ones((2, 3, 6), bool)
    longer = np.concatenate([title, 99.0 * np.ones((2, 3, 2, 4), np.float32)], axis=2)
    padded = np.concatenate([mask, np.zeros((2, 3, 2), bool)], axis=2)
    short, long = layer(user, query, title, mask), layer(user, query, longer, padded)
    assert _array(short) == pytest.approx(_array(long), abs=1e-6)


def test_an_empty_title_is_zeros() -> None:
    layer, user, query, title = _attention()
    assert not _array(layer(user, query, title, np.zeros((2, 3, 6), bool))).any()


def test_words_are_pooled_by_their_salience() -> None:
    table = WordTable(4, 2)
    table.vectors.assign([[9, 9], [1, 0], [0, 1], [2, 2]])
    table.salience.assign(np.log([7.0, 1.0, 3.0, 1.0]))
    total, weight = table(np.array([[1, 2, 0]]))
    assert _array(total).tolist() == [[1.0, 3.0]]
    assert _array(weight) == pytest.approx([4.0])
    assert _array(table.mean(np.array([[1, 2, 0], [0, 0, 0]]))) == pytest.approx(
        np.array([[0.25, 0.75], [0.0, 0.0]]), abs=1e-6
    )


def test_old_and_little_history_counts_less() -> None:
    pool = TastePool(2, prior=1.0)
    pool.rate.assign(0.0)
    pool.usual.assign([1.0, 0.0])
    sums = np.array([[[4.0, 0.0], [0.0, 2.0], [0.0, 0.0]]], np.float32)
    weights = np.array([[2.0, 1.0, 0.0]], np.float32)  # the third is padding
    days = np.array([[0.0, 3.0, 0.0]], np.float32)
    fading = np.array([1.0, 4.0 ** -np.log(2.0)])  # softplus(0) = ln 2
    expected = np.array([fading[0] * (2 - 1) - fading[1], fading[1] * 2]) / (1.0 + fading.sum())
    assert _array(pool(sums, weights, days))[0] == pytest.approx(expected, abs=1e-6)


def test_history_attention_is_its_equation_and_ignores_padding() -> None:
    layer = HistoryAttention(5)
    query, events = _drawn(1, 4), _drawn(1, 3, 4)
    days = np.array([[0.0, 1.0, 50.0]], np.float32)
    mask = np.array([[True, True, False]])
    found = _array(layer(query, events, days, mask))[0]
    w_q, w_h, z = (
        _array(part.kernel) for part in (layer.from_query, layer.from_event, layer.score)
    )
    b = (np.tanh(query @ w_q + events[0, :2] @ w_h) @ z)[:, 0] - np.log(2.0) * np.log1p(
        days[0, :2]
    )
    alpha = np.exp(b) / (1.0 + np.exp(b).sum())
    assert found == pytest.approx(alpha @ events[0, :2], abs=1e-5)
    assert not _array(layer(query, events, days, np.zeros((1, 3), bool))).any()


def test_the_first_place_adds_nothing_and_far_ones_count_as_the_last() -> None:
    tower = PlaceTower(3)
    tower.bias.assign([0.5, 0.2, -1.0])
    found = _array(tower(np.array([1, 2, 3, 9, 0])))
    assert found == pytest.approx([0.0, -0.3, -1.5, -1.5, 0.0])


def test_features_are_standardized_and_cut_and_dead_ones_vanish() -> None:
    layer = Standardize(2, limit=1.5)
    layer.adapt(np.array([[0.0, 7.0], [2.0, 7.0]], np.float32))
    found = _array(layer(np.array([[2.0, 9.0], [50.0, -9.0]], np.float32)))
    assert found == pytest.approx(np.array([[1.0, 0.0], [1.5, 0.0]]), abs=1e-4)


def test_hinges_are_what_lies_beyond_quantiles() -> None:
    layer = Hinges(2)
    rows = np.stack([np.arange(101.0), np.full(101, 7.0)], axis=1).astype(np.float32)
    layer.adapt(rows)
    found = _array(layer(np.array([[[85.0, 9.0]]], np.float32)))
    beyond_first, beyond_second = [65, 45, 25, 5, 0, 0], [2] * 6
    assert found == pytest.approx(np.array([[[85, 9, *beyond_first, *beyond_second]]]), abs=1e-4)


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (
            TitleAttention(3),
            (_drawn(1, 4), _drawn(1, 4), _drawn(1, 2, 5, 4), np.ones((1, 2, 5), bool)),
        ),
        (
            HistoryAttention(3),
            (_drawn(1, 4), _drawn(1, 5, 4), abs(_drawn(1, 5)), np.ones((1, 5), bool)),
        ),
        (WordTable(9, 4), (np.array([[1, 2, 0]]),)),
        (TastePool(4, 2.0), (_drawn(1, 5, 4), abs(_drawn(1, 5)), abs(_drawn(1, 5)))),
        (PlaceTower(4), (np.array([1, 2]),)),
        (Standardize(2), (_drawn(3, 2),)),
        (Hinges(2), (_drawn(3, 2),)),
        (Calibration(), (_drawn(3),)),
        (FeatureGroups(), (np.ones((2, 3, 3), int),)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, keras.layers.Layer) else "",
)
def test_layers_survive_config_and_weights(layer: Any, inputs: tuple[Any, ...]) -> None:
    before = layer(*inputs)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    again(*inputs)
    again.set_weights(layer.get_weights())
    after = again(*inputs)
    for one, other in zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True):
        assert np.array_equal(_array(one), _array(other))


def test_every_layer_of_the_module_is_registered() -> None:
    for value in vars(layers).values():
        if isinstance(value, type) and issubclass(value, keras.layers.Layer):
            assert keras.saving.get_registered_name(value).startswith("training>")
