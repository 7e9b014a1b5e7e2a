"""The flat arrays of a snapshot, one class for each kind of thing in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from service.decision.lists import RowLists
    from service.decision.strings import StringTable

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ProductTable:
    """Every product that can be shown, sorted by id. All arrays are (P,)."""

    ids: StringTable
    titles: StringTable
    names: StringTable  # brand, or nothing, and attributes that name it, a line each
    links: StringTable  # absolute
    images: StringTable  # absolute, or empty
    category: Ints
    price: Longs
    in_stock: Bools


@dataclass(frozen=True, slots=True)
class PointTable:
    """The attested selling points: those of product p are starts[p]:starts[p + 1]."""

    starts: Longs  # (P + 1,)
    phrase: Ints  # (K,) rows of the phrase table
    kind: Ints  # (K,) places in POINT_KINDS
    field: Ints  # (K,) rows of fields
    fields: StringTable
    values: StringTable  # (K,)
    locked: Bools  # (K,) those of a product stand first
    valid_until: Floats  # (K,) Unix seconds; +inf where open


@dataclass(frozen=True, slots=True)
class PhraseTable:
    """Every phrase that some product attests, once, sorted."""

    texts: StringTable
    words: RowLists  # phrase -> its words


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """Every category path once and the products under exactly that path."""

    folded: StringTable  # as they are compared, sorted
    paths: StringTable  # as the shop writes them
    products: RowLists


@dataclass(frozen=True, slots=True)
class WordTable:
    """Every stemmed word of titles, brands, categories, keywords and phrases, sorted."""

    texts: StringTable
    idf: NDArray[np.float32]  # ln(1 + products / (1 + products with the word))
    products: RowLists  # word -> products that carry it in title, brand or category


@dataclass(frozen=True, slots=True)
class SpellingTable:
    """Every word that a slip may be mended to, as it is spelled, sorted."""

    texts: StringTable
    word: Ints  # its row, stemmed
    weight: Longs  # how common it is; a keyword counts for more than all products


@dataclass(frozen=True, slots=True)
class CampaignTable:
    """Every campaign with a live ad, sorted by id. All arrays are (C,)."""

    ids: StringTable
    advertiser_ids: StringTable
    advertiser: Ints  # equal numbers are one advertiser
    active: Bools
    spent_out: Bools
    starts_at: Floats  # -inf where open
    ends_at: Floats  # +inf where open
    platforms: NDArray[np.uint64]  # bit i stands for platform i of the snapshot
    cap_impressions: Ints  # a shopper, at most; 0 is without a cap
    cap_seconds: Ints  # in any so many
    pricing: NDArray[np.int8]  # places in PRICINGS
    mixed: bool = field(init=False)  # some do not pay by click

    def __post_init__(self) -> None:
        object.__setattr__(self, "mixed", bool(self.pricing.any()))


@dataclass(frozen=True, slots=True)
class AdTable:
    """Every active ad, those of a campaign together. All arrays are (N,)."""

    ids: StringTable
    sorted_ids: StringTable
    sorted_rows: Ints  # the row of each sorted id
    product: Ints
    campaign: Ints
    bid: Longs  # micros a click
    lot_name: NDArray[np.uint64]  # under which it draws lots
    of_campaign: Longs  # (C + 1,) where each campaign's ads begin
    of_product: RowLists  # product -> its ads


@dataclass(frozen=True, slots=True)
class KeywordTable:
    """Every keyword once: its words, how it matches, and who bids on it or refuses it."""

    words: RowLists  # in the order of the keyword
    match: Ints  # (K,) places in MATCH_TYPES
    negative: Bools  # (K,)
    campaigns: RowLists
    by_word: RowLists  # word -> the keywords whose rarest word it is
