"""What a query calls for, at the bids that its campaigns are paced to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from service.decision.accounts import AT
from service.decision.auction import lot_name
from service.decision.pace import CLOSED, UNPACED, Pace, admitted, paced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.decision.auction import Lots
    from service.decision.retrieve import Found, Places
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Bools, Ints, Longs


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """The paces of a store's campaigns by id, as they were told at one moment.

    One that is not named bids in full. `there` has those of each platform on which some campaign
    has a pace of its own. Two are the same only if they are one object: what was worked out with
    them is remembered under that.
    """

    of: Mapping[str, Pace]
    there: Mapping[str, Paces] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.of)

    def says_as(self, other: Paces) -> bool:
        """Whether all bids are paced as `other` has it."""
        return (
            self.of == other.of
            and self.there.keys() == other.there.keys()
            and all(paces.of == other.there[name].of for name, paces in self.there.items())
        )

    def on(self, platform: str) -> Paces:
        """Those that hold on `platform`."""
        return self.there.get(platform, self) if self.there else self


def paces_of(told: Mapping[str, Pace]) -> Paces:
    """The paces `told` by campaign, or by account where one has a platform of its own.

    There its own pace holds in place of the campaign's, unless the campaign is closed.
    """
    everywhere: dict[str, Pace] = {}
    there: defaultdict[str, dict[str, Pace]] = defaultdict(dict)
    for name, pace in told.items():
        campaign_id, at, platform = name.partition(AT)
        (there[platform] if at else everywhere)[campaign_id] = pace
    shut = {name: pace for name, pace in everywhere.items() if pace == CLOSED}
    return Paces(
        everywhere,
        {platform: Paces({**everywhere, **own, **shut}) for platform, own in there.items()},
    )


_ABOVE_ANY_BID: Final = 1 << 40  # times a thousand products stays far inside 64 bits

NO_PACES: Final = Paces({})


@dataclass(frozen=True, slots=True, eq=False)
class PaceTable:
    """Paces by campaign row: all (C,)."""

    bid_ppm: Longs
    admit_ppm: Longs
    lot_name: Lots
    slow: Mapping[int, tuple[str, Pace]]  # row -> id and pace, where it is not full


@dataclass(frozen=True, slots=True, eq=False)
class PacedFound:
    """What was found as it is paced, and the paces other than full that it met, by campaign."""

    found: Found
    paces: Mapping[str, Pace]
    leaves_out: bool


def pace_table(paces: Paces, snapshot: Snapshot) -> PaceTable:
    """`paces` by the rows of `snapshot`, worked out once for both."""
    known = snapshot.memory.pace_tables.get(paces)
    return known or snapshot.memory.pace_tables.put(paces, _table(paces, snapshot))


def pace_found(found: Found, paces: Paces, snapshot: Snapshot) -> PacedFound:
    """`found` with each bid times its campaign's pace, and in the order of these bids."""
    key = (found, paces)
    known = snapshot.memory.paced.get(key)
    return known or snapshot.memory.paced.put(key, _pace(found, paces, snapshot))


def left_out(found: Found, paces: Paces, snapshot: Snapshot, seed: int) -> list[tuple[str, Bools]]:
    """Reasons and the ads (n,) whose campaigns do not take part in the request of this seed."""
    table, campaign = pace_table(paces, snapshot), found.campaign
    admit_ppm = table.admit_ppm[campaign]
    out: Bools = ~admitted(table.lot_name[campaign], admit_ppm, seed)
    closed: Bools = admit_ppm == CLOSED.admit_ppm
    return [("off_schedule", closed), ("paced", out & ~closed)]


def _table(paces: Paces, snapshot: Snapshot) -> PaceTable:
    ids = snapshot.campaigns.ids
    bid_ppm, admit_ppm = (np.full(len(ids), full, np.int64) for full in UNPACED)
    names, slow = np.zeros(len(ids), np.uint64), {}
    for campaign_id, pace in paces.of.items():
        row = ids.find(campaign_id)
        if row >= 0 and pace != UNPACED:
            bid_ppm[row], admit_ppm[row] = pace
            names[row] = lot_name(campaign_id)
            slow[row] = (campaign_id, pace)
    return PaceTable(bid_ppm, admit_ppm, names, slow)


def _pace(found: Found, paces: Paces, snapshot: Snapshot) -> PacedFound:
    table = pace_table(paces, snapshot)
    met = set(found.campaign.tolist())
    slow = dict(table.slow[row] for row in sorted(met & table.slow.keys()))
    if not slow:
        return PacedFound(found, slow, leaves_out=False)
    bids = paced(found.bid, table.bid_ppm[found.campaign])
    leaves_out = any(pace.admit_ppm < UNPACED.admit_ppm for pace in slow.values())
    return PacedFound(_in_order(found, bids), slow, leaves_out)


def _in_order(found: Found, bids: Longs) -> Found:
    """`found` at other bids: products by their best match, then by bid; their ads by bid."""
    leads = np.diff(found.group, prepend=-1) != 0
    first = np.flatnonzero(leads)
    best = np.maximum.reduceat(found.lexical, first)  # never rises, since products stand by it
    level = np.cumsum(np.diff(best, prepend=best[0]) != 0)
    standing = np.empty(len(first), np.int32)
    standing[_by_bid(level, np.maximum.reduceat(bids, first))] = np.arange(len(first))
    group = standing[np.cumsum(leads) - 1]
    order = _by_bid(group, bids)
    return replace(
        found,
        rows=found.rows[order],
        lexical=found.lexical[order],
        coverage=found.coverage[order],
        product=found.product[order],
        campaign=found.campaign[order],
        advertiser=found.advertiser[order],
        bid=bids[order],
        lot_name=found.lot_name[order],
        group=group[order],
    )


def _by_bid(level: Longs | Ints, bids: Longs) -> Places:
    """Places by rising level, then by falling bid; as they stood where both are equal."""
    return (level.astype(np.int64) * _ABOVE_ANY_BID - bids).argsort(kind="stable")
