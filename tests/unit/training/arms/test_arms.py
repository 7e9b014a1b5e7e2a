"""What holds for every arm: it is exported as it answers, served, saved and loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from service.contract.history import EMPTY_HISTORY
from service.contract.manifest import BundleKind, Training
from service.decision.scorers import Question
from service.inference.bundle import open_bundle
from service.inference.rows import phrase_rows
from service.inference.selling_points import OnnxPhraseScorer
from tests.unit.training.arms.made_arms import OWN_ARMS, SHOPPER, made_arm, made_batch
from tests.unit.training.made_models import made_encoder, made_rows
from training.arms.registry import ARMS
from training.card import write_card
from training.config import ArmName
from training.export.bundle import Parts, write_bundle
from training.export.golden import selling_point_answers

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.encoder import Encoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made_encoder()


def _written(name: ArmName, encoder: Encoder, folder: Path) -> Any:
    model = made_arm(name, encoder)
    golden = [
        replace(row, expected=selling_point_answers(model, encoder, row)) for row in made_rows()
    ]
    kind, training = BundleKind.SELLING_POINTS, Training(3, {}, {"arm": name}, {"auc": 0.5})
    graphs = ARMS[name].graphs(model, encoder.encoding)
    write_bundle(
        folder, Parts(kind, encoder, graphs, golden, training, write_card(kind, training, {}))
    )
    return model


@pytest.mark.parametrize("name", ArmName)
def test_every_arm_becomes_a_bundle_that_answers_as_the_network_does(
    name: ArmName, encoder: Encoder, tmp_path: Path
) -> None:
    """The gates hold golden rows of odd texts and histories within 1e-5 of the network."""
    model = _written(name, encoder, tmp_path / "1")
    texts = ["red", "led", "oak", ""]
    bundle = open_bundle(tmp_path / "1")
    scorer = OnnxPhraseScorer(bundle, phrase_rows(bundle, texts))
    row = made_rows()[0]
    for history in (EMPTY_HISTORY, SHOPPER):
        served = scorer.score([Question("red mug", history, np.arange(4, dtype=np.int32))])
        for phrase, score in zip(texts, served, strict=True):
            asked = replace(row, query="red mug", history=history, phrase=phrase)
            answer = selling_point_answers(model, encoder, asked)["p_click"]
            assert score == pytest.approx(answer, abs=1e-5)


# Keras reads its own variables in a way that numpy 2 warns of
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", OWN_ARMS)
def test_an_arm_comes_back_from_a_file(name: ArmName, encoder: Encoder, tmp_path: Path) -> None:
    model, batch = made_arm(name, encoder), made_batch(encoder)
    weights = tmp_path / "arm.weights.h5"
    model.save_weights(weights)
    again = type(model).from_config(model.get_config())
    again(batch)
    if ARMS[name].two_tasks:
        again.ad_clicks(batch)
    assert not np.allclose(again(batch), model(batch))
    again.load_weights(weights)
    assert np.array_equal(again(batch), model(batch))
    assert again.config == model.config


@pytest.mark.parametrize("name", OWN_ARMS)
def test_an_arm_is_registered_with_keras(name: ArmName, encoder: Encoder) -> None:
    model = made_arm(name, encoder)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert type(again) is type(model)
    assert (again.size, again.config) == (model.size, model.config)


def test_the_card_says_which_arm_it_is() -> None:
    card = write_card(BundleKind.SELLING_POINTS, Training(3, {}, {"arm": "mtdl"}, {}), {})
    assert "Arm `mtdl`: MTDL of Hou et al." in card
