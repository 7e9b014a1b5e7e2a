"""A campaign's fields as the API shows them, and the columns that hold them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects.postgresql import Range

from service.api.schemas.campaign_terms import FrequencyCap, Hours
from service.decision.terms import CampaignStatus, Pricing
from service.store.campaign_terms import CampaignPacing
from service.store.schedule import Span, minutes_of, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import RowMapping

_CAP: Final = ("cap_impressions", "cap_seconds")


def columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns for what is `given` of a draft or a change."""
    columns: dict[str, Any] = {
        name: value.value if isinstance(value, StrEnum) else value for name, value in given.items()
    }
    if "platforms" in columns:
        columns["platforms"] = list(columns["platforms"])
    if "schedule" in columns:
        spans = [Span(one.days, one.start, one.end) for one in columns["schedule"]]
        columns["schedule"] = [Range(start, end) for start, end in minutes_of(spans)]
    if "frequency_cap" in columns:
        cap = columns.pop("frequency_cap")
        columns |= dict.fromkeys(_CAP) if cap is None else _cap_columns(cap)
    return columns


def _cap_columns(cap: FrequencyCap) -> dict[str, int]:
    return dict(zip(_CAP, (cap.impressions, cap.seconds), strict=True))


def fields_of(row: RowMapping) -> dict[str, Any]:
    """The fields for what the columns hold."""
    fields: dict[str, Any] = {**row}
    impressions, seconds = (fields.pop(name) for name in _CAP)
    if impressions is None:
        fields["frequency_cap"] = None
    else:
        fields["frequency_cap"] = FrequencyCap(impressions=impressions, seconds=seconds)
    typed = {
        "status": CampaignStatus(row["status"]),
        "platforms": tuple(row["platforms"]),
        "pricing": Pricing(row["pricing"]),
        "pacing": CampaignPacing(row["pacing"]),
        "schedule": _hours(row["schedule"]),
    }
    return fields | typed


def _hours(ranges: Iterable[Range[int]]) -> tuple[Hours, ...]:
    minutes = [(one.lower or 0, one.upper or 0) for one in ranges]
    return tuple(
        Hours.model_validate({"days": one.days, "from": one.start, "to": one.end})
        for one in spans_of(minutes)
    )
