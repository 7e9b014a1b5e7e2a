from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.contract.prices import price_of, price_z
from service.decision.terms import Product
from service.demo.feed import write_feed
from service.demo.merchants import make_shop
from service.store.feeds.products import product_of, read_products
from service.store.feeds.report import FieldError, LineError
from service.store.feeds.rows import Row, read_rows

if TYPE_CHECKING:
    from pathlib import Path

LAMP = {"id": "1", "title": "Lamp", "link": "https://shop.example/1", "price": "39.90 EUR"}


def lamp(**other: object) -> dict[str, Any]:
    return LAMP | other


def test_merchant_columns_become_a_product() -> None:
    row = lamp(
        title="Desk &amp; floor <b>lamp</b>",
        description="Bright",
        brand="Lumo",
        google_product_category="Home",
        product_type="Home > Lamps",
        image_link="https://shop.example/1.png",
        availability="out of stock",
        product_highlight='dimmable,"brass, solid",dimmable',
        product_detail="General:Light colour:2700 K,Height:40 cm",
        color="Brass",
        size="",
    )
    assert product_of(row, "EUR") == Product(
        "1",
        "Desk & floor lamp",
        "https://shop.example/1",
        39_900_000,  # type: ignore[arg-type]
        "Bright",
        "Lumo",
        "Home > Lamps",
        "https://shop.example/1.png",
        in_stock=False,
        highlights=("dimmable", "brass, solid"),
        attributes={"Light colour": "2700 K", "Height": "40 cm", "colour": "Brass"},
    )


def test_a_column_that_repeats_a_detail_adds_nothing() -> None:
    product = product_of(lamp(product_detail="General:Farbe:brass", color="Brass"), "EUR")
    assert product.attributes == {"Farbe": "brass"}


def test_when_an_offer_ends_and_what_is_certified_are_attributes() -> None:
    during = "2026-11-20T00:00+0100/2026-11-30T23:59+0100"
    row = lamp(sale_price_effective_date=during, certification="CE")
    assert product_of(row, "EUR").attributes == {
        "certification": "CE",
        "sale price effective date": during,
    }


def test_our_own_names_and_lists_are_taken() -> None:
    row = {
        "product_id": 7,
        "title": "Lamp",
        "link": "/p/7",
        "price_micros": 5,
        "category": "Lamps",
        "in_stock": False,
        "highlights": ["a, b", "", "c"],
        "attributes": {"colour": "red", "empty": ""},
        "product_details": [
            {"section_name": "G", "attribute_name": "watts", "attribute_value": 5},
            "x:y",
        ],
    }
    product = product_of(row, "EUR")
    assert (product.product_id, product.price, product.in_stock) == ("7", 5, False)
    assert product.highlights == ("a, b", "c")
    assert product.attributes == {"colour": "red", "watts": "5", "x": "y"}


def test_the_log_layout_becomes_a_product() -> None:
    row = {"product_uid": 100001, "title": "Rack", "sp_candidates": ["black"], "price_z": 0.5}
    product = product_of(row, "USD")
    assert (product.product_id, product.link) == ("100001", "/p/100001")
    assert product.highlights == ("black",)
    assert product.price == price_of(0.5)
    assert price_z(product.price) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("given", "micros"),
    [
        ("39.90 EUR", 39_900_000),
        ("EUR 39.90", 39_900_000),
        ("39,90", 39_900_000),
        ("1.299,00 EUR", 1_299_000_000),
        ("1,299.00", 1_299_000_000),
        ("1,299", 1_299_000_000),
        ("1 299.5", 1_299_500_000),
        ("1,234,567", 1_234_567_000_000),
        ("0", 0),
        ("0.000001", 1),
        (12, 12_000_000),
        (0.1, 100_000),
        ({"value": "3.50", "currency": "eur"}, 3_500_000),
    ],
)
def test_prices_are_exact(given: object, micros: int) -> None:
    assert product_of(lamp(price=given), "EUR").price == micros


def test_a_sale_price_counts() -> None:
    assert product_of(lamp(sale_price="29.90 EUR"), "EUR").price == 29_900_000


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("id", "", "give a value; the columns are"),
        ("id", "x" * 129, "128 characters"),
        ("title", None, "give a value"),
        ("title", "<b></b>", "give a value"),
        ("title", "x" * 501, "500 characters"),
        ("link", "javascript:alert(1)", "https"),
        ("link", "//evil.example", "https"),
        ("link", "http://shop.example/", "https"),
        ("image_link", "data:x", "https"),
        ("price", "39.90 USD", "the store's currency, EUR"),
        ("price", "cheap", "such as 39.90 EUR"),
        ("price", "1.2.3,4,5", "such as 39.90 EUR"),
        ("price", "-1", "from 0"),
        ("price", "99999999999", "from 0"),
        ("price", "", "such as 39.90 EUR"),
        ("price_z", "nan", "finite"),
        ("price_z", "x", "finite"),
        ("availability", "maybe", "in_stock"),
        ("product_highlight", "x" * 151, "150 characters"),
        ("product_highlight", [f"h{n}" for n in range(101)], "at most 100"),
        ("product_detail", "just text", "section:name:value"),
        ("product_detail", [f"s:n{n}:v" for n in range(201)], "at most 200"),
        ("brand", "x" * 201, "200 characters"),
    ],
)
def test_a_bad_value_is_named_with_what_to_do(field: str, value: object, advice: str) -> None:
    row = lamp(**{field: value})
    if field == "price_z":
        del row["price"]
    with pytest.raises(FieldError) as caught:
        product_of(row, "EUR")
    assert caught.value.field == field
    assert advice in caught.value.advice
    assert len(caught.value.received) < 200


def test_good_lines_are_kept_beside_bad_ones() -> None:
    rows: list[Row | LineError] = [
        Row(2, LAMP),
        LineError(3, "(line)", "x", "y"),
        Row(4, lamp(price="")),
        Row(5, lamp(id="2")),
    ]
    found = list(read_products(rows, "EUR"))
    assert [one.line if isinstance(one, LineError) else one[0] for one in found] == [2, 3, 4, 5]
    assert str(found[1]) == "line 3, (line): got x; y"


@pytest.mark.parametrize("suffix", ["tsv", "ndjson"])
def test_the_demo_feed_comes_back_as_the_demo_catalogue(tmp_path: Path, suffix: str) -> None:
    shop = make_shop(1)
    path = tmp_path / f"feed.{suffix}"
    write_feed(shop.products[:300], shop.store, path)
    found = list(read_products(read_rows(path), shop.store.currency))
    assert not [one for one in found if isinstance(one, LineError)]
    for one, product in zip(found, shop.products[:300], strict=True):
        assert isinstance(one, tuple)
        read = one[1]
        assert (read.product_id, read.title, read.price) == (
            product.product_id,
            product.title,
            product.price // 10_000 * 10_000,
        )
        assert read.highlights == product.highlights
        assert dict(read.attributes) == dict(product.attributes)
        assert (read.brand, read.category) == (product.brand, product.category)
