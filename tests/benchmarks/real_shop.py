"""Merchants and campaigns for a catalogue that has none, by a seeded rule.

A brand belongs to one of 40 merchants; a merchant's products fall into five campaigns by what they
are (the commonest telling word of the title). A campaign bids on the words, and pairs of words,
that are commonest in its titles.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MERCHANTS = 40
CAMPAIGNS_PER_MERCHANT = 5
BROAD_KEYWORDS, PHRASE_KEYWORDS = 250, 50
BUDGET_MICROS = 10_000_000_000_000  # so large that no campaign stops during the run
_TELLING_SHARE = 0.06  # a word in more titles than this says little about a product
_WORD = re.compile(r"[^\W\d_]{2,}")
_SMALL = frozenset(
    re.findall(
        r"\w+",
        "a an and at by cu for from ft gal in is lb lbs mm no not of on or oz pack per piece sq "
        "the to with",
    )
)


@dataclass(frozen=True, slots=True)
class RealCampaign:
    """A merchant's campaign for products of a kind."""

    merchant: str
    name: str
    bid_micros: int
    products: tuple[str, ...]
    broad: tuple[str, ...]
    phrases: tuple[str, ...]


def make_campaigns(
    product_ids: Sequence[str], titles: Sequence[str], seed: int
) -> list[RealCampaign]:
    """Share the catalogue out; the same for the same seed."""
    worded = [_words(title) for title in titles]
    common = Counter(word for words in worded for word in set(words))
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row, words in enumerate(worded):
        merchant = _draw(seed, words[0] if words else "", MERCHANTS)
        kind = _draw(seed + 1, _telling(words, common, len(titles)), CAMPAIGNS_PER_MERCHANT)
        groups[merchant, kind].append(row)
    rng = np.random.default_rng(seed)
    return [
        _campaign(place, [product_ids[row] for row in rows], [worded[row] for row in rows], rng)
        for place, rows in sorted(groups.items())
    ]


def _campaign(
    place: tuple[int, int],
    products: list[str],
    worded: list[list[str]],
    rng: np.random.Generator,
) -> RealCampaign:
    merchant, kind = place
    words = Counter(word for title in worded for word in set(title))
    pairs = Counter(" ".join(pair) for title in worded for pair in set(pairwise(title)))
    return RealCampaign(
        merchant=f"Merchant {merchant + 1}",
        name=f"Merchant {merchant + 1}, kind {kind + 1}",
        bid_micros=int(500_000 * float(rng.lognormal(0.0, 0.4))),
        products=tuple(products),
        broad=_commonest(words, BROAD_KEYWORDS),
        phrases=_commonest(pairs, PHRASE_KEYWORDS),
    )


def _commonest(counts: Counter[str], most: int) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda text: (-counts[text], text))[:most])


def _words(title: str) -> list[str]:
    words: Iterable[str] = _WORD.findall(html.unescape(title).casefold())
    return [word for word in words if word not in _SMALL]


def _telling(words: list[str], common: Counter[str], titles: int) -> str:
    """The commonest word after the brand that is not in too many titles."""
    telling = [word for word in words[1:] if common[word] < _TELLING_SHARE * titles]
    return max(telling, key=lambda word: (common[word], word), default="")


def _draw(seed: int, text: str, outcomes: int) -> int:
    return crc32(f"{seed}:{text}".encode()) % outcomes
