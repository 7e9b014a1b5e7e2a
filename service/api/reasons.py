"""Which of what a shopper did made an ad: read off the record of the decision."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from service.api.schemas.impressions import Reason, ReasonKind
from service.contract.tokenizer import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_OF_A_KIND = 5
_DONE = (
    ("w", ReasonKind.FEATURE_WORD),
    ("q", ReasonKind.EARLIER_SEARCH),
    ("t", ReasonKind.CLICKED_PRODUCT),
)


def reasons_of(
    request: Mapping[str, Any], award: Mapping[str, Any], locale: str
) -> tuple[Reason, ...]:
    """What the page was asked for, and what of the profile shares words with the selling points.

    `request` and `award` are as recorded. A personal title that shares words with nothing came of
    all that the shopper did lately: the model weighs it as one.
    """
    reasons = [
        Reason(kind=kind, text=request[name])
        for name, kind in (("query", ReasonKind.SEARCH), ("category", ReasonKind.CATEGORY))
        if request.get(name)
    ]
    profile = request.get("profile") or {}
    found = [
        reason
        for chosen in award.get("chosen", ())
        for reason in _behind(chosen["text"], profile, tokenizer_of(locale))
    ]
    if not found and award.get("reason") == "personal":
        found = [Reason(kind=ReasonKind.RECENT_ACTIONS)]
    return (*reasons, *found)


def _behind(point: str, profile: Mapping[str, Any], tokenizer: Tokenizer) -> Iterator[Reason]:
    """The shopper's actions that share a word with the selling point `point`."""
    said = set(tokenizer.content(point))
    for name, kind in _DONE:
        like = [text for text in profile.get(name, ()) if said & set(tokenizer.content(text))]
        for text in dict.fromkeys(like[:MOST_OF_A_KIND]):
            yield Reason(kind=kind, text=text, selling_point=point)


@lru_cache(maxsize=32)
def tokenizer_of(locale: str) -> Tokenizer:
    """The tokenizer of a locale, made once."""
    return Tokenizer(locale)
