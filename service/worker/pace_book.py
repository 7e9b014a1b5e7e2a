"""What the pacing worker remembers of campaigns from one look to the next, and makes of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from service.decision.accounts import account_of
from service.decision.expected_traffic import expected_between
from service.decision.pace import (
    Interval,
    Pacer,
    Worth,
    multiplier_of,
    pace_of,
    step,
    step_to_roas,
)
from service.decision.terms import PPM
from service.decision.unclicked import Unclicked
from service.store.paces import PaceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.decision.expected_traffic import Schedule
    from service.decision.tables import Floats
    from service.store.paces import PacedCampaign, Sales, Shown

    Between = Callable[[str, float, float, Schedule, float], float]


@dataclass(frozen=True, slots=True)
class _Watched:
    """A campaign as it was at the last look."""

    day: str
    at: float
    committed: float  # micros of the day: charged, and what open ads may cost
    click_price: float
    full_price: float  # of a click, if bids were not paced
    unclicked: Unclicked
    pacer: Pacer


@dataclass(slots=True)
class PaceBook:
    """Campaigns and accounts under watch, by name. No clock of its own, no store."""

    _watched: dict[str, _Watched] = field(default_factory=dict)

    def look(
        self,
        campaigns: Sequence[PacedCampaign],
        shown: Sequence[Shown],
        weeks: Mapping[str, Floats],
        sales: Mapping[str, Sales],
    ) -> list[PaceRow]:
        """The paces of `campaigns` from now on.

        `shown` are the ads since the last look, `weeks` what each store expects of a week. A store
        that nobody asked anything tells nothing, so its campaigns keep their paces. One whose
        `sales` are not known keeps what its target made of it. Accounts stand behind their
        campaigns, and are held to the return that is asked of those.
        """
        asked = {one.store_id for one in shown}
        ads = _by_account(shown)

        @cache  # the campaigns of a store share their days
        def between(
            store_id: str, start: float, end: float, schedule: Schedule, monday: float
        ) -> float:
            return expected_between(weeks[store_id], start, end, schedule, monday)

        before, self._watched = self._watched, {}
        for campaign in campaigns:
            was = before.get(campaign.account) or _first_sight(campaign)
            now = _seen(was, campaign, ads[campaign.account])
            pacer = now.pacer
            if campaign.store_id in asked and was.day == campaign.day:
                pacer = _step(was, now, campaign, between)
            if campaign.platform:
                whole = self._watched.get(campaign.campaign_id)
                pacer = replace(pacer, roas=whole.pacer.roas if whole else 1.0)
            else:
                pacer = _step_to_roas(replace(now, pacer=pacer), campaign, sales)
            self._watched[campaign.account] = replace(now, pacer=pacer)
        return [_row(campaign, self._watched[campaign.account]) for campaign in campaigns]


def _by_account(shown: Sequence[Shown]) -> defaultdict[str, list[Shown]]:
    """What was shown by campaign, and once more by campaign and platform."""
    ads: defaultdict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        if one.campaign_id is not None:
            ads[one.campaign_id].append(one)
            if one.platform is not None:
                ads[account_of(one.campaign_id, one.platform)].append(one)
    return ads


def _first_sight(campaign: PacedCampaign) -> _Watched:
    """Goes on at the pace that was written; the first look only begins an interval."""
    multiplier = multiplier_of(campaign.pace)
    experience = 1.0 if campaign.was_paced else 0.0
    return _Watched(
        day="",
        at=campaign.now,
        committed=0.0,
        click_price=max(1.0, campaign.bid * multiplier),
        full_price=float(campaign.bid),
        unclicked=Unclicked(),
        pacer=Pacer(multiplier, campaign.roas_ppm / PPM, experience),
    )


def _seen(was: _Watched, campaign: PacedCampaign, ads: Sequence[Shown]) -> _Watched:
    unclicked, price, full = was.unclicked, was.click_price, was.full_price
    for one in sorted(ads, key=lambda one: one.ts) if campaign.by_click else ():
        unclicked = unclicked.with_shown(one.ts, one.micros)
    clicks = sum(one.clicks for one in ads)
    if clicks:
        price = max(1.0, sum(one.micros for one in ads) / clicks)
        full = price * PPM / pace_of(was.pacer.multiplier, campaign.least_bid).bid_ppm
    unclicked = unclicked.later(campaign.now)
    committed = campaign.flight.spent + unclicked.micros
    return _Watched(campaign.day, campaign.now, committed, price, full, unclicked, was.pacer)


def _step(was: _Watched, now: _Watched, campaign: PacedCampaign, between: Between) -> Pacer:
    flight, budget = campaign.flight, campaign.flight.budget if campaign.even else None
    if budget is None:
        return replace(now.pacer, budget=1.0)
    whole = between(campaign.store_id, flight.starts, flight.ends, flight.schedule, flight.monday)
    if budget <= 0 or whole <= 0:
        return now.pacer
    passed, gone = (
        between(campaign.store_id, start, end, flight.schedule, flight.monday) / whole
        for start, end in ((was.at, now.at), (flight.starts, was.at))
    )
    seen = Interval(
        budget=budget,
        left=budget - was.committed,
        spent=now.committed - was.committed,
        traffic=passed,
        traffic_left=1.0 - gone,
        click_price=now.click_price,
    )
    return step(now.pacer, seen)


def _step_to_roas(now: _Watched, campaign: PacedCampaign, sales: Mapping[str, Sales]) -> Pacer:
    if campaign.target_roas_ppm is None:
        return replace(now.pacer, roas=1.0)
    brought = sales.get(campaign.campaign_id)
    if brought is None:
        return now.pacer
    target = campaign.target_roas_ppm / PPM
    return step_to_roas(now.pacer, Worth(target, brought.value, brought.clicks, now.full_price))


def _row(campaign: PacedCampaign, now: _Watched) -> PaceRow:
    return PaceRow(
        campaign.account,
        pace_of(now.pacer.multiplier, campaign.least_bid),
        max(1, round(now.pacer.roas * PPM)),
        campaign.flight.spent,
    )
