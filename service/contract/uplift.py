"""What selling points in a title do to its clicks, as learnt from titles drawn at random."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.contract.arrays import FloatArray, LongArray, TimeArray

CLAIM: Final = 0.02
"""A lift is claimed where no lift at all would look like this at most so often."""

CAUTION: Final = 1.28
"""Standard errors below the estimate that a lift is taken for: one-sided 90 %."""

WEARINESS: Final = 0.01
"""Off the logit of a click for each log1p of how often a shopper has seen the phrase."""

MOST_SEEN: Final = 15
"""A phrase seen oftener counts as seen so often."""

RANDOM_ARMS: Final = ("none", "popular_1", "random_1", "random_2")
"""What a title drawn at random shows; the chance does not depend on who looks."""

_TIRED: Final[TimeArray] = np.log1p(np.arange(MOST_SEEN + 1))
_LEAST: Final = 1e-6  # of a probability, so that its logit is finite


class UpliftError(ValueError):
    """No estimate of a lift; the message says where and what was found."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What the k-th best selling point of a title adds to the logit of a click.

    lift_k(z) = a_k + b_k z,    z = logit of the model's score for it
    bound_k(z) = lift_k(z) - 1.28 sqrt(var(a_k) + 2 z cov(a_k, b_k) + z^2 var(b_k))
    """

    coefficients: tuple[float, ...]  # a_1, b_1, a_2, b_2, ...
    covariance: tuple[tuple[float, ...], ...]  # of the coefficients
    p_value: float  # of no lift at all: every coefficient 0

    def __post_init__(self) -> None:
        _check(self)

    @property
    def places(self) -> int:
        """How many points in one title were learnt about; more are never added."""
        return len(self.coefficients) // 2

    @property
    def is_claimed(self) -> bool:
        """Whether there is any lift to be had."""
        return self.places > 0 and self.p_value <= CLAIM

    def bounds(self, z: TimeArray) -> TimeArray:
        """Return the lower bounds (places, N) for phrases of logit z (N,)."""
        numbers = np.array([self._of(place) for place in range(self.places)]).reshape(-1, 5)
        a, b, aa, ab, bb = numbers.T[:, :, None]
        variance = (z * bb + 2.0 * ab) * z + aa
        found: TimeArray = a + b * z - CAUTION * np.sqrt(np.maximum(variance, 0.0))
        return found

    def _of(self, place: int) -> tuple[float, ...]:
        """Return a_k, b_k, var(a_k), cov(a_k, b_k), var(b_k)."""
        at = 2 * place
        (aa, ab), (_, bb) = (row[at : at + 2] for row in self.covariance[at : at + 2])
        return (*self.coefficients[at : at + 2], aa, ab, bb)


@dataclass(frozen=True, slots=True)
class Uplift:
    """Both rungs: by this shopper's scores, and by the scores for a shopper nobody knows."""

    personal: Lift
    prior: Lift
    rows: int  # ads shown at random that it was learnt from
    weariness: float = WEARINESS

    def __post_init__(self) -> None:
        _expect(type(self.rows) is int and self.rows >= 0, "rows", self.rows)
        _expect(_is_number(self.weariness) and self.weariness >= 0, "weariness", self.weariness)

    def to_content(self) -> dict[str, Any]:
        """Return what stands in a manifest."""
        content = asdict(self)
        for rung in ("personal", "prior"):
            told = content[rung]
            told["coefficients"] = list(told["coefficients"])
            told["covariance"] = [list(row) for row in told["covariance"]]
        return content

    @classmethod
    def from_content(cls, content: object) -> Uplift:
        """Read what `to_content` gave.

        Raises: UpliftError for anything else.
        """
        told = _fields(content, cls)
        return cls(**told | {name: _lift(told[name]) for name in ("personal", "prior")})


def logits(scores: FloatArray | Sequence[float]) -> TimeArray:
    """Return log(p / (1 - p)) of scores p (N,), finite also at 0 and 1."""
    p = np.minimum(np.maximum(np.asarray(scores, dtype=np.float64), _LEAST), 1.0 - _LEAST)
    found: TimeArray = np.log(p / (1.0 - p))
    return found


def tired(seen: Sequence[int] | LongArray) -> TimeArray:
    """Return log1p of how often phrases were seen (N,), up to MOST_SEEN."""
    return _TIRED.take(seen, mode="clip")


def _lift(content: object) -> Lift:
    told = _fields(content, Lift)
    covariance = told["covariance"]
    _expect(isinstance(told["coefficients"], list), "coefficients", told["coefficients"])
    whole = isinstance(covariance, list) and all(isinstance(row, list) for row in covariance)
    _expect(whole, "covariance", covariance)
    rows = tuple(tuple(row) for row in covariance)
    return Lift(tuple(told["coefficients"]), rows, told["p_value"])


def _check(lift: Lift) -> None:
    size = len(lift.coefficients)
    _expect(size % 2 == 0 and all(map(_is_number, lift.coefficients)), "coefficients", size)
    square = len(lift.covariance) == size and all(len(row) == size for row in lift.covariance)
    _expect(square, "covariance", [len(row) for row in lift.covariance])
    _expect(all(_is_number(value) for row in lift.covariance for value in row), "covariance", "")
    _expect(all(lift.covariance[n][n] >= 0 for n in range(size)), "covariance", "below 0")
    _expect(_is_number(lift.p_value) and 0 <= lift.p_value <= 1, "p_value", lift.p_value)


def _is_number(value: object) -> bool:
    return type(value) in {int, float} and math.isfinite(value)  # type: ignore[arg-type]


def _fields(content: object, kind: type) -> dict[str, Any]:
    expected = {field.name for field in fields(kind)}
    held: Mapping[str, Any] = content if isinstance(content, dict) else {}
    _expect(set(held) == expected, kind.__name__, content)
    return dict(held)


def _expect(holds: bool, where: str, found: object) -> None:
    if not holds:
        message = f"uplift: {where}: found {str(found)[:80]!r}"
        raise UpliftError(message)
