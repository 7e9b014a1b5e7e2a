from __future__ import annotations

from typing import Any

import pytest

from service.decision.terms import Ad, CampaignStatus, Keyword, MatchType
from service.store.feeds.campaigns import Booking, booking_of, made_id, read_bookings
from service.store.feeds.report import FieldError, LineError
from service.store.feeds.rows import Row

LINE: dict[str, Any] = {
    "advertiser": "Lumo",
    "name": "Lamps",
    "bid": "0.30 EUR",
    "budget_micros": 100_000_000,
    "keywords": ["Desk &amp; Lamp", {"text": "lava", "match_type": "exact", "negative": True}],
    "product_ids": ["1", "2"],
}


def _booking(**other: object) -> Booking:
    return booking_of(LINE | other, "sto_1", "EUR")


def test_a_line_becomes_a_paused_campaign() -> None:
    booking = _booking()
    advertiser_id = made_id("adv", "sto_1", "Lumo")
    assert booking.advertiser == (advertiser_id, "Lumo")
    campaign = booking.campaign
    assert (campaign.status, campaign.bid, campaign.budget) == (
        CampaignStatus.PAUSED,
        300_000,
        100_000_000,
    )
    assert campaign.keywords == (
        Keyword("desk & lamp", MatchType.BROAD),
        Keyword("lava", MatchType.EXACT, negative=True),
    )
    assert [ad.product_id for ad in booking.ads] == ["1", "2"]
    assert _booking() == booking  # the ids are the same again


def test_what_a_line_gives_is_taken() -> None:
    booking = _booking(
        campaign_id="cmp_x",
        advertiser={"id": "adv_x", "name": "Lumo"},
        status="Active",
        starts_at="2026-01-01T00:00:00Z",
        ends_at="2026-01-01T01:00:00+01:00",
        platforms=["web"],
        ads=[{"ad_id": "ad_x", "product_id": 3, "bid_micros": 7, "active": False}],
        product_ids=None,
    )
    assert booking.advertiser == ("adv_x", "Lumo")
    assert booking.campaign.campaign_id == "cmp_x"
    assert booking.campaign.status is CampaignStatus.ACTIVE
    assert booking.campaign.starts_at == booking.campaign.ends_at == 1_767_225_600.0
    assert booking.campaign.platforms == ("web",)
    assert booking.ads == (Ad("ad_x", "cmp_x", "3", 7, active=False),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("advertiser", None, "advertiser"),
        ("advertiser", 7, "advertiser"),
        ("advertiser", {"id": "x", "name": "y"}, "advertiser"),
        ("name", "", "name"),
        ("name", "x" * 201, "name"),
        ("bid", None, "bid"),
        ("bid", 0, "bid"),
        ("bid", "1 USD", "bid"),
        ("bid_micros", 1.5, "bid_micros"),
        ("bid_micros", True, "bid_micros"),
        ("bid_micros", -1, "bid_micros"),
        ("budget_micros", None, "budget"),
        ("status", "sleeping", "status"),
        ("starts_at", "tomorrow", "starts_at"),
        ("ends_at", "2026-01-01T00:00:00", "ends_at"),
        ("platforms", "web", "platforms"),
        ("keywords", [""], "keywords"),
        ("keywords", [["x"]], "keywords"),
        ("keywords", [{"text": "x", "match_type": "fuzzy"}], "keywords"),
        ("keywords", ["x"] * 10_001, "keywords"),
        ("ads", [{}], "ads"),
        ("ads", ["1"], "ads"),
        ("ads", [{"product_id": "1", "bid_micros": 0}], "ads"),
        ("campaign_id", "ad_1", "campaign_id"),
        ("products", ["1"], "products"),
        ("advertiser", {"name": "Lumo", "nmae": "x"}, "advertiser"),
        ("keywords", [{"text": "x", "negativ": True}], "keywords"),
        ("keywords", [{"text": "x", "negative": "no"}], "negative"),
        ("ads", [{"product_id": "1", "bit": 1}], "ads"),
        ("ads", [{"product_id": "1", "active": 0}], "active"),
    ],
)
def test_a_bad_value_is_named(field: str, value: object, named: str) -> None:
    with pytest.raises(FieldError) as caught:
        _booking(**{field: value})
    assert caught.value.field == named


def test_a_misspelt_field_is_told_its_name() -> None:
    with pytest.raises(FieldError, match=r"products: got .* write product_ids"):
        _booking(products=["1"])
    with pytest.raises(FieldError, match="zzz: got 1; the fields are advertiser, "):
        _booking(zzz=1)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(FieldError, match=r"ends_at: got .* not before starts_at"):
        _booking(starts_at="2026-02-01T00:00:00Z", ends_at="2026-01-01T00:00:00Z")


def test_good_lines_are_kept_beside_bad_ones() -> None:
    rows: list[Row | LineError] = [
        Row(1, LINE),
        Row(2, LINE | {"bid": 0}),
        LineError(3, "(line)", "x", "y"),
    ]
    found = list(read_bookings(rows, "sto_1", "EUR"))
    assert [isinstance(one, LineError) for one in found] == [False, True, True]


def test_how_a_campaign_spends_is_taken_as_the_columns_that_hold_it() -> None:
    booking = _booking(
        pricing="Impression",
        frequency_cap={"impressions": 3, "seconds": 3600},
        daily_budget="10.00 EUR",
        time_zone="Europe/Berlin",
        schedule=[{"days": ["mon"], "from": "08:00", "to": "20:00"}],
        pacing="asap",
        target_roas_ppm=4_000_000,
        attribution_days=14,
        view_through_hours=24,
    )
    assert booking.terms == {
        "pricing": "impression",
        "cap_impressions": 3,
        "cap_seconds": 3600,
        "daily_budget_micros": 10_000_000,
        "time_zone": "Europe/Berlin",
        "schedule": "{[480,1200)}",
        "pacing": "asap",
        "target_roas_ppm": 4_000_000,
        "attribution_days": 14,
        "view_through_hours": 24,
    }
    assert _booking().terms == {}  # what is left out stays as it is


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pricing", "mille"),
        ("pacing", "slow"),
        ("daily_budget", "0 EUR"),
        ("time_zone", "FOO5"),
        ("time_zone", 7),
        ("schedule", [{"days": ["mon"], "from": "08:00", "to": "08:00"}]),
        ("schedule", [{"days": ["mon"], "form": "08:00", "to": "09:00"}]),
        ("schedule", ["mon"]),
        ("schedule", [{"days": ["mon"], "from": "08:00", "to": "09:00"}] * 51),
        ("frequency_cap", 3),
        ("frequency_cap", {"impressions": 3}),
        ("frequency_cap", {"impressions": 0, "seconds": 60}),
        ("attribution_days", 10),
        ("attribution_days", True),
        ("view_through_hours", 721),
        ("target_roas_ppm", 0),
    ],
)
def test_terms_that_cannot_be_are_refused(field: str, value: object) -> None:
    with pytest.raises(FieldError) as caught:
        _booking(**{field: value})
    assert caught.value.field == field
