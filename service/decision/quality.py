"""How good an ad is, in words that its merchant can act on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.decision.language import Language
    from service.decision.terms import Product

EVIDENCE = 10.0  # clicks: what the model's word counts as
FEWEST = 10.0  # usual clicks from which an ad's own clicks are said to tell
BELOW_RATE, ABOVE_RATE = 0.8, 1.25  # of the usual click rate
BELOW_SHARE, ABOVE_SHARE = 0.5, 0.8  # of a keyword's words, in the mean
MOST_KEYWORDS_TOLD = 5
SHORT_TITLE = 3  # words
TOO_MANY = 3  # things that a page lacks


class Grade(StrEnum):
    """How a part of an ad's quality compares."""

    BELOW = "below"
    AVERAGE = "average"
    ABOVE = "above"


POINTS = {
    "expected_click_rate": {Grade.BELOW: 0, Grade.AVERAGE: 2, Grade.ABOVE: 4},
    "relevance": {Grade.BELOW: 0, Grade.AVERAGE: 2, Grade.ABOVE: 3},
    "product_page": {Grade.BELOW: 0, Grade.AVERAGE: 1, Grade.ABOVE: 2},
}


class Reason(NamedTuple):
    """Something that raises or lowers a part, by a code and in words."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an ad's quality, and why it is so."""

    grade: Grade
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of an ad lately. Expected clicks are those of the slots that it stood in."""

    impressions: int = 0
    clicks: int = 0
    predicted_clicks: float = 0.0  # what the ranker's probabilities make
    usual_clicks: float = 0.0  # what the store's ads together get there


def score(click_rate: Part, relevance: Part, page: Part) -> int:
    """The parts as one number, 1 to 10; 6 if each is average.

    1 + 0, 2 or 4 for the click rate + 0, 2 or 3 for relevance + 0, 1 or 2 for the page.
    """
    parts = zip(POINTS.values(), (click_rate, relevance, page), strict=True)
    return 1 + sum(points[part.grade] for points, part in parts)


def expected_click_rate(shown: Shown) -> Part:
    """How often it is clicked, by what was seen and what the ranker thinks.

    rate = (clicks + 10 * predicted / usual) / (usual + 10), of the usual click rate: the ranker's
    word counts as much as ten clicks.
    """
    if not shown.usual_clicks:
        none = f"shown {shown.impressions} times lately, where nobody clicked on any ad"
        return Part(Grade.AVERAGE, (Reason("not_known", none),))
    prior = EVIDENCE * shown.predicted_clicks / shown.usual_clicks
    rate = (shown.clicks + prior) / (shown.usual_clicks + EVIDENCE)
    told = (
        f"{shown.clicks} clicks on {shown.impressions} impressions, where the shop's ads get"
        f" {shown.usual_clicks:.1f} and the model expects {shown.predicted_clicks:.1f}"
    )
    few = [Reason("few_impressions", told)] if shown.usual_clicks < FEWEST else []
    if rate < BELOW_RATE:
        return Part(Grade.BELOW, tuple(few or [Reason("fewer_clicks", told)]))
    if rate > ABOVE_RATE:
        return Part(Grade.ABOVE, tuple(few or [Reason("more_clicks", told)]))
    return Part(Grade.AVERAGE, tuple(few))


def relevance(keywords: Sequence[str], product: Product, language: Language) -> Part:
    """How much of what the campaign bids on the product says in title, brand and category."""
    texts = (product.title, product.brand, product.category)
    said = set(chain.from_iterable(language.words(text) for text in texts))
    shares = sorted(
        (sum(word in said for word in words) / len(words), text, words)
        for text in keywords
        if (words := tuple(dict.fromkeys(language.telling(language.words(text)))))
    )
    if not shares:
        return Part(Grade.AVERAGE, (Reason("no_keywords", "the campaign has no keywords"),))
    mean = sum(share for share, *_ in shares) / len(shares)
    reasons = tuple(
        Reason(
            "keyword_not_said",
            f"{text!r}: {round(share * len(words))} of {len(words)} words are in the product's"
            " title, brand or category",
        )
        for share, text, words in shares[:MOST_KEYWORDS_TOLD]
        if share < 1
    )
    if mean < BELOW_SHARE:
        return Part(Grade.BELOW, reasons)
    return Part(Grade.ABOVE if mean >= ABOVE_SHARE else Grade.AVERAGE, reasons)


def product_page(product: Product, language: Language) -> Part:
    """What a shopper finds behind the ad: below if it is sold out, or lacks three things."""
    reasons = tuple(_lacks(product, language))
    if not product.in_stock or len(reasons) >= TOO_MANY:
        return Part(Grade.BELOW, reasons)
    return Part(Grade.AVERAGE if reasons else Grade.ABOVE, reasons)


def _lacks(product: Product, language: Language) -> Iterator[Reason]:
    if not product.in_stock:
        yield Reason("out_of_stock", "the product is sold out: its ads are not shown")
    if not product.image_link:
        yield Reason("no_image", "the product has no picture")
    if not product.description:
        yield Reason("no_description", "the product has no description")
    if not (product.highlights or product.attributes):
        yield Reason("no_highlights", "the product has neither highlights nor attributes to show")
    if len(language.words(product.title)) < SHORT_TITLE:
        yield Reason("short_title", f"its title has fewer than {SHORT_TITLE} words")
