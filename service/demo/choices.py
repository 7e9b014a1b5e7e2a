"""What chosen selling points are worth in the demo shop, by its own truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from service.demo.clicks import ClickModel
from service.demo.market import NO_PHRASE, make_market
from service.demo.shoppers import SHOPPERS, make_shoppers
from service.demo.worlds import world_named
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST = 3  # selling points in one title
_DRAWS = 1000
_NEEDED = ("user_id", "query", "product_uid", "slot")


@dataclass(frozen=True, slots=True)
class JudgedChoices:
    """Clicks in 1,000 titles, above those that plain titles get; all intervals are 95 %.

    The intervals redraw whole shoppers, in pairs.
    """

    rows: int
    plain: float  # clicks themselves
    chosen: float
    one_popular: float
    two_popular: float
    best: float  # of all that is attested
    share_of_best: float
    share_of_best_ci: tuple[float, float]
    above_one_popular_ci: tuple[float, float]
    above_two_popular_ci: tuple[float, float]
    second_adds: float  # where two or more were chosen, against the first alone
    chosen_counts: tuple[int, ...]  # titles with 0, 1, 2, 3
    best_counts: tuple[int, ...]
    unattested: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """Ads shown (N,) as numbers of the market, and the phrases that each could show (N, M)."""

    shopper: Ints
    query: Ints
    product: Ints
    slot: Ints
    could_show: Ints


def judge_choices(
    rows: pl.DataFrame, chosen: Sequence[Sequence[str]], *, world: str, seed: int
) -> JudgedChoices:
    """Judge the phrases `chosen` for the ads `rows` (layout synth_s_c) of that world's log.

    Raises: BadInputError if the rows are not that world's.
    """
    model = ClickModel(world_named(world), make_market(seed), make_shoppers(seed))
    asked = _read(rows, model)
    shown = _numbers(chosen, model)
    plain = _p(model, asked, np.full((len(rows), MOST), NO_PHRASE))
    best_shown = _best(model, asked)
    popular = _popular(model, asked)
    worth = {
        "chosen": _p(model, asked, shown) - plain,
        "best": _p(model, asked, best_shown) - plain,
        "one": _p(model, asked, popular[:, :1]) - plain,
        "two": _p(model, asked, popular) - plain,
    }
    first_alone = _p(model, asked, shown[:, :1]) - plain
    several = (shown[:, 1:] != NO_PHRASE).any(axis=1)
    draws = _redrawn(worth, asked.shopper)
    best = _per_1000(worth["best"])
    return JudgedChoices(
        rows=len(rows),
        plain=_per_1000(plain),
        chosen=_per_1000(worth["chosen"]),
        one_popular=_per_1000(worth["one"]),
        two_popular=_per_1000(worth["two"]),
        best=best,
        share_of_best=_per_1000(worth["chosen"]) / best if best else 0.0,
        share_of_best_ci=_interval(draws["chosen"] / np.maximum(draws["best"], 1e-12)),
        above_one_popular_ci=_interval(1000 * (draws["chosen"] - draws["one"])),
        above_two_popular_ci=_interval(1000 * (draws["chosen"] - draws["two"])),
        second_adds=_per_1000((worth["chosen"] - first_alone)[several]) if several.any() else 0.0,
        chosen_counts=_counts(shown),
        best_counts=_counts(best_shown),
        unattested=_unattested(model, asked, shown),
    )


def _read(rows: pl.DataFrame, model: ClickModel) -> _Rows:
    missing = [name for name in _NEEDED if name not in rows.columns]
    if missing:
        raise BadInputError(f"the rows have no column {', '.join(missing)}: {rows.columns}")
    market = model.market
    queries = {query.text: place for place, query in enumerate(market.queries)}
    products = {int(one.product.product_id): n for n, one in enumerate(market.products)}
    query = _places(rows, "query", queries)
    product = _places(rows, "product_uid", products)
    shopper = _places(rows, "user_id", {n: n for n in range(SHOPPERS)})
    phrases = market.true_phrases[product]
    said = market.in_query[query[:, None], phrases] & (phrases != NO_PHRASE)
    could_show = np.where(said, NO_PHRASE, phrases)
    return _Rows(shopper, query, product, rows["slot"].to_numpy(), could_show)


def _places(rows: pl.DataFrame, name: str, known: Mapping[Any, int]) -> Ints:
    found = [known.get(value, -1) for value in rows[name].to_list()]
    if -1 in found:
        value = rows[name][found.index(-1)]
        raise BadInputError(f"{name} {value!r} is not of this world: was the log of another seed?")
    return np.array(found, dtype=np.int64)


def _numbers(chosen: Sequence[Sequence[str]], model: ClickModel) -> Ints:
    """The phrases chosen (N, 3), -1 for none."""
    numbers = {phrase: place for place, phrase in enumerate(model.market.phrases)}
    table = np.full((len(chosen), MOST), NO_PHRASE, dtype=np.int64)
    for row, phrases in enumerate(chosen):
        for place, phrase in enumerate(phrases[:MOST]):
            if phrase not in numbers:
                raise BadInputError(f"row {row}: the demo shop has no phrase {phrase!r}")
            table[row, place] = numbers[phrase]
    return table


def _p(model: ClickModel, asked: _Rows, shown: Ints) -> Floats:
    return model.ad(asked.shopper, asked.query, asked.product, asked.slot, shown)


def _best(model: ClickModel, asked: _Rows) -> Ints:
    """The best that could be shown: none, the liked-best, or the two liked-best."""
    theta = model.shoppers.theta[asked.shopper[:, None], asked.could_show]
    likings = np.where(asked.could_show == NO_PHRASE, -np.inf, theta)
    order = np.argsort(-likings, axis=1)[:, :2]
    two = np.take_along_axis(asked.could_show, order, axis=1)
    ways = [np.full_like(two, NO_PHRASE), two.copy(), two]
    ways[1][:, 1] = NO_PHRASE
    chances = np.stack([_p(model, asked, way) for way in ways])
    return np.asarray(np.stack(ways)[chances.argmax(axis=0), np.arange(len(two))])


def _popular(model: ClickModel, asked: _Rows) -> Ints:
    """The two phrases that most products have, of those that could be shown."""
    popularity = model.market.popularity_z[asked.could_show]
    popularity = np.where(asked.could_show == NO_PHRASE, -np.inf, popularity)
    order = np.argsort(-popularity, axis=1, kind="stable")[:, :2]
    return np.asarray(np.take_along_axis(asked.could_show, order, axis=1))


def _unattested(model: ClickModel, asked: _Rows, shown: Ints) -> int:
    true = model.market.true_phrases[asked.product]
    known = (shown[:, :, None] == true[:, None, :]).any(axis=2) | (shown == NO_PHRASE)
    return int((~known).sum())


def _counts(shown: Ints) -> tuple[int, ...]:
    sizes = (shown != NO_PHRASE).sum(axis=1)
    return tuple(np.bincount(sizes, minlength=MOST + 1).tolist())


def _redrawn(worth: Mapping[str, Floats], shoppers: Ints) -> dict[str, Floats]:
    """Means of each kind over redrawn shoppers, all by the same draws."""
    _, codes = np.unique(shoppers, return_inverse=True)
    sizes = np.bincount(codes)
    rng = np.random.default_rng(0)
    times = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=_DRAWS)
    weight = times @ sizes
    return {
        name: (times @ np.bincount(codes, weights=values)) / weight
        for name, values in worth.items()
    }


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return low, high


def _per_1000(values: Floats) -> float:
    return 1000 * float(values.mean())
