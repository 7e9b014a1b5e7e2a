"""The `match` input of a head: features of the query, then features of the shopper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.contract.taste import title_taste

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, TextTable
    from service.contract.encoder import Contexts, Encoder


def match_of(encoder: Encoder, query: str, context: Contexts, table: TextTable) -> FloatArray:
    """Return TITLE_MATCH or PHRASE_MATCH (N, M) of one encoded request and rows of a table."""
    if "words" not in (table.dtype.names or ()):
        return encoder.phrase_match([query], [len(table)], context, table)
    terms = encoder.terms(table)
    tasted = encoder.taste(context).of(terms)
    of_query = encoder.query_match(query, table)
    return np.concatenate([of_query, title_taste(terms, tasted)], axis=1)
