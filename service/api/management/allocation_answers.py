"""Plans as they are shown: kept ones with what their day brought, and previews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.schemas.allocations import Allocation, AllocationLine, Cause
from service.decision.responses import Goal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping

    from service.decision.terms import Micros
    from service.store.allocations import NewAllocation


def kept(row: RowMapping, lines: Sequence[RowMapping]) -> Allocation:
    """A plan that holds, or held."""
    return Allocation(
        id=row["id"],
        campaign_id=row["campaign_id"],
        day=row["day"],
        created_at=row["created_at"],
        cause=Cause(row["cause"]),
        goal=Goal(row["goal"]),
        model=row["model"],
        budget_micros=row["budget_micros"],
        dual_gap=row["gap"],
        platforms=tuple(
            AllocationLine(**{name: line[name] for name in AllocationLine.model_fields})
            for line in lines
        ),
    )


def preview(new: NewAllocation, spent: Mapping[str, Micros]) -> Allocation:
    """A plan as it would be."""
    return Allocation(
        id=None,
        campaign_id=new.campaign_id,
        day=new.day,
        created_at=None,
        cause=Cause(new.cause),
        goal=new.goal,
        model=new.model,
        budget_micros=new.budget,
        dual_gap=new.plan.gap,
        platforms=tuple(
            AllocationLine(
                platform=line.platform,
                spend_micros=line.spend,
                share_ppm=line.share_ppm,
                predicted=line.predicted,
                predicted_sd=line.predicted_sd,
                reason=line.reason.value,
                detail=line.detail,
                spent_micros=spent.get(line.platform, 0),
                actual=None,
            )
            for line in new.plan.lines
        ),
    )
