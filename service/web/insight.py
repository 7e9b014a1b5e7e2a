"""What just happened: one answer of the service with its explanation, for people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from service.web.cards import price_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.decision.terms import Product
    from service.web.rest_client import AdAnswer

LINES = 8
"""How many of the candidates are shown, best value first."""

FILTERS = {
    "below_relevance": "their product has too little of the query for this placement",
    "below_reserve": "bid less than this placement asks for",
    "campaign_paused": "their campaign is paused",
    "capped": "the shopper saw their campaign as often as it allows",
    "duplicate_product": "bid on a product that a higher bid of the line stands for",
    "ended": "their campaign has ended",
    "excluded": "the page asked to leave them out",
    "hidden_by_shopper": "the shopper hid them",
    "just_bought": "the shopper just bought the product",
    "negative_keyword": "their campaign refuses this query",
    "not_started": "their campaign has not begun",
    "off_schedule": "run at other hours",
    "off_topic": "answer less of the query than others do",
    "organic": "stand among the shop's own results",
    "out_of_stock": "sold out",
    "paced": "sit this one out, so that their budget lasts the day",
    "spent_out": "their campaign's budget is spent",
    "wrong_platform": "their campaign does not run here",
}
GROUNDS = {
    "personal": "chosen for this shopper: what they clicked before was read",
    "prior": "chosen for this search: nothing is known of the shopper",
    "common": "what most products say: an experiment asked for it",
    "explored": "drawn by lot, to learn what titles do",
    "plain": "the merchant's own title: nothing true was worth adding",
}
PARTS = {
    "linear_rank": "ranked by words and bids alone, without the model",
    "no_decision": "nothing could be decided",
    "no_profile": "the shopper's profile could not be read in time",
    "no_snapshot": "no catalogue is loaded yet",
    "plain_titles": "titles without selling points",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the time that the answer took; `share` is in percent of all."""

    name: str
    microseconds: int
    share: int


@dataclass(frozen=True, slots=True)
class Line:
    """How one candidate stood in the auction. Winners have a slot, a price and grounds."""

    name: str
    pctr: str
    bid: str
    value: str
    slot: int | None = None
    price: str = ""
    grounds: str = ""
    points: tuple[tuple[str, str], ...] = ()  # (phrase, score)


@dataclass(frozen=True, slots=True)
class Insight:
    """All that the panel says of one answer."""

    candidates: int
    filters: tuple[tuple[str, str, int], ...]  # (code, in words, how many), most first
    lines: tuple[Line, ...]
    stages: tuple[Stage, ...]
    degraded: tuple[tuple[str, str], ...]  # (code, in words)
    models: tuple[str, ...]
    snapshot: str
    request_id: str

    @property
    def found(self) -> int:
        """How many ads the query found at all."""
        return self.candidates + sum(count for _, _, count in self.filters)

    @property
    def grounds(self) -> tuple[tuple[str, str], ...]:
        """On what grounds the winners' titles were made: (code, in words)."""
        named = dict.fromkeys(line.grounds for line in self.lines if line.slot is not None)
        return tuple((code, GROUNDS.get(code, code)) for code in named)


def insight_of(answer: AdAnswer, products: Mapping[str, Product]) -> Insight | None:
    """What the panel says; None where the service explained nothing."""
    told = answer.explain
    if told is None:
        return None
    return Insight(
        candidates=told["candidates"],
        filters=_filters(told["filtered"]),
        lines=tuple(islice(_lines(answer, told["auction"], products), LINES)),
        stages=_stages(told["stages_us"], answer.took_ms or 0.0),
        degraded=tuple((part, PARTS.get(part, _spaced(part))) for part in answer.degraded),
        models=tuple(told["models"]),
        snapshot=told["snapshot"] or "none",
        request_id=answer.request_id,
    )


def _filters(filtered: Mapping[str, int]) -> tuple[tuple[str, str, int], ...]:
    ordered = sorted(filtered.items(), key=lambda pair: -pair[1])
    return tuple((code, FILTERS.get(code, _spaced(code)), count) for code, count in ordered)


def _lines(
    answer: AdAnswer, auction: Sequence[Mapping[str, Any]], products: Mapping[str, Product]
) -> Iterator[Line]:
    """The winners from the top, then the others, best value first."""
    standing = {line["ad_id"]: line for line in auction}
    won = [ad for ad in answer.ads if ad["ad_id"] in standing]
    for ad in won:
        yield _winner(ad, standing.pop(ad["ad_id"]), products)
    for line in standing.values():
        yield _line(line, products)


def _winner(
    ad: Mapping[str, Any], line: Mapping[str, Any], products: Mapping[str, Product]
) -> Line:
    why = ad["explain"]
    return _line(
        line,
        products,
        slot=ad["slot"] + 1,
        price=price_text(why["price_micros"]),
        grounds=why["reason"],
        points=tuple((point["text"], f"{point['score']:.3f}") for point in why["selling_points"]),
    )


def _line(line: Mapping[str, Any], products: Mapping[str, Product], **more: Any) -> Line:
    product = products.get(line["product_id"])
    return Line(
        name=product.title if product else line["product_id"],
        pctr=f"{line['quality_ppm'] / 10_000:.2f} %",
        bid=price_text(line["bid_micros"]),
        value=price_text(line["value"] // 1000),  # micros for 1,000 times shown
        **more,
    )


def _stages(stages_us: Mapping[str, int], took_ms: float) -> tuple[Stage, ...]:
    """The stages as they were told, and what is left of the whole."""
    took = max(round(took_ms * 1000), sum(stages_us.values()), 1)
    rest = took - sum(stages_us.values())
    every = {_spaced(name): spent for name, spent in stages_us.items()} | {"the rest": rest}
    return tuple(Stage(name, spent, round(100 * spent / took)) for name, spent in every.items())


def _spaced(code: str) -> str:
    return code.replace("_", " ")
