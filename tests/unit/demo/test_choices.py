from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from service.demo.choices import judge_choices
from service.demo.clicks import ClickModel
from service.demo.log import write_log
from service.demo.market import make_market
from service.demo.null_worlds import null_false_positives
from service.demo.shoppers import make_shoppers
from service.demo.worlds import BASE, WORLDS
from service.errors import BadInputError


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("log")
    write_log("base", 1, folder, sessions=100)
    return pl.read_parquet(folder / "clicks.parquet").head(400)


@pytest.fixture(scope="module")
def model() -> ClickModel:
    return ClickModel(BASE, make_market(1), make_shoppers(1))


def usable(model: ClickModel, row: dict[str, object]) -> list[int]:
    market = model.market
    query = [query.text for query in market.queries].index(str(row["query"]))
    product = [one.product.product_id for one in market.products].index(str(row["product_uid"]))
    said = market.in_query[query]
    return [n for n in market.true_phrases[product].tolist() if n >= 0 and not said[n]]


def test_the_best_is_found_by_trying_all(rows: pl.DataFrame, model: ClickModel) -> None:
    """By hand: point_taste (theta_1 + .6 theta_2) - point_cost |S| is largest; often that is 0."""
    best = []
    for row in rows.iter_rows(named=True):
        theta = sorted(
            ((model.shoppers.theta[row["user_id"], n], n) for n in usable(model, row)),
            reverse=True,
        )[:2]
        ways: list[tuple[list[int], float]] = [([], 0.0)]
        if theta:
            ways.append(([theta[0][1]], 0.6 * theta[0][0] - 0.1))
        if len(theta) > 1:
            both = 0.6 * (theta[0][0] + 0.6 * theta[1][0]) - 0.2
            ways.append(([theta[0][1], theta[1][1]], both))
        chosen, _ = max(ways, key=lambda way: way[1])
        best.append([model.market.phrases[n] for n in chosen])
    judged = judge_choices(rows, best, world="base", seed=1)
    assert judged.share_of_best == pytest.approx(1.0)
    assert judged.chosen_counts == judged.best_counts
    assert 0 < judged.best_counts[0] < judged.best_counts[2]
    assert judged.above_one_popular_ci[0] > 0
    assert judged.second_adds > 0
    assert judged.unattested == 0


def test_plain_titles_gain_nothing_and_popular_ones_little(
    rows: pl.DataFrame, model: ClickModel
) -> None:
    judged = judge_choices(rows, [[]] * 400, world="base", seed=1)
    assert (judged.chosen, judged.share_of_best, judged.chosen_counts[0]) == (0.0, 0.0, 400)
    popularity, phrases = model.market.popularity_z, model.market.phrases
    popular = [
        [phrases[n] for n in sorted(usable(model, row), key=lambda n: -popularity[n])[:1]]
        for row in rows.iter_rows(named=True)
    ]
    judged = judge_choices(rows, popular, world="base", seed=1)
    assert judged.chosen == pytest.approx(judged.one_popular)
    assert judged.above_one_popular_ci == pytest.approx((0.0, 0.0))
    assert judged.one_popular < 0.3 * judged.best


def test_in_a_null_world_nothing_is_gained(rows: pl.DataFrame) -> None:
    judged = judge_choices(rows, rows["sp_shown"].to_list(), world="null", seed=1)
    assert (judged.best, judged.chosen, judged.share_of_best) == (0.0, 0.0, 0.0)


def test_what_a_product_does_not_attest_is_counted(rows: pl.DataFrame, model: ClickModel) -> None:
    row = rows.row(0, named=True)
    true = set(usable(model, row))
    false = next(n for n in range(len(model.market.phrases)) if n not in true)
    chosen = [[model.market.phrases[false]]] + [[]] * 399
    judged = judge_choices(rows, chosen, world="base", seed=1)
    said = model.market.phrases[false] in dict.fromkeys(row["sp_shown"])
    assert judged.unattested == int(not said)


def test_rows_of_another_world_are_refused(rows: pl.DataFrame) -> None:
    for column, value in (("query", "no such query"), ("product_uid", 5), ("user_id", 500)):
        wrong = rows.with_columns(pl.lit(value).alias(column))
        with pytest.raises(BadInputError, match=f"{column} .* is not of this world"):
            judge_choices(wrong, [[]] * 400, world="base", seed=1)
    with pytest.raises(BadInputError, match="no column slot"):
        judge_choices(rows.drop("slot"), [[]] * 400, world="base", seed=1)
    with pytest.raises(BadInputError, match="row 0: the demo shop has no phrase 'gold plated'"):
        judge_choices(rows, [["gold plated"]] + [[]] * 399, world="base", seed=1)


def test_in_null_worlds_a_lift_is_seldom_claimed() -> None:
    told: list[int] = []
    share = null_false_positives(30, 5, told.append)
    assert share <= 4 / 30  # .04 expected at most: 5 of 30 or more comes once in 120 runs
    assert told == list(range(1, 31))


def test_where_points_do_something_the_same_test_claims_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(WORLDS, "null", BASE)
    assert null_false_positives(5, 5) == 1.0


def test_intervals_redraw_whole_shoppers(rows: pl.DataFrame) -> None:
    judged = judge_choices(rows, rows["sp_shown"].to_list(), world="base", seed=1)
    low, high = judged.share_of_best_ci
    assert low < judged.share_of_best < high
    assert np.isfinite([low, high]).all()
