"""Histories of platforms in the folder named by `SALIENT_DATA`, each cut in time.

A platform is what the file tells apart and a budget could be moved between:

    online_ads    real, days: campaign x placement. Campaigns have budgets of their own, and one
                  that ends would look like a placement that answers less; banners are formats of
                  the same placement. Rows that name no placement (3 % of them, 3 clicks in two
                  months) are left out. The last month is held out.
    kag_facebook  real, days: campaign x age, all on Facebook. The last ten days are held out.
    robyn         simulated, weeks: search (clicks) and facebook (impressions in thousands).
    meridian      simulated, weeks: a region each, with the spend of all its channels, as only the
                  region's conversions are known. Impressions there cost the same every week.

A week stands in a day's place. The last half year of weeks is held out.
"""

from __future__ import annotations

from calendar import month_name
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from service.contract.platform_days import DayRow, platform_days
from service.decision.responses import Goal
from tests.benchmarks.real_data import MissingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.contract.platform_days import PlatformDays

ONLINE_ADS: Final = "budget_online_ads.parquet"
_KAG: Final = "budget_kag_facebook.parquet"
_ROBYN: Final = "budget_robyn_sim.parquet"
_MERIDIAN: Final = "budget_meridian_geo_media.parquet"

_MONTHS: Final = {name: number for number, name in enumerate(month_name) if name}
_YEAR: Final = 2020  # the file names months only; its source says of which year
_MICROS: Final = 1e6
_JUDGED: Final = 0.4  # of the days, where no month says what to hold out
_LAST_DAYS: Final = 10
_HALF_A_YEAR: Final = 26  # weeks
_START: Final = date(2021, 1, 4)  # the day that stands for the first week


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A history whose days from the number `first` on are held out.

    season: after how many steps the same phase comes again, 7 for days and 52 for weeks.
    """

    name: str
    days: PlatformDays
    first: int
    goal: Goal = Goal.CLICKS
    season: int = 7


def online_ads(folder: Path, cut: Sequence[str] = ("campaign_number", "placement")) -> Held:
    """Read the daily results of three campaigns, the last month held out.

    Of a single month the last part is held out.

    Raises: MissingDataError.
    """
    table = _read(folder, ONLINE_ADS).drop_nulls("placement")
    table = table.with_columns(pl.col("month").replace_strict(_MONTHS, return_dtype=pl.Int64))
    last = int(table["month"].max())  # type: ignore[arg-type]
    table = table.select(
        pl.date(_YEAR, pl.col("month"), pl.col("day")),
        pl.concat_str(cut, separator="/"),
        _micros("cost"),
        "displays",
        "clicks",
        "post_click_conversions",
    )
    days = _days(table)
    before = (date(_YEAR, last, 1) - days.first_day).days
    return Held("online_ads", days, before or round(days.known.shape[1] * (1 - _JUDGED)))


def earlier(held: Held, share: float = _JUDGED) -> Held:
    """Hold out the last `share` of the days before, and forget the held-out ones.

    Whatever is chosen is chosen by these, so that the held-out days stay unseen.
    """
    last = held.days.first_day + timedelta(days=held.first - 1)
    days = held.days.until(last)
    return replace(held, days=days, first=round(held.first * (1 - share)))


def kag_facebook(folder: Path) -> Held:
    """Read a month of three campaigns on Facebook.

    Raises: MissingDataError.
    """
    table = _read(folder, _KAG).select(
        pl.col("Date").str.to_date("%d-%m-%Y"),
        pl.concat_str("xyz_campaign_id", "age", separator="/"),
        _micros("Spent"),
        "Impressions",
        "Clicks",
        "Total_Conversion",
    )
    days = _days(table)
    return Held("kag_facebook", days, days.known.shape[1] - _LAST_DAYS)


def robyn(folder: Path) -> Held:
    """Read three years of simulated weeks of the two channels whose answer is told apart.

    Raises: MissingDataError.
    """
    table = _read(folder, _ROBYN).with_row_index("week")
    channels = [
        _weeks(table, pl.lit(name), spend, answer)
        for name, spend, answer in (
            ("search", "search_S", pl.col("search_clicks_P")),
            ("facebook", "facebook_S", pl.col("facebook_I") / 1_000),
        )
    ]
    days = _days(pl.concat(channels))
    return Held("robyn", days, days.known.shape[1] - _HALF_A_YEAR, season=52)


def meridian(folder: Path) -> Held:
    """Read three years of simulated weeks of twenty regions.

    Raises: MissingDataError.
    """
    table = _read(folder, _MERIDIAN)
    table = table.with_columns(
        week=pl.col("time").rank("dense") - 1,
        spend=pl.sum_horizontal(f"Channel{channel}_spend" for channel in range(4)),
    )
    days = _days(_weeks(table, pl.col("geo"), "spend", pl.col("conversions")))
    return Held("meridian", days, days.known.shape[1] - _HALF_A_YEAR, Goal.CONVERSIONS, season=52)


def _read(folder: Path, name: str) -> pl.DataFrame:
    if not (folder / name).is_file():
        raise MissingDataError(f"SALIENT_DATA is {folder}, which holds no {name}")
    return pl.read_parquet(folder / name)


def _micros(column: str) -> pl.Expr:
    return (pl.col(column) * _MICROS).round().cast(pl.Int64).alias("spend")


def _weeks(table: pl.DataFrame, platform: pl.Expr, spend: str, answer: pl.Expr) -> pl.DataFrame:
    count = answer.round().cast(pl.Int64)
    return table.select(
        pl.lit(_START) + pl.duration(days=pl.col("week")),
        platform.alias("platform"),
        _micros(spend),
        pl.lit(0).alias("impressions"),
        count.alias("clicks"),
        count.alias("conversions"),
    )


def _days(table: pl.DataFrame) -> PlatformDays:
    return platform_days(DayRow(*row) for row in table.iter_rows())
