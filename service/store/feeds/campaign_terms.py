"""How a campaign spends, as a line of an import says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from service.decision.terms import Pricing
from service.store.campaign_terms import (
    ATTRIBUTION_DAYS,
    MOST_CAP_IMPRESSIONS,
    MOST_CAP_SECONDS,
    MOST_ROAS_PPM,
    MOST_SPANS,
    MOST_VIEW_THROUGH_HOURS,
    CampaignPacing,
    require_known_zone,
    schedule_text,
)
from service.store.feeds.report import FieldError
from service.store.feeds.values import choice, listed, money, refuse_unknown, whole
from service.store.schedule import Span, minutes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

IN_LINE: Final = (
    "daily_budget", "daily_budget_micros", "time_zone", "schedule", "pricing", "pacing",
    "target_roas_ppm", "frequency_cap", "attribution_days", "view_through_hours",
)  # fmt: skip
_IN_SPAN: Final = ("days", "from", "to")
_IN_CAP: Final = ("impressions", "seconds")


def read_terms(values: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """The columns of the campaign that a line says something of, as JSON has them.

        {"daily_budget": "10.00 EUR", "time_zone": "Europe/Berlin", "pacing": "asap",
         "schedule": [{"days": ["mon", "fri"], "from": "08:00", "to": "20:00"}],
         "pricing": "order", "frequency_cap": {"impressions": 3, "seconds": 86400},
         "target_roas_ppm": 4000000, "attribution_days": 14, "view_through_hours": 24}

    Raises: FieldError for the first value that cannot be used.
    """
    terms: dict[str, Any] = {}
    if (daily := money(values, "daily_budget", currency)) is not None:
        if daily == 0:
            raise FieldError("daily_budget", daily, "give an amount above 0, or leave it out")
        terms["daily_budget_micros"] = daily
    if values.get("time_zone") is not None:
        terms["time_zone"] = _zone(values["time_zone"])
    if "schedule" in values:
        terms["schedule"] = _schedule(values)
    if values.get("pacing") is not None:
        terms["pacing"] = choice("pacing", values["pacing"], CampaignPacing).value
    if values.get("pricing") is not None:
        terms["pricing"] = choice("pricing", values["pricing"], Pricing).value
    return terms | _cap(values) | _wholes(values)


def _wholes(values: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {
        "target_roas_ppm": (1, MOST_ROAS_PPM),
        "attribution_days": (min(ATTRIBUTION_DAYS), max(ATTRIBUTION_DAYS)),
        "view_through_hours": (0, MOST_VIEW_THROUGH_HOURS),
    }
    given = {name: values[name] for name in bounds if values.get(name) is not None}
    terms = {name: whole(name, value, *bounds[name]) for name, value in given.items()}
    if terms.get("attribution_days", ATTRIBUTION_DAYS[0]) not in ATTRIBUTION_DAYS:
        raise FieldError("attribution_days", terms["attribution_days"], "give 7, 14 or 30")
    return terms


def _cap(values: Mapping[str, Any]) -> dict[str, int]:
    """How many impressions a shopper may get in how many seconds."""
    given = values.get("frequency_cap")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise FieldError("frequency_cap", given, 'give {"impressions": 3, "seconds": 86400}')
    refuse_unknown("frequency_cap", given, _IN_CAP)
    return {
        "cap_impressions": whole(
            "frequency_cap", given.get("impressions"), 1, MOST_CAP_IMPRESSIONS
        ),
        "cap_seconds": whole("frequency_cap", given.get("seconds"), 1, MOST_CAP_SECONDS),
    }


def _zone(given: object) -> str:
    try:
        return require_known_zone(given)
    except ValueError as error:
        raise FieldError("time_zone", given, str(error)) from None


def _schedule(values: Mapping[str, Any]) -> str:
    spans = listed(values, "schedule")
    if len(spans) > MOST_SPANS:
        raise FieldError("schedule", f"{len(spans)} entries", f"give at most {MOST_SPANS}")
    for one in spans:
        if not isinstance(one, dict) or not isinstance(one.get("days"), list):
            advice = 'give {"days": ["mon"], "from": "08:00", "to": "20:00"}'
            raise FieldError("schedule", one, advice)
        refuse_unknown("schedule", one, _IN_SPAN)
    made = [
        Span(tuple(map(str, one["days"])), str(one.get("from")), str(one.get("to")))
        for one in spans
    ]
    try:
        return schedule_text(minutes_of(made))
    except ValueError as error:
        raise FieldError("schedule", spans, str(error)) from None
