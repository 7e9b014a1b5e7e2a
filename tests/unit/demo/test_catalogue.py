"""The made-up catalogue, its merchants, its feed and its pictures."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from PIL import Image

from service.contract.tokenizer import Tokenizer
from service.decision.attest import attest
from service.decision.language import language_of
from service.decision.terms import CampaignStatus, MatchType
from service.demo.catalogue import make_products
from service.demo.feed import COLUMNS, write_feed
from service.demo.merchants import make_shop
from service.demo.pictures import SIDE, draw_picture
from service.demo.queries import make_queries
from service.errors import BadInputError
from service.store.feeds.products import read_products
from service.store.feeds.report import LineError
from service.store.feeds.rows import read_rows
from service.store.feeds.text import plain_text

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shop_has_its_size() -> None:
    shop = make_shop(1)
    assert len(shop.products) == 3_000
    assert len({product.category for product in shop.products}) == 12
    assert len(shop.advertisers) == 25
    assert len(shop.campaigns) == 80
    assert {p.name: p.slots for p in shop.placements} == {
        "search_top": 4, "category_top": 4, "app_search": 2,
    }  # fmt: skip


def test_most_products_are_advertised_and_ids_are_unique() -> None:
    shop = make_shop(1)
    advertised = {ad.product_id for ad in shop.ads}
    assert 0.8 < len(advertised) / len(shop.products) < 0.95
    for ids in (
        [p.product_id for p in shop.products],
        [ad.ad_id for ad in shop.ads],
        [c.campaign_id for c in shop.campaigns],
        [p.title for p in shop.products],
    ):
        assert len(set(ids)) == len(ids)
    assert {ad.campaign_id for ad in shop.ads} <= {c.campaign_id for c in shop.campaigns}
    assert {c.advertiser_id for c in shop.campaigns} == {a for a, _ in shop.advertisers}


def test_campaigns_bid_in_every_way_and_refuse_some() -> None:
    campaigns = make_shop(1).campaigns
    for negative in (False, True):
        kinds = Counter(
            k.match_type for c in campaigns for k in c.keywords if k.negative == negative
        )
        assert set(kinds) == set(MatchType)
    assert sum(c.status is CampaignStatus.ACTIVE for c in campaigns) == 78
    assert all(c.bid > 0 and c.budget > c.bid for c in campaigns)


def test_every_merchant_sells_under_one_of_its_campaigns() -> None:
    shop = make_shop(1)
    with_ads = {ad.campaign_id for ad in shop.ads}
    sellers = {c.advertiser_id for c in shop.campaigns if c.campaign_id in with_ads}
    assert len(sellers) == 25


def test_the_same_seed_makes_the_same_shop() -> None:
    assert make_shop(4) == make_shop(4)
    assert make_shop(4).products != make_shop(5).products
    assert make_shop(4, "https://shop.example").store.site_url == "https://shop.example"


def test_product_ids_are_whole_numbers() -> None:
    assert [p.product_id for p in make_shop(1).products[:2]] == ["100001", "100002"]


def test_true_phrases_are_attested_and_lies_are_not() -> None:
    lies = 0
    for item in make_products(1):
        attested = {point.text.lower() for point in attest(item.product, language_of("en"))}
        assert set(item.true_phrases) <= attested, item.product.title
        lied = {h for h in item.product.highlights if h not in item.true_phrases}
        lies += len(lied)
        assert not lied & attested, item.product.title
    assert lies > 5  # the catalogue does hold some


def test_highlights_stand_mostly_outside_the_title() -> None:
    words = Tokenizer("en").words
    told = [
        set(words(phrase)) <= set(words(item.product.title))
        for item in make_products(1)
        for phrase in item.product.highlights
    ]
    assert sum(told) / len(told) < 0.1


def test_some_titles_are_as_odd_as_in_real_feeds() -> None:
    titles = " ".join(p.title for p in make_shop(1).products)
    for odd in ("&", '"', "<b>", "ß", "Å", "🌧", "轻量", "(Bulb Not Included)", "without Lid"):
        assert odd in titles


def test_queries_are_plain_named_or_mistyped() -> None:
    queries = make_queries(1)
    texts = [query.text for query in queries]
    assert len(set(texts)) == len(texts) > 300
    assert {query.kind for query in queries} == set(range(60))
    known = {word for product in make_shop(1).products for word in product.title.lower().split()}
    mistyped = [t for t in texts if not set(t.split()) & known]
    assert mistyped
    assert any(query.phrase for query in queries)


def test_tsv_feed_reads_back(tmp_path: Path) -> None:
    shop = make_shop(1, "https://shop.example")
    tricky = replace(shop.products[0], highlights=('fits 16", and more', "plain"))
    assert write_feed([tricky, *shop.products[1:20]], shop.store, tmp_path / "f.tsv") == 20
    with (tmp_path / "f.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["product_highlight"] == '"fits 16"", and more",plain'
    assert rows[0]["link"] == "https://shop.example/p/100001"
    assert rows[0]["price"] == f"{tricky.price / 1_000_000:.2f} EUR"
    assert rows[12]["title"] == shop.products[12].title


def test_ndjson_feed_keeps_repeated_fields_apart(tmp_path: Path) -> None:
    shop = make_shop(1)
    assert write_feed(shop.products, shop.store, tmp_path / "f.ndjson") == 3_000
    lines = (tmp_path / "f.ndjson").read_bytes().splitlines()
    first = orjson.loads(lines[0])
    assert first["product_highlight"] == list(shop.products[0].highlights)
    assert f"General:colour:{shop.products[0].attributes['colour']}" in first["product_detail"]
    sold_out = sum(orjson.loads(line)["availability"] == "out_of_stock" for line in lines)
    assert sold_out == sum(not product.in_stock for product in shop.products)


@pytest.mark.parametrize("name", ["feed.tsv", "feed.ndjson"])
def test_the_importer_reads_the_feed_back(tmp_path: Path, name: str) -> None:
    shop = make_shop(1, "https://shop.example")
    write_feed(shop.products, shop.store, tmp_path / name)
    read = list(read_products(read_rows(tmp_path / name), "EUR"))
    wanted = [
        replace(
            product,
            title=plain_text(product.title),  # the importer takes markup out
            link=f"https://shop.example{product.link}",
            image_link=f"https://shop.example{product.image_link}",
        )
        for product in shop.products
    ]
    assert [row[1] for row in read if not isinstance(row, LineError)] == wanted


def test_a_feed_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"not 'f\.xml'"):
        write_feed([], make_shop(1).store, tmp_path / "f.xml")


def test_pictures_are_small_squares_always_the_same() -> None:
    for product in make_shop(1).products[::250]:
        drawn = draw_picture(product)
        assert drawn == draw_picture(product)
        assert len(drawn) < 20_000
        with Image.open(io.BytesIO(drawn)) as image:
            assert (image.format, image.size) == ("PNG", (SIDE, SIDE))


def test_a_product_of_no_known_kind_has_a_picture_too() -> None:
    odd = replace(make_shop(1).products[0], category="Elsewhere", attributes={})
    assert draw_picture(odd).startswith(b"\x89PNG")
