"""The shop's own search, its feature words, and the personas who use them."""

from __future__ import annotations

import orjson
import pytest

from service.api.schemas.events import EventBatch
from service.demo.merchants import make_shop
from service.demo.personas import PERSONAS, past_events
from service.demo.queries import make_queries
from service.demo.search import ShopSearch, feature_phrases

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def search() -> ShopSearch:
    return ShopSearch(make_shop(1).products)


def test_finds_what_is_asked_for(search: ShopSearch) -> None:
    found = search.find("kids rain jacket")
    assert len(found) == 24
    assert all("Kids Rain Jacket" in product.title for product in found)


def test_reads_mistyped_words_as_the_nearest_known(search: ShopSearch) -> None:
    assert search.find("kids rain jakcet") == search.find("kids rain jacket")
    assert all("Headphones" in product.title for product in search.find("headpones"))


def test_finds_by_phrases_outside_the_title(search: ShopSearch) -> None:
    found = search.find("odour resistant base layer")
    assert found
    assert all("odour resistant" in product.highlights for product in found)


@pytest.mark.parametrize("query", ["", "qqq", "xyzzyplugh", "!!!"])
def test_finds_nothing_rather_than_anything(search: ShopSearch, query: str) -> None:
    found = search.find(query)
    assert found == ()
    assert search.feature_words(query, found) == ()


def test_lists_a_category_by_its_path(search: ShopSearch) -> None:
    assert {p.category for p in search.in_category("Sports", 1_000)} == {
        "Sports > Shoes", "Sports > Camping",
    }  # fmt: skip
    assert len(search.in_category("Sports > Shoes", 1_000)) == 250
    assert search.in_category("Sport") == ()


def test_feature_words_divide_the_results_and_are_not_the_query(search: ShopSearch) -> None:
    query = "merino wool base layer top"
    found = search.find(query, 60)
    words = search.feature_words(query, found)
    assert 4 <= len(words) <= 8
    assert "merino wool" not in words
    for word in words:
        have = sum(word in feature_phrases(product) for product in found)
        assert 3 <= have < len(found)


def test_nearly_every_query_of_the_shoppers_finds_something(search: ShopSearch) -> None:
    queries = make_queries(1)
    empty = [query.text for query in queries if not search.find(query.text)]
    assert len(empty) <= 0.02 * len(queries), empty


def test_personas_clicked_on_what_they_were_shown(search: ShopSearch) -> None:
    for persona in PERSONAS:
        for query, word in persona.clicked:
            found = search.find(query, 60)
            assert any(word in feature_phrases(product) for product in found), (query, word)


def test_past_events_are_what_the_service_takes_and_always_the_same() -> None:
    events = list(past_events(NOW))
    batch = EventBatch.model_validate_json(orjson.dumps({"events": events}))
    assert len(batch.events) == 72
    again = list(past_events(NOW + 5_000.0))
    assert [e["event_id"] for e in events] == [e["event_id"] for e in again]
    assert len({e["event_id"] for e in events}) == 72
    assert max(str(e["occurred_at"]) for e in events) < "2027-01-15T08"  # NOW is 08:00 that day
