"""The settings that fix how text becomes numbers; part of every bundle's manifest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import gt

from service.contract.history import HISTORY_LIMIT, QUERY_LIMIT, TITLE_LIMIT


@dataclass(frozen=True, slots=True)
class Encoding:
    """Language and widths: how many ids a text of each kind gets, how many events a history."""

    locale: str = "en"
    stem: bool = True
    query_words: int = 12
    title_words: int = 24  # all words in order, for matching
    title_content: int = 16  # distinct content words and pairs, for embeddings and taste
    phrase_content: int = 4
    history: int = HISTORY_LIMIT  # feature words
    titles: int = TITLE_LIMIT
    queries: int = QUERY_LIMIT

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is int and not 1 <= value <= 1024:  # noqa: PLR2004 - any sane width
                message = f"encoding width {field.name} is {value}, not within 1 to 1024"
                raise ValueError(message)
        limits = (HISTORY_LIMIT, TITLE_LIMIT, QUERY_LIMIT)
        if any(map(gt, (self.history, self.titles, self.queries), limits)):
            words, titles, queries = limits
            message = (
                f"histories hold at most {words} events and {queries} queries, {titles} titles"
            )
            raise ValueError(message)
