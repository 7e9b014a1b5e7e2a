from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from tests.unit.training.made_logs import made_clicks, write_logs
from training.examples import MOST_SHOWN, Requests, Shop, ad_examples, facet_examples
from training.logs import read_clicks, read_facets, read_items
from training.runs import new_encoder

if TYPE_CHECKING:
    from pathlib import Path

    from service.contract.encoder import Encoder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    paths: dict[str, Path] = write_logs(tmp_path_factory.mktemp("logs"))
    facets = read_facets(paths["facets"])
    return Shop.of(read_items(paths["items"]), read_clicks(paths["clicks"]), facets)


@pytest.fixture(scope="module")
def encoder(shop: Shop) -> Encoder:
    return new_encoder(shop.items, ())


def _log(**columns: list[object]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    same: dict[str, object] = {"request": "r", "ts": 1.0, "user_id": "u", "query": "q"}
    whole: dict[str, list[object]] = {name: [value] * size for name, value in same.items()}
    return pl.DataFrame(whole | columns)


def test_rows_of_one_request_stand_side_by_side() -> None:
    requests = Requests.of(_log(request=["a", "a", "b", "c", "c", "c"]))
    assert requests.rows[requests.real].tolist() == [0, 1, 2, 3, 4, 5]
    assert requests.real.sum(axis=1).tolist() == [2, 1, 3]
    assert requests.of_rows.tolist() == [0, 0, 1, 2, 2, 2]


def test_an_id_used_twice_is_two_requests() -> None:
    requests = Requests.of(_log(user_id=["u", "u", "v"], ts=[1.0, 2.0, 2.0]))
    assert requests.real.sum(axis=1).tolist() == [1, 1, 1]


def test_a_long_request_is_cut() -> None:
    requests = Requests.of(_log(request=["a"] * (MOST_SHOWN + 3)))
    assert requests.real.sum(axis=1).tolist() == [MOST_SHOWN, 3]
    assert sorted(requests.rows[requests.real].tolist()) == list(range(MOST_SHOWN + 3))


def test_histories_stop_before_the_row(shop: Shop, encoder: Encoder) -> None:
    ads = ad_examples(shop, encoder, matched=False)
    rows = shop.history.at(ads.shoppers, ads.ts)
    clicked = {
        (user, ts, title)
        for user, ts, title in shop.clicks.filter(pl.col("click") > 0)
        .select("user_id", "ts", "title")
        .iter_rows()
    }
    names = {code: name for name, code in shop.shopper_codes.numbers.items()}
    seen = 0
    for row, (shopper, ts) in enumerate(zip(ads.shoppers.tolist(), ads.ts.tolist(), strict=True)):
        for title, age in rows.history(row).titles:
            assert age > 0
            assert (names[shopper], ts - age, title) in clicked
            seen += 1
    assert seen > 100


def test_a_row_without_shopper_has_no_history(shop: Shop, encoder: Encoder) -> None:
    ads = ad_examples(shop, encoder, matched=False)
    nobody = np.flatnonzero(ads.shoppers < 0)
    assert len(nobody) == 10
    assert not ads.take(nobody)["clicked_titles"].any()


def test_a_batch_holds_what_was_shown(shop: Shop, encoder: Encoder) -> None:
    ads = ad_examples(shop, encoder, matched=True)
    batch = ads.take(np.array([7]))
    rows = shop.clicks[28:32]
    assert batch["click"][0].tolist() == rows["click"].to_list()
    assert batch["place"][0].tolist() == [1, 2, 3, 4]
    titles = encoder.title_table(rows["title"].to_list())
    assert np.array_equal(batch["title_words"][0], titles["content"])
    query = encoder.query_match(str(rows["query"][0]), titles)
    assert batch["match"][0, :, : query.shape[1]] == pytest.approx(query)
    shown = encoder.phrase_table([(*list(p), "")[0] for p in rows["sp_shown"].to_list()])
    assert np.array_equal(batch["shown_words"][0, :, 0], shown["content"])
    assert batch["real"].tolist() == [[1.0] * 4]


def test_the_newest_rows_are_split_off(shop: Shop, encoder: Encoder) -> None:
    assert shop.facets is not None
    words = facet_examples(shop, shop.facets, encoder)
    before, after = words.split(0.2)
    assert words.ts[before].max() <= words.ts[after].min()
    assert words.requests.real[after].sum() == pytest.approx(0.2 * len(shop.facets), abs=6)
    whole, none = words.split(0.0)
    assert (len(whole), len(none)) == (len(words.ts), 0)


def test_logs_without_events_cost_no_width(encoder: Encoder, shop: Shop) -> None:
    clicks = made_clicks(4).with_columns(click=pl.lit(0.0), request=pl.lit("r"))
    clicks = clicks.with_columns(pl.col("product_uid").cast(pl.String))
    batch = ad_examples(Shop.of(shop.items, clicks, None), encoder, matched=False).take(
        np.arange(2)
    )
    assert batch["clicked_words"].shape[1] == batch["clicked_titles"].shape[1] == 1
