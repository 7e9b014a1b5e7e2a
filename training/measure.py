"""What a trained model is worth on the newest rows of its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.examples import row_codes
from training.fit import column, compiled, predict
from training.floors import PopularityByPosition
from training.metrics import auc, calibration_error, gain_over, grouped_auc, log_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.contract.arrays import LongArray
    from training.arms.model import SellingPointModel
    from training.examples import Examples
    from training.learn_ranker import RankerData
    from training.learn_selling_points import SellingPointData
    from training.ranker import Ranker


def selling_point_metrics(model: SellingPointModel, data: SellingPointData) -> dict[str, float]:
    """Measure clicks on the feature words held out."""
    logits = predict(compiled(lambda batch: [model(batch)]), data.main, data.checked)[0]
    floor = _floor(data.main, "phrase_words", data.main_requests, data.checked)
    return _click_metrics(data.main, data.checked, logits, floor)


def ranker_metrics(model: Ranker, data: RankerData) -> dict[str, float]:
    """Measure clicks on the ads held out, and conversions among the clicked ones."""
    logits = predict(compiled(model), data.ads, data.checked)
    floor = _floor(data.ads, "title_words", data.requests, data.checked)
    metrics = _click_metrics(data.ads, data.checked, logits[0], floor)
    clicked = column(data.ads, "click", data.checked) > 0
    bought = column(data.ads, "conversion", data.checked)[clicked]
    if len(bought):
        p = _sigmoid(logits[1][clicked])
        metrics |= {"conversion_auc": auc(bought, p), "conversion_log_loss": log_loss(bought, p)}
    return _finite(metrics)


def _click_metrics(
    examples: Examples, checked: LongArray, logits: NDArray[Any], floor: NDArray[Any]
) -> dict[str, float]:
    clicks, p = column(examples, "click", checked), _sigmoid(logits)
    sizes = examples.requests.real[checked].sum(axis=1)
    gain = gain_over(clicks, p, floor, np.repeat(examples.shoppers[checked], sizes), seed=0)
    return _finite(
        {
            "auc": gain.auc,
            "auc_floor": gain.floor,
            "auc_gain_low": gain.low,
            "auc_gain_high": gain.high,
            "auc_in_request": grouped_auc(clicks, p, np.repeat(checked, sizes)),
            "log_loss": log_loss(clicks, p),
            "calibration_error": calibration_error(clicks, p),
            "rows": float(len(clicks)),
        }
    )


def _floor(
    examples: Examples, thing: str, learnt: LongArray, checked: LongArray
) -> NDArray[np.float64]:
    """Score the rows checked by popularity x position, counted on the rows learnt from."""
    counted = PopularityByPosition.learn(
        row_codes(column(examples, thing, learnt)),
        column(examples, "place", learnt),
        column(examples, "click", learnt),
    )
    things = row_codes(column(examples, thing, checked))
    return counted.score(things, column(examples, "place", checked))


def _sigmoid(logits: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))


def _finite(metrics: dict[str, float]) -> dict[str, float]:
    """Leave out what could not be measured on so few rows."""
    return {name: float(value) for name, value in metrics.items() if np.isfinite(value)}
