"""Our graphs say what TensorFlow's own converter says of the same network."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from service.contract.matching import PHRASE_MATCH
from tests.unit.training.made_models import (
    HISTORY,
    made_encoder,
    made_ranker,
    made_selling_points,
)
from training.export.ranker import ranker_graphs
from training.export.salient import salient_graphs

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from service.contract.encoder import Encoder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it speaks of numpy names that are gone
    import tf2onnx

TEXTS = ["Acme red lamp", "Acme oak mug 3 in.", "", "桌子 不锈钢"]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


def _converted(
    forward: Callable[[dict[str, Any]], Any], batch: dict[str, NDArray[Any]]
) -> list[NDArray[Any]]:
    """Run `forward` as tf2onnx has it."""
    specs = {name: tf.TensorSpec(a.shape, a.dtype, name=name) for name, a in batch.items()}
    function = tf.function(lambda **tensors: forward(tensors))
    concrete = function.get_concrete_function(**specs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, _ = tf2onnx.convert.from_function(
            tf.function(lambda *args: concrete(**dict(zip(specs, args, strict=True)))),
            input_signature=list(specs.values()),
            opset=18,
        )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    wanted = {one.name: batch[one.name.split(":")[0]] for one in session.get_inputs()}
    outputs: list[NDArray[Any]] = session.run(None, wanted)
    return outputs


def _ours(
    graphs: dict[str, onnx.ModelProto], feeds: dict[str, NDArray[Any]], roles: list[str]
) -> dict[str, NDArray[Any]]:
    """Run our graphs one after the other, each fed by those before."""
    feeds = dict(feeds)
    for role in roles:
        session = onnxruntime.InferenceSession(graphs[role].SerializeToString())
        wanted = {one.name: feeds[one.name] for one in session.get_inputs()}
        names = [one.name for one in session.get_outputs()]
        feeds |= dict(zip(names, session.run(names, wanted), strict=True))
    return feeds


def test_the_selling_point_model(encoder: Encoder) -> None:
    model = made_selling_points(encoder)
    context, size = encoder.context("red mug", HISTORY), len(TEXTS)
    phrases = encoder.phrase_table(TEXTS)["content"]
    match = np.random.default_rng(0).normal(size=(size, len(PHRASE_MATCH))).astype(np.float32)
    position = np.arange(1, size + 1)
    feeds = {**context, "phrase_words": phrases, "match": match, "position": position}
    graphs = salient_graphs(model, encoder.encoding)
    ours = _ours(graphs, feeds, ["context", "phrase", "placed"])["p_click"]
    batch = {
        **context,
        "phrase_words": phrases[None],
        "match": match[None],
        "place": position[None].astype(np.int32),
    }
    (theirs,) = _converted(lambda tensors: tf.sigmoid(model(tensors)), batch)
    assert ours == pytest.approx(theirs[0], abs=1e-6)


def test_the_ranker(encoder: Encoder) -> None:
    model = made_ranker(encoder)
    context, size = encoder.context("red mug", HISTORY), len(TEXTS)
    titles = encoder.title_table(TEXTS)["content"]
    price = np.linspace(-1, 1, size).astype(np.float32)
    match = np.random.default_rng(0).normal(size=(size, 12)).astype(np.float32)
    slot = np.arange(1, size + 1)
    graphs = ranker_graphs(model, encoder.encoding)
    phrases = encoder.phrases(["red", "led", "oak", ""])
    shown = _ours(graphs, dict(phrases), ["phrase"])["phrase"]
    feeds = {
        **context, "title_words": titles, "price_z": price, "match": match, "slot": slot,
        "shown": shown,
    }  # fmt: skip
    ours = _ours(graphs, feeds, ["context", "item", "placed"])
    batch = {
        **context,
        "title_words": titles[None],
        "price_z": price[None],
        "match": match[None],
        "place": slot[None].astype(np.int32),
        "shown_words": phrases["phrase_words"][None, :, None],
    }
    click, conversion = _converted(lambda t: [tf.sigmoid(one) for one in model(t)], batch)
    assert ours["p_click"] == pytest.approx(click[0], abs=1e-6)
    assert ours["p_conversion"] == pytest.approx(conversion[0], abs=1e-6)
