"""Lays a catalogue out as the flat arrays of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.decision.language import correctable
from service.decision.lists import RowLists
from service.decision.reading import fold_category
from service.decision.strings import StringTable
from service.decision.tables import (
    CategoryTable,
    KeywordTable,
    PhraseTable,
    PointTable,
    ProductTable,
    SpellingTable,
    WordTable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.decision.reading import ProductReading
    from service.decision.tables import Ints


def by_bytes(texts: Iterable[str]) -> list[str]:
    """`texts` without repeats, in the order of their UTF-8 bytes, as sorted tables want them."""
    return sorted(set(texts), key=str.encode)


def rows_of(texts: Sequence[str]) -> dict[str, int]:
    """Text -> its row."""
    return {text: row for row, text in enumerate(texts)}


def index_products(
    readings: Sequence[ProductReading], categories: Mapping[str, int]
) -> ProductTable:
    """The product table; `readings` are sorted by product id."""
    products = [reading.product for reading in readings]
    return ProductTable(
        ids=StringTable.of([product.product_id for product in products]),
        titles=StringTable.of([reading.title for reading in readings]),
        names=StringTable.of(["\n".join(reading.names) for reading in readings]),
        links=StringTable.of([reading.link for reading in readings]),
        images=StringTable.of([reading.image for reading in readings]),
        category=np.array([categories[reading.category] for reading in readings], np.int32),
        price=np.array([product.price for product in products], np.int64),
        in_stock=np.array([product.in_stock for product in products], np.bool_),
    )


def index_categories(
    readings: Sequence[ProductReading],
) -> tuple[CategoryTable, dict[str, int]]:
    """The category table and the row of each folded path."""
    shown = {reading.category: reading.product.category for reading in reversed(readings)}
    folded = by_bytes(shown)
    rows = rows_of(folded)
    of_product = RowLists.of([[rows[reading.category]] for reading in readings])
    table = CategoryTable(
        folded=StringTable.of(folded),
        paths=StringTable.of([shown[path] for path in folded]),
        products=of_product.inverted(len(folded)),
    )
    return table, rows


def index_words(
    readings: Sequence[ProductReading], others: Iterable[Iterable[str]]
) -> tuple[WordTable, dict[str, int]]:
    """The word table, with the words of `others` besides, and the row of each word."""
    known = {word for reading in readings for word in reading.words}
    texts = by_bytes(known.union(*others))
    rows = rows_of(texts)
    of_product = RowLists.of([[rows[word] for word in reading.words] for reading in readings])
    products = of_product.inverted(len(texts))
    carriers = np.diff(products.starts)
    idf = np.log1p(len(readings) / (1.0 + carriers)).astype(np.float32)
    return WordTable(StringTable.of(texts), idf, products), rows


def spellings_of(readings: Iterable[ProductReading], texts: Iterable[str]) -> set[str]:
    """The words, as they are spelled, of all products and of `texts`, that slips are mended to."""
    products = (
        f"{reading.title} {reading.product.brand} {reading.category}" for reading in readings
    )
    return set().union(*map(correctable, products), *map(correctable, texts))


def index_spellings(
    spelled: Iterable[str],
    words: Mapping[str, Sequence[str]],
    rows: Mapping[str, int],
    table: WordTable,
    keywords: KeywordTable,
) -> SpellingTable:
    """The spelling table of those of `spelled` that are one word, which `words` knows."""
    single = {text: words[text][0] for text in by_bytes(spelled) if len(words[text]) == 1}
    found = {text: rows[word] for text, word in single.items() if word in rows}
    word = np.array(list(found.values()), np.int32)
    bids = np.bincount(keywords.words.values, minlength=len(rows))
    carriers = np.diff(table.products.starts)
    weight = bids * (carriers.sum() + 1) + carriers
    return SpellingTable(StringTable.of(list(found)), word, weight[word])


def index_phrases(
    words_of: Mapping[str, Sequence[str]], rows: Mapping[str, int]
) -> tuple[PhraseTable, dict[str, int]]:
    """The phrase table of all phrases in `words_of`, and the row of each phrase."""
    texts = by_bytes(words_of)
    words = RowLists.of([[rows[word] for word in words_of[text]] for text in texts])
    return PhraseTable(StringTable.of(texts), words), rows_of(texts)


def index_points(
    readings: Sequence[ProductReading], phrases: Mapping[str, int], kinds: Sequence[str]
) -> PointTable:
    """The selling points of all products, in product order."""
    points = [point for reading in readings for point in reading.points]
    fields = by_bytes(point.evidence_field for point in points)
    field_rows, kind_rows = rows_of(fields), rows_of(kinds)
    starts = np.zeros(len(readings) + 1, np.int64)
    np.cumsum([len(reading.points) for reading in readings], out=starts[1:])
    return PointTable(
        starts=starts,
        phrase=np.array([phrases[point.text] for point in points], np.int32),
        kind=np.array([kind_rows[point.kind] for point in points], np.int32),
        field=np.array([field_rows[point.evidence_field] for point in points], np.int32),
        fields=StringTable.of(fields),
        values=StringTable.of([point.evidence_value for point in points]),
        locked=np.array([point.locked for point in points], np.bool_),
        valid_until=np.array([point.valid_until for point in points], np.float64),
    )


def category_rows(category: str, table: CategoryTable) -> Ints:
    """The rows of `category` and of all that lie under it: "Tools" holds "Tools > Hammers"."""
    wanted = fold_category(category)
    if not wanted:
        return np.empty(0, np.int32)
    own = table.folded.find(wanted)
    under = range(table.folded.rank(wanted + ">"), table.folded.rank(wanted + ">\U0010ffff"))
    return np.array([own, *under] if own >= 0 else list(under), np.int32)
