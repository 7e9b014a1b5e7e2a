from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update

from service.store.spent_out import closed_campaigns
from service.store.tables import campaigns
from tests.unit.store.made import campaign, fill

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

MINUTE = (
    "(SELECT ((extract(isodow FROM t) - 1) * 1440 + extract(hour FROM t) * 60"
    " + extract(minute FROM t))::int FROM (SELECT now() AT TIME ZONE :zone AS t) AS local)"
)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns"])
async def test_a_campaign_is_closed_outside_its_hours(
    connection: AsyncConnection, zone: str
) -> None:
    # cmp_1 is open in all minutes but those around now, cmp_2 only in those
    await fill(connection, campaign("cmp_1"), campaign("cmp_2"), campaign("cmp_3"))
    around = f"int4multirange(int4range(greatest({MINUTE} - 2, 0), least({MINUTE} + 3, 10080)))"
    week = "int4multirange(int4range(0, 10080))"
    for name, schedule in (("cmp_1", f"{week} - {around}"), ("cmp_2", around)):
        hours = {"time_zone": zone, "schedule": text(schedule).bindparams(zone=zone)}
        await connection.execute(update(campaigns).where(campaigns.c.id == name).values(hours))
    assert await closed_campaigns(connection) == {"sto_1": {"cmp_1"}}
