"""What a serving process may still promise of each budget, by short leases.

What was shown and may yet be clicked is in flight:
    in_flight <- in_flight + price * rate             with each award
    in_flight <- in_flight * exp(-seconds / delay)    with each new look at the ledger
where `delay` is how long a click takes on average. A lease says how much a server may have in
flight of a campaign; who has more stops showing it. Without news from the ledger nothing lands:
what is left then has to last for all that is shown. Times are on one clock that never jumps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import TYPE_CHECKING, Final, NamedTuple

from service.decision.accounts import account_of
from service.decision.terms import PPM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from service.decision.terms import AwardedAd

RENEWALS_AHEAD: Final = 20
"""A lease covers what is in flight, and as many times what was awarded since the last one."""

LANDED_MICROS: Final = 1.0


class Lease(NamedTuple):
    """What a server may have in flight of one campaign, in micros."""

    granted: int
    free: int  # that no server holds


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of one server by campaign; one that is missing has no limit that is known."""

    epoch: int
    tick: str  # another one each time that the ledger was read
    delay_seconds: float  # how long a click takes to come, on average
    servers: int
    of: Mapping[str, Lease]


@dataclass(slots=True)
class Flight:
    """What one process has in flight of one campaign, in micros."""

    micros: float = 0.0
    lately: float = 0.0  # awarded since the last renewal
    dearest: int = 0  # price


@dataclass(slots=True)
class Allowance:
    """What one process has in flight in one store, and the leases of the last answer.

    Flights and leases are those of campaigns, and of their accounts on platforms with limits.
    """

    flights: dict[str, Flight] = field(default_factory=dict)
    leases: Leases | None = None
    landed_at: float = 0.0  # when the ledger was last seen to move

    def take(
        self,
        awards: Iterable[AwardedAd],
        now: float,
        platform: str = "",
        limited: AbstractSet[str] = frozenset(),
    ) -> None:
        """Count what `awards` on `platform` will cost, as likely as they are to be paid for.

        `limited` names the accounts that are counted beside their campaigns.
        """
        if not self.flights:
            self.landed_at = now  # nothing was there to land
        for awarded in awards:
            award = awarded.award
            micros = award.price * (award.ad.due_ppm or award.ad.quality_ppm) / PPM
            self._count(awarded.campaign_id, micros, award.price)
            if limited and (name := account_of(awarded.campaign_id, platform)) in limited:
                self._count(name, micros, award.price)

    def _count(self, name: str, micros: float, price: int) -> None:
        flight = self.flights.get(name)
        if flight is None:
            flight = self.flights[name] = Flight()
        flight.micros += micros
        flight.lately += micros
        flight.dearest = max(flight.dearest, price)

    def wanted(self) -> dict[str, int]:
        """The micros to lease of each: in flight, a while ahead, and one click more."""
        return {
            campaign_id: int(flight.micros + flight.lately * RENEWALS_AHEAD) + flight.dearest + 1
            for campaign_id, flight in self.flights.items()
        }

    def renewed(self, leases: Leases, now: float) -> bool:
        """Take an answer in, unless it is of a Redis that remembers another time."""
        before = self.leases
        if before is not None and leases.epoch < before.epoch:
            return False
        if before is None or leases.tick != before.tick:
            self._land(now - self.landed_at, leases.delay_seconds)
            self.landed_at = now
        self.leases = leases
        for flight in self.flights.values():
            flight.lately = 0.0
        return True

    def _land(self, seconds: float, delay_seconds: float) -> None:
        kept = exp(-seconds / max(delay_seconds, 1.0))
        for campaign_id, flight in list(self.flights.items()):
            flight.micros *= kept
            if flight.micros < LANDED_MICROS:
                del self.flights[campaign_id]

    def short(self, *, away: bool) -> frozenset[str]:
        """Campaigns and accounts with more in flight than is leased.

        While Redis is `away` a server takes its share of what nobody held: all of them together
        never promise more than was left.
        """
        leases = self.leases
        if leases is None:
            return frozenset()
        share = 1 / leases.servers if away else 0.0
        return frozenset(
            campaign_id
            for campaign_id, flight in self.flights.items()
            if (lease := leases.of.get(campaign_id)) is not None
            and flight.micros >= lease.granted + lease.free * share
        )
