"""From an empty store to a paid click, over REST alone: docs/integration.md step by step.

salient stores create "My shop" --site-url https://shop.example    # prints an id and a key
pip install ./client
python docs/first_ad.py http://127.0.0.1:8000 sk_...
"""

from __future__ import annotations

import sys
import time
from itertools import product
from typing import TYPE_CHECKING, TypeVar

import httpx

from salient_client import ProblemError, Salient, models

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 60.0
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"}
COLUMNS = ("id", "title", "link", "price", "availability", "product_type", "product_highlight")

Found = TypeVar("Found")


def feed() -> bytes:
    """1,000 lamps as a Google Merchant feed, tab separated."""
    kinds = [f"{place} Lamp" for place in ("Desk", "Floor", "Table", "Wall", "Bedside")]
    materials = ["Brass", "Oak", "Linen", "Steel", "Glass", "Rattan", "Marble", "Paper"]
    extras = ["Dimmable", "Rechargeable", "Waterproof", "Foldable", "With USB Port"]
    rows = [COLUMNS]
    for number, (kind, material, extra, model) in enumerate(
        product(kinds, materials, extras, "ABCDE"), start=1
    ):
        sku = f"lamp-{number:04}"
        title = f"{material} {kind} {extra} Model {model}"
        link, price = f"https://shop.example/p/{sku}", f"{19 + number % 60}.90 EUR"
        rows.append((sku, title, link, price, "in_stock", "Home > Lamps", extra.lower()))
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def wait_for(what: str, look: Callable[[], Found | None]) -> Found:
    """What `look` finds in the end. Changes are in force within a second or two."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise SystemExit(f"no {what} after {PATIENCE_SECONDS:.0f} s; does the worker run?")
        time.sleep(0.2)
    return found


def in_force(call: Callable[[], Found]) -> Callable[[], Found | None]:
    """`call`, with nothing for an answer as long as the servers do not know its key."""

    def attempt() -> Found | None:
        try:
            return call()
        except ProblemError as error:
            if error.status in {401, 503}:
                return None
            raise

    return attempt


def import_products(salient: Salient) -> models.Job:
    """Upload the feed, and wait until the job has read all of it."""
    job = salient.import_products(
        feed(), content_type="text/tab-separated-values", idempotency_key="first-feed"
    )

    def finished() -> models.Job | None:
        now = salient.read_job(job.id)
        return now if now.status in {"done", "failed"} else None

    return wait_for("imported products", finished)


def book(salient: Salient, products: list[str]) -> models.Campaign:
    """A merchant's campaign for these products; it begins paused, and is set to active last."""
    advertiser = salient.create_advertiser(models.AdvertiserDraft(name="Lumo"))
    campaign = salient.create_campaign(
        models.CampaignDraft(
            advertiser_id=advertiser.id,
            name="Lamps in autumn",
            bid_micros=350_000,  # 0.35 a click at most
            budget_micros=50_000_000,  # 50.00 in all
        )
    )
    ads = [models.AdDraft(product_id=product_id) for product_id in products]
    made = salient.create_ads(campaign.id, models.AdBatch(ads=ads))
    print(f"{made.made:,} ads, {made.refused} refused")
    salient.create_keywords(
        campaign.id,
        models.KeywordBatch(
            keywords=[
                models.KeywordDraft(text="lamp"),  # broad: in any query that has the word
                models.KeywordDraft(text="desk lamp", match_type="phrase"),
                models.KeywordDraft(text="lava", negative=True),
            ]
        ),
    )
    # with the ETag: it fails with 412 if somebody changed the campaign meanwhile
    active = models.CampaignChange(status="active")
    return salient.patch_campaign(campaign.id, active, if_match=campaign.etag)


def key_for_pages(salient: Salient) -> str:
    """A publishable key: it may stand in a page of the shop."""
    draft = models.KeyDraft(
        name="Search page",
        kind="publishable",
        scopes=["serve", "events"],
        origins=["https://shop.example"],
    )
    return salient.create_key(draft).key or ""


def first_ads(page: Salient) -> list[models.SponsoredAd]:
    """What the search page is given, as soon as the servers know the key and the campaign."""
    request = models.AdRequest(
        query="brass desk lamp",
        placement="search_top",
        user=models.User(id="ada", session="s-1", consent=True),
    )

    def shown() -> list[models.SponsoredAd] | None:
        answer = page.post_ads(request)
        return (answer.ads or None) if isinstance(answer, models.AdResponse) else None

    return wait_for("ads", in_force(shown))


def look_and_click(ad: models.SponsoredAd) -> str:
    """Do what the shopper's browser does; returns where the click led."""
    with httpx.Client(headers=BROWSER) as browser:
        browser.get(ad.impression_url).raise_for_status()
        browser.get(ad.view_url).raise_for_status()
        return browser.get(ad.click_url).headers["location"]


def spend(salient: Salient, campaign: models.Campaign) -> models.PerformanceRow:
    """The report of the campaign, as soon as its click was charged."""

    def charged() -> models.PerformanceRow | None:
        rows = salient.every(salient.report_performance, campaign_id=campaign.id)
        return next((row for row in rows if row.spend_micros), None)

    return wait_for("spend", charged)


def main(url: str, key: str) -> None:
    """Run all steps against the service at `url`, with an admin key of an empty store."""
    with Salient(url, key) as salient:
        wait_for("use for the key", in_force(salient.list_campaigns))
        job = import_products(salient)
        print(f"job {job.status}: {job.good:,} products taken, {job.bad} bad lines")
        campaign = book(salient, [f"lamp-{number:04}" for number in range(1, 1001)])
        print(f"campaign {campaign.name!r} is {campaign.status}")
        with Salient(url, key_for_pages(salient)) as page:
            ads = first_ads(page)
        for ad in ads:
            print(f"slot {ad.slot}: {ad.title.text}")
        print(f"clicked, and led to {look_and_click(ads[0])}")
        row = spend(salient, campaign)
        print(
            f"{row.day}: {row.impressions} impression, {row.views} view, {row.clicks} click,"
            f" {row.spend_micros / 1_000_000:.2f} spent"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
