"""The typed client against the real service: a merchant's first campaign, and its first click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from salient_client import AsyncSalient, ProblemError, models
from tests.integration.api.conftest import within

if TYPE_CHECKING:
    from tests.integration.api.conftest import Service


def client(service: Service, key: str) -> AsyncSalient:
    transport = service.client._transport
    agent = {"user-agent": service.client.headers["user-agent"]}
    made = AsyncSalient("http://ads.example", key, transport=transport)
    made.http.headers.update(agent)
    return made


async def test_from_an_advertiser_to_a_paid_click(service: Service) -> None:
    async with client(service, service.shop.secret) as salient:
        advertiser = await salient.create_advertiser(models.AdvertiserDraft(name="Rug & Co"))
        campaign = await salient.create_campaign(
            models.CampaignDraft(
                advertiser_id=advertiser.id,
                name="First",
                bid_micros=900_000,
                budget_micros=9_000_000,
            )
        )
        assert campaign.status == "paused"
        ads = models.AdBatch(ads=[models.AdDraft(product_id="100001")])
        assert (await salient.create_ads(campaign.id, ads)).made == 1
        word = models.KeywordDraft(text="bedside light", match_type="exact")
        await salient.create_keywords(campaign.id, models.KeywordBatch(keywords=[word]))
        active = models.CampaignChange(status="active")
        await salient.patch_campaign(campaign.id, active, if_match=campaign.etag)

        request = models.AdRequest(query="bedside light", placement="search_top")

        async def shown() -> list[models.SponsoredAd]:
            answer = await salient.post_ads(request)
            assert isinstance(answer, models.AdResponse)  # of one placement
            return answer.ads

        (ad,) = await within(5, shown)
        assert (ad.product_id, ad.campaign_id) == ("100001", campaign.id)
        click = models.Click(type="click", token=ad.click_url)
        receipt = await salient.post_events(models.EventBatch(events=[click]))
        assert receipt.results[0].status == "accepted"

        async def paid() -> list[models.PerformanceRow]:
            rows = [row async for row in salient.every(salient.report_performance, limit=1)]
            return [row for row in rows if row.campaign_id == campaign.id]

        (row,) = await within(5, paid)
        assert (row.clicks, row.spend_micros) == (1, 10_000)  # alone in line: the reserve


async def test_what_is_refused_is_raised(service: Service) -> None:
    async with client(service, service.shop.secret) as salient:
        change = models.CampaignChange(name="Mine")
        with pytest.raises(ProblemError) as refused:
            await salient.patch_campaign(
                service.shop.campaign.campaign_id, change, if_match='"0ld"'
            )
        assert refused.value.status == 412
        with pytest.raises(ProblemError) as unseen:
            await salient.read_campaign(service.other.campaign.campaign_id)
        assert unseen.value.problem is not None
        assert (unseen.value.status, unseen.value.problem.code) == (404, "not_found")
    async with client(service, service.shop.publishable) as page:
        with pytest.raises(ProblemError) as forbidden:
            await page.list_campaigns()
        assert forbidden.value.status == 403
