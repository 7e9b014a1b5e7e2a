"""Which ads, at what price, under which titles: the whole decision on one page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.decision.accounts import stopped_on
from service.decision.auction import front_of_line, run_auction
from service.decision.choose import Titling, choose_points
from service.decision.eligible import pick_candidates
from service.decision.explain import explain
from service.decision.paced import NO_PACES, left_out, pace_found
from service.decision.pacing import met
from service.decision.policy import Highlight
from service.decision.priced import on_their_terms, weigh
from service.decision.rank import rank
from service.decision.retrieve import retrieve
from service.decision.show import show
from service.decision.terms import Decision, ScoredAd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from service.decision.choose import Choices
    from service.decision.eligible import Candidates
    from service.decision.pace import Pace
    from service.decision.paced import Paces
    from service.decision.rank import Ranked
    from service.decision.retrieve import Found
    from service.decision.scorers import Scorers
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools
    from service.decision.terms import AdQuery, Award


@dataclass(frozen=True, slots=True)
class Case:
    """One request to decide on, its moment in Unix seconds, and the seed of its lots."""

    query: AdQuery
    now: float
    seed: int


@dataclass(frozen=True, slots=True)
class _Contest:
    """A case with the ads that stand in its auction."""

    case: Case
    found: Found
    candidates: Candidates
    paces: Mapping[str, Pace]  # other than full, of the campaigns found
    spent_out: tuple[str, ...]  # of them


@dataclass(frozen=True, slots=True)
class _Sale:
    """A contest that was held: how its ads ranked, who won, and for which products."""

    contest: _Contest
    ranked: Ranked
    awards: Sequence[Award]
    products: Sequence[int]  # rows

    @property
    def titling(self) -> Titling:
        case = self.contest.case
        return Titling(case.query, self.contest.found.words, self.products, case.now, case.seed)


def decide(
    query: AdQuery,
    snapshot: Snapshot,
    scorers: Scorers,
    *,
    now: float,
    seed: int,
    spent_out: AbstractSet[str],
) -> Decision:
    """Answer one `query`, asked `now`, as `decide_together` would in any company."""
    case = Case(query, now, seed)
    return decide_together([case], snapshot, scorers, spent_out=spent_out)[0]


def _unheard(_stage: str) -> None:
    """Nobody asked how long stages take."""


def decide_together(
    cases: Sequence[Case],
    snapshot: Snapshot,
    scorers: Scorers,
    *,
    spent_out: AbstractSet[str],
    paces: Paces = NO_PACES,
    ended: Callable[[str], None] = _unheard,
) -> list[Decision]:
    """Answer each of `cases` from `snapshot`: the same case gives the same decision.

    `spent_out` names campaigns whose budget ran out since the snapshot was built, or what they
    may spend on one platform (`decision.accounts`); `paces` lower the bids of others. A model is
    asked once for all cases, which costs less than once for each. A model that fails degrades
    answers, never prevents them. `ended` is told the name of each stage when all cases are
    through it.
    """
    contests = [_open(case, snapshot, spent_out, paces) for case in cases]
    held = [contest for contest in contests if len(contest.candidates.rows)]
    ended("candidates")
    ranked = rank([one.candidates for one in held], [one.case.query for one in held], scorers)
    ended("rank")
    sales = [_sell(contest, one, snapshot) for contest, one in zip(held, ranked, strict=True)]
    ended("auction")
    chosen = choose_points([sale.titling for sale in sales], snapshot, scorers)
    ended("selling_points")
    filled = iter([_fill(sale, one, snapshot) for sale, one in zip(sales, chosen, strict=True)])
    ended("titles")
    return [
        next(filled) if len(contest.candidates.rows) else _no_fill(contest) for contest in contests
    ]


def _open(case: Case, snapshot: Snapshot, spent_out: AbstractSet[str], paces: Paces) -> _Contest:
    found, slow = retrieve(case.query, snapshot), NO_PACES.of
    platform = case.query.placement.platform
    spent_out, paces = stopped_on(platform, spent_out, snapshot), paces.on(platform)
    out: list[tuple[str, Bools]] = []
    if paces:
        slowed = pace_found(found, paces, snapshot)
        found, slow = slowed.found, slowed.paces
        if slowed.leaves_out:
            out = left_out(found, paces, snapshot, case.seed)
    candidates = pick_candidates(
        found, case.query, snapshot, now=case.now, spent_out=spent_out, left_out=out
    )
    return _Contest(case, found, candidates, slow, met(found, snapshot, spent_out))


def _sell(contest: _Contest, ranked: Ranked, snapshot: Snapshot) -> _Sale:
    query = contest.case.query
    slots = min(query.slots, query.placement.slots)
    placement = query.placement
    ranked = weigh(contest.candidates, ranked, snapshot, placement.reserve)
    awards = run_auction(
        _contenders(contest, ranked, snapshot, slots=slots),
        slots=slots,
        reserve=placement.reserve,
        rule=placement.rule,
        exposure_ppm=placement.exposure_ppm,
    )
    products = [snapshot.names(award.ad.row).product for award in awards]
    return _Sale(contest, ranked, awards, products)


def _contenders(
    contest: _Contest, ranked: Ranked, snapshot: Snapshot, *, slots: int
) -> list[ScoredAd]:
    """The candidates that can win or set a price."""
    candidates, terms = contest.candidates, ranked.terms
    front, lots = front_of_line(
        candidates.bid * ranked.rate_ppm if terms is None else terms.values,
        candidates.lot_name,
        seed=contest.case.seed,
        slots=slots,
        rivals=candidates.rivals,
    )
    rows = candidates.rows[front].tolist()
    drawn = zip(
        rows,
        [snapshot.names(row) for row in rows],
        candidates.bid[front].tolist(),
        ranked.quality_ppm[front].tolist(),
        lots,
        ranked.rate_ppm[front].tolist(),
        strict=True,
    )
    ads = [
        ScoredAd(row, names.ad_id, names.product_id, bid, quality, lot, rate)
        for row, names, bid, quality, lot, rate in drawn
    ]
    return ads if terms is None else on_their_terms(ads, front, terms)


def _fill(sale: _Sale, chosen: Choices, snapshot: Snapshot) -> Decision:
    query, candidates = sale.contest.case.query, sale.contest.candidates
    shown = [
        show(award, product, choice, query.placement, snapshot)
        for award, product, choice in zip(sale.awards, sale.products, chosen.choices, strict=True)
    ]
    if query.policy.highlight is not Highlight.CHOSEN:
        shown = [replace(one, title=query.policy.marked(one.title)) for one in shown]
    return Decision(
        awards=tuple(shown),
        no_fill_reason=None if shown else "below_reserve",
        degraded=sale.ranked.degraded + chosen.degraded,
        candidates=len(candidates.rows),
        filtered=candidates.filtered,
        trace=explain(candidates, sale.ranked, snapshot) if query.explain else (),
        paces=sale.contest.paces,
        spent_out=sale.contest.spent_out,
    )


def _no_fill(contest: _Contest) -> Decision:
    """No ads, and the one reason why, or "all_filtered" where several removed them."""
    filtered = contest.candidates.filtered
    reasons = list(filtered)
    reason = contest.found.nothing or (reasons[0] if len(reasons) == 1 else "all_filtered")
    return Decision((), reason, (), 0, filtered, paces=contest.paces, spent_out=contest.spent_out)
