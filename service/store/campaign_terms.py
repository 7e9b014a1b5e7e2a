"""How campaigns spend: for what, by the day, in which zone, when, how fast, on whom how often."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

import orjson
from psycopg.errors import InvalidParameterValue
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.store.schedule import Minutes

ATTRIBUTION_DAYS: Final = (7, 14, 30)
MOST_VIEW_THROUGH_HOURS: Final = 720
MOST_ROAS_PPM: Final = 10**9  # a thousandfold
MOST_CAP_IMPRESSIONS: Final = 1000
MOST_CAP_SECONDS: Final = 30 * 86_400
MOST_SPANS: Final = 50
_OF_A_MACHINE: Final = {"localtime", "posixrules", "Factory"}  # no zones of this world

_ZONE: Final = text("SELECT timezone(:zone, timestamptz '2000-01-01 00:00+00')")
_CHARGED_ELSEWHERE: Final = text(
    "SELECT id, time_zone FROM campaigns JOIN unnest(CAST(:campaigns AS text[]),"
    " CAST(:zones AS text[])) AS given (id, zone) USING (id)"
    " WHERE zone <> time_zone AND EXISTS"
    " (SELECT FROM charges WHERE charges.campaign_id = campaigns.id) LIMIT 1"
)
_PUT: Final = text(
    "UPDATE campaigns SET pricing = new.pricing, cap_impressions = new.cap_impressions,"
    " cap_seconds = new.cap_seconds, daily_budget_micros = new.daily_budget_micros,"
    " time_zone = new.time_zone, schedule = new.schedule, pacing = new.pacing,"
    " target_roas_ppm = new.target_roas_ppm, attribution_days = new.attribution_days,"
    " view_through_hours = new.view_through_hours FROM unnest(CAST(:campaigns AS text[]),"
    " CAST(:terms AS jsonb[])) AS given (id, terms), campaigns AS held,"
    # what a line does not say is filled from the row
    " LATERAL jsonb_populate_record(held, given.terms) AS new"
    " WHERE campaigns.id = given.id AND held.id = given.id AND new IS DISTINCT FROM held"
)


class CampaignPacing(StrEnum):
    """How a day's budget is spread over the day."""

    EVEN = "even"
    ASAP = "asap"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _OF_A_MACHINE)


def require_known_zone(given: object) -> str:
    """The name of a zone of the IANA database.

    Raises: ValueError with what to write; the database knows better where none is installed.
    """
    known = _zones()
    if not isinstance(given, str) or (known and given not in known):
        raise ValueError("give a zone by its IANA name, such as Europe/Berlin or UTC")
    return given


async def is_zone_there(connection: AsyncConnection, zone: str) -> bool:
    """Whether this Postgres knows the zone, which its queries for a campaign's day ask for."""
    try:
        async with connection.begin_nested():
            await connection.execute(_ZONE, {"zone": zone})
    except DBAPIError as error:
        if isinstance(error.orig, InvalidParameterValue):
            return False
        raise
    return True


def schedule_text(minutes: Iterable[Minutes]) -> str:
    """Minutes of the week as Postgres writes an int4multirange."""
    return "{" + ",".join(f"[{start},{end})" for start, end in minutes) + "}"


async def put_terms(connection: AsyncConnection, terms: Mapping[str, Mapping[str, Any]]) -> None:
    """Change the columns that `terms` names, campaign by campaign; others stay as they are.

    Raises: BadInputError for a zone that Postgres does not know, and for another zone where
    charges were booked by the days of the old one.
    """
    given = {name: dict(one) for name, one in terms.items() if one}
    if not given:
        return
    zones = {name: one["time_zone"] for name, one in given.items() if "time_zone" in one}
    await _check_zones(connection, zones)
    names = sorted(given)
    values = {"campaigns": names, "terms": [orjson.dumps(given[name]).decode() for name in names]}
    await connection.execute(_PUT, values)


async def _check_zones(connection: AsyncConnection, zones: Mapping[str, str]) -> None:
    for zone in sorted(set(zones.values())):
        if not await is_zone_there(connection, zone):
            raise BadInputError(f"the database does not know the time zone {zone!r}")
    asked = {"campaigns": list(zones), "zones": list(zones.values())}
    found = (await connection.execute(_CHARGED_ELSEWHERE, asked)).first()
    if found is not None:
        raise BadInputError(
            f"{found.id} has charges by the days of {found.time_zone}; its time_zone stays so"
        )
