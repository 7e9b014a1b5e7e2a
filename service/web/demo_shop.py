"""The demo shop that the page sells from, found by the file that `salient up` leaves."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from service.demo.merchants import DEMO_SEED, make_shop
from service.demo.search import ShopSearch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from service.decision.terms import Product

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Storefront:
    """The shop's catalogue and search, and its keys to the service."""

    key: str
    secret_key: str | None  # for what the panel shows; None: it shows nothing
    placement: str
    queries: tuple[str, ...]
    products: Mapping[str, Product]
    search: ShopSearch
    spread_campaign: str | None = None  # whose budget is spread over platforms


def open_demo_shop(file: Path) -> Storefront | None:
    """Open the shop that `file` (demo.json) tells of; None where there is no such file."""
    try:
        stat = file.stat()
        return _open(file, stat.st_mtime_ns)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("demo shop not opened: %s: %s", file, error)
        return None


@lru_cache(maxsize=2)
def _open(file: Path, changed_ns: int) -> Storefront:  # noqa: ARG001 - read again once changed
    told = dict(orjson.loads(file.read_bytes()))
    products, search = _catalogue(int(told.get("seed", DEMO_SEED)))
    return Storefront(
        key=str(told["publishable_key"]),
        secret_key=told.get("secret_key"),
        placement=str(told["placement"]),
        queries=tuple(str(query) for query in told.get("queries", ())),
        products=products,
        search=search,
        spread_campaign=told.get("spread_campaign"),
    )


@lru_cache(maxsize=1)
def _catalogue(seed: int) -> tuple[Mapping[str, Product], ShopSearch]:
    products = make_shop(seed).products
    return {product.product_id: product for product in products}, ShopSearch(products)
