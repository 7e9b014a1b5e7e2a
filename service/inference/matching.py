"""The `match` input of a head: features of the query, then features of the shopper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from service.contract.taste import PHRASE_TASTE, TITLE_TASTE

if TYPE_CHECKING:
    from service.contract.arrays import FloatArray, TextTable
    from service.contract.encoder import Context, Encoder


def match_of(encoder: Encoder, query: str, context: Context, table: TextTable) -> FloatArray:
    """Return TITLE_MATCH or PHRASE_MATCH (N, M) of an encoded request and rows of a table."""
    taste = encoder.taste(context)
    if "words" not in (table.dtype.names or ()):
        if taste is None:
            return np.zeros((len(table), len(PHRASE_TASTE)), np.float32)
        return encoder.phrase_taste(taste, encoder.terms(table))
    of_query = encoder.query_match(query, table)
    if taste is None:
        of_shopper = np.zeros((len(table), len(TITLE_TASTE)), np.float32)
    else:
        of_shopper = encoder.title_taste(taste, encoder.terms(table))
    return np.concatenate([of_query, of_shopper], axis=1)
