"""The settings of a training run; they go into the bundle's manifest as they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class ArmName(StrEnum):
    """Which selling-point model."""

    SALIENT = "salient"
    BM = "bm"
    MTDL = "mtdl"
    AMTDL = "amtdl"
    LOWRANK = "lowrank"
    ADDITIVE = "additive"
    SUMMED = "summed"


class ScheduleName(StrEnum):
    """In which order the two tasks are learnt."""

    ALTERNATE = "alternate"
    PRETRAIN = "pretrain"
    JOINT = "joint"


@dataclass(frozen=True, slots=True)
class SellingPointConfig:
    """How the selling-point model is built and fitted."""

    arm: ArmName = ArmName.SALIENT
    schedule: ScheduleName = ScheduleName.ALTERNATE
    seed: int = 0
    dim: int = 32
    hidden: int = 64
    attention: int = 32
    dropout: float = 0.1
    rate: float = 5e-3
    auxiliary_rate: float = 1e-3  # it outnumbers the main task, whose layers it shares
    word_rate: float = 5e-4  # word vectors start from the catalogue and move slowly
    main_word_rate: float = 0.0  # clicks on feature words are few: words learn from ads alone
    decay: float = 1e-3  # of squared weights, words and biases apart
    main_requests: int = 64  # requests a step of feature words
    auxiliary_requests: int = 512  # requests a step of ads
    passes: float = 3.0
    auxiliary_share: float = 0.1  # of the ad requests, seen in each pass
    k: float | None = None  # ad rows for each row of feature words; unset, the share decides

    @classmethod
    def of(cls, arm: ArmName, **changes: Any) -> SellingPointConfig:
        """Return the settings that suit an arm, with `changes`."""
        return cls(arm=arm, **{**_SUITED.get(arm, {}), **changes})


# All start near where they end: small steps, and little or no decay, which would undo the start.
_NETWORK: Final[Mapping[str, Any]] = {
    "dim": 64,
    "rate": 2e-4,
    "auxiliary_rate": 2e-4,
    "word_rate": 2e-4,
    "decay": 0.0,
    "dropout": 0.0,  # its random bits cost twenty times the rest of a step
    "passes": 2.0,
}
_SALIENT: Final[Mapping[str, Any]] = {
    "dim": 16,
    "rate": 5e-4,
    "auxiliary_rate": 5e-4,
    "word_rate": 2e-4,
    "decay": 1e-4,
    "passes": 1.0,
}
_LINEAR: Final[Mapping[str, Any]] = {"dim": 64}
_SUITED: Final[Mapping[ArmName, Mapping[str, Any]]] = {
    ArmName.SALIENT: _SALIENT,
    ArmName.BM: _NETWORK,
    ArmName.MTDL: _NETWORK,
    ArmName.AMTDL: _NETWORK,
    ArmName.LOWRANK: _LINEAR,
    ArmName.ADDITIVE: _LINEAR,
    ArmName.SUMMED: _LINEAR,
}


@dataclass(frozen=True, slots=True)
class RankerConfig:
    """How the ranker is built and fitted."""

    seed: int = 0
    dim: int = 32
    hidden: int = 64
    attention: int = 32
    blocks: int = 1
    dropout: float = 0.1
    rate: float = 5e-3
    word_rate: float = 5e-4
    decay: float = 1e-4
    requests: int = 512  # a step
    passes: float = 1.0
    conversion_weight: float = 1.0
    forgotten: float = 0.15  # of the requests are learnt as if the shopper were new
