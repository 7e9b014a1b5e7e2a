"""Methods that await. Made by `make client`; do not edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from salient_client.calls import Call
from salient_client.connections import AsyncConnection
from salient_client.generated import models

if TYPE_CHECKING:
    from datetime import date, datetime


class AsyncSalient(AsyncConnection):
    """An ad server for a shop's own search page. One method for each operation."""

    async def post_ads(self, body: models.AdRequest) -> models.AdResponse | models.PageResponse:
        """Choose ads for one page of search results or of a category.

        The answer comes within `timeout_ms`, with less where a part fails or is late: see `degraded`.
        No ads is a good answer: `no_fill_reason` says why. `experiments` are the arms that a known
        shopper, or session, is in. Titles are personal only with
        `user.consent` and without the header `Sec-GPC: 1`. With `placements` in place of `placement`
        several areas of the page are filled at once: no product stands in two of them.
        """
        call = Call("POST", "/v1/ads", body=body)
        return await self._ask(call, models.AdResponse, models.PageResponse)

    async def list_ads(
        self,
        *,
        campaign_id: str | None = None,
        product_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.CampaignAdPage:
        """List ads, in the order of their ids; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/ads",
            query={
                "campaign_id": campaign_id,
                "product_id": product_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.CampaignAdPage)

    async def post_titles(self, body: models.TitlesRequest) -> models.TitlesResponse:
        """Write titles as ads of these products would have them: no auction, nothing is charged.

        For organic results, and for merchants who want to see what shoppers would: a key bound to a
        merchant, with the scope manage, sees the products that the merchant has ads for. A shopper
        who is in an experiment's arm gets the titles of that arm.
        """
        call = Call("POST", "/v1/titles", body=body)
        return await self._ask(call, models.TitlesResponse)

    async def post_events(self, body: models.EventBatch) -> models.EventReceipt:
        """Take 1 to 500 events of any kind, or a single one bare; say what became of each.

        202 means that the accepted ones are kept safely. Sent again, an event counts once: by its
        ad and type where it brings a token, by `event_id`, or by order and line. Without consent, or
        with `Sec-GPC: 1`, events are kept without the shopper's ids. Browsers may send it as
        `text/plain` with `?key=` (sendBeacon).
        """
        call = Call("POST", "/v1/events", body=body)
        return await self._ask(call, models.EventReceipt)

    async def show_store(self) -> models.StoreTerms:
        """Tell what holds in the store that the key is of. Takes a key of the whole store."""
        call = Call("GET", "/v1/store")
        return await self._ask(call, models.StoreTerms)

    async def patch_store(
        self, body: models.StoreChange, *, if_match: str | None = None
    ) -> models.StoreTerms:
        """Say how long orders are owed, purchases remembered, and impressions waited for.

        It holds for what is recorded from then on. Takes a key of the whole store.
        """
        call = Call(
            "PATCH",
            "/v1/store",
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.StoreTerms)

    async def list_products(
        self,
        *,
        category: str | None = None,
        brand: str | None = None,
        in_stock: bool | None = None,
        updated_since: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.ProductPage:
        """List the store's products, in the order of their ids."""
        call = Call(
            "GET",
            "/v1/products",
            query={
                "category": category,
                "brand": brand,
                "in_stock": in_stock,
                "updated_since": updated_since,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.ProductPage)

    async def read_product(self, product_id: str) -> models.Product:
        """Show one product, with its ETag."""
        call = Call(
            "GET",
            "/v1/products/{product_id}",
            within={
                "product_id": product_id,
            },
        )
        return await self._ask(call, models.Product)

    async def put_product(
        self, product_id: str, body: models.ProductSpec, *, if_match: str | None = None
    ) -> models.Product:
        """Make the product, or make it what is given; what is left out takes its default.

        Texts are made plain, as in an import. Takes a key of the whole store.
        """
        call = Call(
            "PUT",
            "/v1/products/{product_id}",
            within={
                "product_id": product_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Product)

    async def delete_product(self, product_id: str, *, if_match: str | None = None) -> None:
        """Delete a product, and with it its ads. Takes a key of the whole store.

        What was said of its selling points is kept, should it come back.
        """
        call = Call(
            "DELETE",
            "/v1/products/{product_id}",
            within={
                "product_id": product_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def read_selling_points(self, product_id: str) -> models.SellingPoints:
        """Show what titles may say of a product, and which of its fields says so.

        A merchant sees those of the products that it has ads for.
        """
        call = Call(
            "GET",
            "/v1/products/{product_id}/selling-points",
            within={
                "product_id": product_id,
            },
        )
        return await self._ask(call, models.SellingPoints)

    async def put_selling_points(
        self, product_id: str, body: models.PointVerdicts, *, if_match: str | None = None
    ) -> models.SellingPoints:
        """Say what may become of the selling points that are named; the others stay as they are.

        What is banned is in no title any more within a second; what is locked goes first. It holds
        for all ads of the product. `suggested` takes back what was said.
        """
        call = Call(
            "PUT",
            "/v1/products/{product_id}/selling-points",
            within={
                "product_id": product_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.SellingPoints)

    async def read_selling_point_rules(self) -> models.SellingPointRules:
        """Show what no title of the store may say. Takes a key of the whole store."""
        call = Call("GET", "/v1/selling-point-rules")
        return await self._ask(call, models.SellingPointRules)

    async def put_selling_point_rules(
        self, body: models.SellingPointRules, *, if_match: str | None = None
    ) -> models.SellingPointRules:
        """Say what no title may say of any product; what is left out is emptied.

        Takes a key of the whole store.
        """
        call = Call(
            "PUT",
            "/v1/selling-point-rules",
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.SellingPointRules)

    async def read_merchants_selling_point_rules(
        self, advertiser_id: str
    ) -> models.SellingPointRules:
        """Show what no title of the products that the merchant has ads for may say."""
        call = Call(
            "GET",
            "/v1/advertisers/{advertiser_id}/selling-point-rules",
            within={
                "advertiser_id": advertiser_id,
            },
        )
        return await self._ask(call, models.SellingPointRules)

    async def put_merchants_selling_point_rules(
        self, advertiser_id: str, body: models.SellingPointRules, *, if_match: str | None = None
    ) -> models.SellingPointRules:
        """Say what no title of the products that the merchant has ads for may say.

        As a ban, it holds for all ads of such a product. What is left out is emptied.
        """
        call = Call(
            "PUT",
            "/v1/advertisers/{advertiser_id}/selling-point-rules",
            within={
                "advertiser_id": advertiser_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.SellingPointRules)

    async def create_advertiser(
        self, body: models.AdvertiserDraft, *, idempotency_key: str | None = None
    ) -> models.Advertiser:
        """Make a merchant who may book campaigns. Takes a key of the whole store."""
        call = Call(
            "POST",
            "/v1/advertisers",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Advertiser)

    async def list_advertisers(
        self, *, limit: int = 100, cursor: str | None = None
    ) -> models.AdvertiserPage:
        """List the store's advertisers, in the order of their ids; a merchant sees itself."""
        call = Call(
            "GET",
            "/v1/advertisers",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.AdvertiserPage)

    async def read_advertiser(self, advertiser_id: str) -> models.Advertiser:
        """Show one advertiser, with its ETag."""
        call = Call(
            "GET",
            "/v1/advertisers/{advertiser_id}",
            within={
                "advertiser_id": advertiser_id,
            },
        )
        return await self._ask(call, models.Advertiser)

    async def patch_advertiser(
        self, advertiser_id: str, body: models.AdvertiserChange, *, if_match: str | None = None
    ) -> models.Advertiser:
        """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
        call = Call(
            "PATCH",
            "/v1/advertisers/{advertiser_id}",
            within={
                "advertiser_id": advertiser_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Advertiser)

    async def delete_advertiser(self, advertiser_id: str, *, if_match: str | None = None) -> None:
        """Delete an advertiser that has no campaigns, and its keys. Takes a key of the whole store."""
        call = Call(
            "DELETE",
            "/v1/advertisers/{advertiser_id}",
            within={
                "advertiser_id": advertiser_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def create_payment(
        self, advertiser_id: str, body: models.PaymentDraft, *, idempotency_key: str | None = None
    ) -> models.Payment:
        """Book what an advertiser paid ahead. Takes a key of the whole store.

        With the first payment its balance begins: from then on its campaigns spend no more than it
        holds. What they spent before stays outside of it.
        """
        call = Call(
            "POST",
            "/v1/advertisers/{advertiser_id}/payments",
            within={
                "advertiser_id": advertiser_id,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Payment)

    async def list_payments(
        self, advertiser_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.PaymentPage:
        """List what an advertiser paid ahead, in the order of booking; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/advertisers/{advertiser_id}/payments",
            within={
                "advertiser_id": advertiser_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.PaymentPage)

    async def create_campaign(
        self, body: models.CampaignDraft, *, idempotency_key: str | None = None
    ) -> models.Campaign:
        """Make a campaign. It begins paused: give it ads and keywords, then set it to active."""
        call = Call(
            "POST",
            "/v1/campaigns",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Campaign)

    async def list_campaigns(
        self,
        *,
        advertiser_id: str | None = None,
        status: Literal["paused", "active", "ended"] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.CampaignPage:
        """List campaigns, in the order of their ids; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/campaigns",
            query={
                "advertiser_id": advertiser_id,
                "status": status,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.CampaignPage)

    async def read_campaign(self, campaign_id: str) -> models.Campaign:
        """Show one campaign, with its ETag."""
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}",
            within={
                "campaign_id": campaign_id,
            },
        )
        return await self._ask(call, models.Campaign)

    async def patch_campaign(
        self, campaign_id: str, body: models.CampaignChange, *, if_match: str | None = None
    ) -> models.Campaign:
        """Change what is given. With `If-Match`, only if nobody changed it meanwhile.

        The budget may not go below what is spent; the daily budget may, and then ends the day. The
        time zone stays once there are charges. An ended campaign stays as it is.
        """
        call = Call(
            "PATCH",
            "/v1/campaigns/{campaign_id}",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Campaign)

    async def delete_campaign(self, campaign_id: str, *, if_match: str | None = None) -> None:
        """Delete a campaign that was never charged, with its ads and keywords.

        What was paid is never forgotten: end a campaign that has charges instead.
        """
        call = Call(
            "DELETE",
            "/v1/campaigns/{campaign_id}",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def create_ads(
        self, campaign_id: str, body: models.AdBatch, *, idempotency_key: str | None = None
    ) -> models.BatchResult:
        """Make 1 to 1000 ads in a campaign, one a product; each has its own result.

        Good ones are kept even if others are refused. A product that the campaign advertises
        already is 409.
        """
        call = Call(
            "POST",
            "/v1/campaigns/{campaign_id}/ads",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.BatchResult)

    async def read_ad(self, ad_id: str) -> models.CampaignAd:
        """Show one ad, with its ETag."""
        call = Call(
            "GET",
            "/v1/ads/{ad_id}",
            within={
                "ad_id": ad_id,
            },
        )
        return await self._ask(call, models.CampaignAd)

    async def patch_ad(
        self, ad_id: str, body: models.AdChange, *, if_match: str | None = None
    ) -> models.CampaignAd:
        """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
        call = Call(
            "PATCH",
            "/v1/ads/{ad_id}",
            within={
                "ad_id": ad_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.CampaignAd)

    async def delete_ad(self, ad_id: str, *, if_match: str | None = None) -> None:
        """Delete one ad. What its clicks cost stays on its campaign's record."""
        call = Call(
            "DELETE",
            "/v1/ads/{ad_id}",
            within={
                "ad_id": ad_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def read_quality(self, ad_id: str) -> models.AdQuality:
        """Tell how an ad compares with the shop's others, and what would make it better.

        Clicks are counted every hour; keywords and product are judged as they are now.
        """
        call = Call(
            "GET",
            "/v1/ads/{ad_id}/quality",
            within={
                "ad_id": ad_id,
            },
        )
        return await self._ask(call, models.AdQuality)

    async def create_keywords(
        self, campaign_id: str, body: models.KeywordBatch, *, idempotency_key: str | None = None
    ) -> models.BatchResult:
        """Add 1 to 1000 keywords or negatives to a campaign; each has its own result.

        Good ones are kept even if others are refused. One that the campaign has already is 409.
        """
        call = Call(
            "POST",
            "/v1/campaigns/{campaign_id}/keywords",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.BatchResult)

    async def list_keywords(
        self, campaign_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.KeywordPage:
        """List a campaign's keywords and negatives, in the order of their ids."""
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}/keywords",
            within={
                "campaign_id": campaign_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.KeywordPage)

    async def read_keyword(self, campaign_id: str, keyword_id: str) -> models.Keyword:
        """Show one keyword, with its ETag."""
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}/keywords/{keyword_id}",
            within={
                "campaign_id": campaign_id,
                "keyword_id": keyword_id,
            },
        )
        return await self._ask(call, models.Keyword)

    async def patch_keyword(
        self,
        campaign_id: str,
        keyword_id: str,
        body: models.KeywordChange,
        *,
        if_match: str | None = None,
    ) -> models.Keyword:
        """Change what is given. With `If-Match`, only if nobody changed it meanwhile."""
        call = Call(
            "PATCH",
            "/v1/campaigns/{campaign_id}/keywords/{keyword_id}",
            within={
                "campaign_id": campaign_id,
                "keyword_id": keyword_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Keyword)

    async def delete_keyword(
        self, campaign_id: str, keyword_id: str, *, if_match: str | None = None
    ) -> None:
        """Remove one keyword."""
        call = Call(
            "DELETE",
            "/v1/campaigns/{campaign_id}/keywords/{keyword_id}",
            within={
                "campaign_id": campaign_id,
                "keyword_id": keyword_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def read_allocation(self, campaign_id: str) -> models.AllocationPolicy:
        """Show how a campaign's budget is spread over platforms, with its ETag; 404 if it is not."""
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}/allocation",
            within={
                "campaign_id": campaign_id,
            },
        )
        return await self._ask(call, models.AllocationPolicy)

    async def put_allocation(
        self, campaign_id: str, body: models.AllocationSpec, *, if_match: str | None = None
    ) -> models.AllocationPolicy:
        """Have each day's budget spread over the campaign's platforms; the next plan goes by it.

        A campaign's platforms are those that it names; if it names none, those of placements and
        those that it has results of. While it is active the worker plans within seconds, each day,
        every few hours, and at once when a platform changes.
        """
        call = Call(
            "PUT",
            "/v1/campaigns/{campaign_id}/allocation",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.AllocationPolicy)

    async def delete_allocation(self, campaign_id: str, *, if_match: str | None = None) -> None:
        """Have the budget spread no more: from now on each platform may spend all that there is."""
        call = Call(
            "DELETE",
            "/v1/campaigns/{campaign_id}/allocation",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def create_allocation(
        self, campaign_id: str, body: models.AllocationDraft, *, idempotency_key: str | None = None
    ) -> models.Allocation:
        """Plan how today's budget is spread over platforms, with the reason of each line.

        With `apply` the lines become what each platform may spend today, and 201 is the answer; no
        line is below what is spent already. Without it this is a preview: nothing is kept, and 200
        is the answer. Without an allocation of its own the campaign is planned as by the default.
        """
        call = Call(
            "POST",
            "/v1/campaigns/{campaign_id}/allocations",
            within={
                "campaign_id": campaign_id,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Allocation)

    async def list_allocations(
        self, campaign_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.AllocationPage:
        """List a campaign's plans, newest first: what was foretold, and what the day brought so far.

        Plans of the same day follow one another; what is foretold, spent and brought is of the whole
        day.
        """
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}/allocations",
            within={
                "campaign_id": campaign_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.AllocationPage)

    async def read_ledger(
        self, campaign_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.LedgerPage:
        """List every charge and refund of a campaign, newest first."""
        call = Call(
            "GET",
            "/v1/campaigns/{campaign_id}/ledger",
            within={
                "campaign_id": campaign_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.LedgerPage)

    async def read_invoice(self, advertiser_id: str, month: str) -> str:
        """Give what each campaign paid for in a month, and what it got back, as CSV.

        Charges count on the day of the campaign's zone whose budget paid, refunds on the day on
        which they were booked: a month that is over stays as it is. Cells that a spreadsheet would
        take for a formula have an apostrophe in front.
        """
        call = Call(
            "GET",
            "/v1/advertisers/{advertiser_id}/invoices/{month}.csv",
            within={
                "advertiser_id": advertiser_id,
                "month": month,
            },
        )
        return await self._read(call)

    async def create_refunds(
        self, body: models.RefundDraft, *, idempotency_key: str | None = None
    ) -> models.Refunds:
        """Give back what is left of charges. Takes a key of the whole store.

        Campaign, day and balance have it at once, and may spend it again. Asking again gives
        nothing back twice.
        """
        call = Call(
            "POST",
            "/v1/refunds",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Refunds)

    async def list_refunds(
        self,
        *,
        advertiser_id: str | None = None,
        campaign_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.LedgerPage:
        """List what was given back, newest first; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/refunds",
            query={
                "advertiser_id": advertiser_id,
                "campaign_id": campaign_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.LedgerPage)

    async def list_placements(
        self, *, limit: int = 100, cursor: str | None = None
    ) -> models.PlacementPage:
        """List the store's placements, in the order of their names."""
        call = Call(
            "GET",
            "/v1/placements",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.PlacementPage)

    async def read_placement(self, name: str) -> models.Placement:
        """Show one placement, with its ETag."""
        call = Call(
            "GET",
            "/v1/placements/{name}",
            within={
                "name": name,
            },
        )
        return await self._ask(call, models.Placement)

    async def put_placement(
        self, name: str, body: models.PlacementSpec, *, if_match: str | None = None
    ) -> models.Placement:
        """Make the placement, or make it what is given; what is left out takes its default.

        Requests for ads may name it within a second. Takes a key of the whole store.
        """
        call = Call(
            "PUT",
            "/v1/placements/{name}",
            within={
                "name": name,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Placement)

    async def delete_placement(self, name: str, *, if_match: str | None = None) -> None:
        """Delete a placement: requests that name it are refused from then on."""
        call = Call(
            "DELETE",
            "/v1/placements/{name}",
            within={
                "name": name,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def list_platforms(
        self, *, limit: int = 100, cursor: str | None = None
    ) -> models.PlatformPage:
        """List the platforms in use, by name, with their placements and campaigns.

        A merchant is told of its own campaigns only.
        """
        call = Call(
            "GET",
            "/v1/platforms",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.PlatformPage)

    async def put_platform(
        self, platform_name: str, body: models.PlatformSpec, *, if_match: str | None = None
    ) -> models.Platform:
        """Say how long titles may be on a platform, whatever its placements allow.

        It holds within a second. Takes a key of the whole store.
        """
        call = Call(
            "PUT",
            "/v1/platforms/{platform_name}",
            within={
                "platform_name": platform_name,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Platform)

    async def list_results(
        self,
        platform_name: str,
        *,
        campaign_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.PlatformHourPage:
        """List the hours that were reported of a platform, or counted there, newest first.

        A merchant sees those of its own campaigns. Hours without any event are not listed; own
        events are counted for stores that spread a budget over platforms.
        """
        call = Call(
            "GET",
            "/v1/platforms/{platform_name}/results",
            within={
                "platform_name": platform_name,
            },
            query={
                "campaign_id": campaign_id,
                "since": since,
                "until": until,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.PlatformHourPage)

    async def report_results(
        self, platform_name: str, body: models.ResultsBatch, *, idempotency_key: str | None = None
    ) -> models.BatchResult:
        """Tell what hours on a platform outside the shop cost and brought; each has its own result.

        Good ones are kept even if others are refused. An hour that is told again replaces what was
        told of it before. The platform is one that a campaign names; those of placements tell by
        their own events.
        """
        call = Call(
            "POST",
            "/v1/platforms/{platform_name}/results",
            within={
                "platform_name": platform_name,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.BatchResult)

    async def create_key(
        self, body: models.KeyDraft, *, idempotency_key: str | None = None
    ) -> models.NewApiKey:
        """Make a key. Its text is in this answer and nowhere else: only its SHA-256 is kept.

        A merchant's key makes keys of that merchant only, to manage and to report.
        """
        call = Call(
            "POST",
            "/v1/keys",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.NewApiKey)

    async def list_keys(self, *, limit: int = 100, cursor: str | None = None) -> models.ApiKeyPage:
        """List the keys in force, in the order of their ids; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/keys",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.ApiKeyPage)

    async def read_key(self, key_id: str) -> models.ApiKey:
        """Show one key, without its text."""
        call = Call(
            "GET",
            "/v1/keys/{key_id}",
            within={
                "key_id": key_id,
            },
        )
        return await self._ask(call, models.ApiKey)

    async def delete_key(self, key_id: str, *, if_match: str | None = None) -> None:
        """Revoke a key: within a second it is refused everywhere. A key cannot revoke itself."""
        call = Call(
            "DELETE",
            "/v1/keys/{key_id}",
            within={
                "key_id": key_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def create_experiment(
        self, body: models.ExperimentDraft, *, idempotency_key: str | None = None
    ) -> models.Experiment:
        """Make an experiment. It begins as a draft; set it to running to assign shoppers to it.

        A shopper is in the same arm on every page: see `buckets`. Takes a key of the whole store.
        """
        call = Call(
            "POST",
            "/v1/experiments",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.Experiment)

    async def list_experiments(
        self,
        *,
        status: Literal["draft", "running", "stopped"] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.ExperimentPage:
        """List the store's experiments, in the order of their ids."""
        call = Call(
            "GET",
            "/v1/experiments",
            query={
                "status": status,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.ExperimentPage)

    async def read_experiment(self, experiment_id: str) -> models.Experiment:
        """Show one experiment, with its ETag."""
        call = Call(
            "GET",
            "/v1/experiments/{experiment_id}",
            within={
                "experiment_id": experiment_id,
            },
        )
        return await self._ask(call, models.Experiment)

    async def patch_experiment(
        self, experiment_id: str, body: models.ExperimentChange, *, if_match: str | None = None
    ) -> models.Experiment:
        """Change what is given: name, status, weights. In force within a second.

        While one experiment runs, no other of the store can be started: 409. What was stopped stays
        as it is.
        """
        call = Call(
            "PATCH",
            "/v1/experiments/{experiment_id}",
            within={
                "experiment_id": experiment_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Experiment)

    async def explain_ad(self, impression_id: str, *, token: str | None = None) -> models.Why:
        """Tell a shopper who pays for an ad, and what they did that made it.

        It can be told from about a second after the ad was shown, until its shopper is erased.
        """
        call = Call(
            "GET",
            "/v1/ads/{impression_id}/why",
            within={
                "impression_id": impression_id,
            },
            query={
                "token": token,
            },
        )
        return await self._ask(call, models.Why)

    async def hide_ad(self, impression_id: str, *, token: str | None = None) -> None:
        """Keep an ad from a shopper: within a second it is in none of their answers.

        Without consent nobody is known to keep it from: then it only counts, and the page hides it.
        """
        call = Call(
            "POST",
            "/v1/ads/{impression_id}/hide",
            within={
                "impression_id": impression_id,
            },
            query={
                "token": token,
            },
        )
        await self._tell(call)

    async def import_products(
        self,
        body: bytes,
        *,
        content_type: Literal["application/x-ndjson", "text/csv", "text/tab-separated-values"],
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> models.Job:
        """Upload a catalogue of up to 256 MiB in Google Merchant feed columns, as a job.

        Good lines are taken; every bad one is in the job's report with its line, field, what was
        received and what to do. Columns that are not used are warned of. Products that the upload
        does not name stay. Takes a key of the whole store.
        """
        call = Call(
            "POST",
            "/v1/products/import",
            query={
                "dry_run": dry_run,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
            content_type=content_type,
        )
        return await self._ask(call, models.Job)

    async def import_campaigns(
        self,
        body: bytes,
        *,
        content_type: Literal["application/x-ndjson"],
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> models.Job:
        """Upload campaigns with their advertisers, keywords and ads, one campaign a line, as a job.

        A campaign is taken as a whole or, with a reason in the job's report, not at all. Its keywords
        become those given. A merchant's key imports its own campaigns.
        """
        call = Call(
            "POST",
            "/v1/imports",
            query={
                "dry_run": dry_run,
            },
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
            content_type=content_type,
        )
        return await self._ask(call, models.Job)

    async def list_jobs(
        self,
        *,
        status: Literal["queued", "running", "done", "failed"] | None = None,
        kind: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.JobPage:
        """List the store's jobs of the last 30 days, newest first; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/jobs",
            query={
                "status": status,
                "kind": kind,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.JobPage)

    async def read_job(self, job_id: str) -> models.Job:
        """Show how far a job has come."""
        call = Call(
            "GET",
            "/v1/jobs/{job_id}",
            within={
                "job_id": job_id,
            },
        )
        return await self._ask(call, models.Job)

    async def read_job_report(
        self, job_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.FindingPage:
        """List every bad line of an import, and every warning, in the order of the upload."""
        call = Call(
            "GET",
            "/v1/jobs/{job_id}/report",
            within={
                "job_id": job_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.FindingPage)

    async def read_job_report_table(self, job_id: str) -> str:
        """Give the whole report as CSV.

        Cells that a spreadsheet would take for a formula have an apostrophe in front.
        """
        call = Call(
            "GET",
            "/v1/jobs/{job_id}/report.csv",
            within={
                "job_id": job_id,
            },
        )
        return await self._read(call)

    async def list_audit_entries(
        self,
        *,
        resource: str | None = None,
        resource_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.AuditPage:
        """List changes made through this API, newest first; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/audit-log",
            query={
                "resource": resource,
                "resource_id": resource_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.AuditPage)

    async def report_performance(
        self,
        *,
        first_day: date | None = None,
        last_day: date | None = None,
        advertiser_id: str | None = None,
        campaign_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.PerformancePage:
        """Count what each campaign got on each day, and what it paid; a merchant sees its own.

        It is up to date: what the worker has recorded is in it. At most 92 days at once.
        """
        call = Call(
            "GET",
            "/v1/reports/performance",
            query={
                "first_day": first_day,
                "last_day": last_day,
                "advertiser_id": advertiser_id,
                "campaign_id": campaign_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.PerformancePage)

    async def report_conversions(
        self,
        *,
        first_day: date | None = None,
        last_day: date | None = None,
        advertiser_id: str | None = None,
        campaign_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> models.ConversionsPage:
        """Count what each campaign sold on each day, and what came back; a merchant sees its own.

        A line of an order is owed to the last click within the attribution window, a few seconds
        after it was told; a click that was recorded late is found for an hour. At most 92 days at
        once.
        """
        call = Call(
            "GET",
            "/v1/reports/conversions",
            query={
                "first_day": first_day,
                "last_day": last_day,
                "advertiser_id": advertiser_id,
                "campaign_id": campaign_id,
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.ConversionsPage)

    async def report_opt_outs(
        self, *, limit: int = 100, cursor: str | None = None
    ) -> models.OptOutPage:
        """Count how many products and merchants banned, locked or approved which selling points.

        And who lists which phrases, or wants none. A merchant sees what its own keys said.
        """
        call = Call(
            "GET",
            "/v1/reports/opt-outs",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.OptOutPage)

    async def read_activity(self, *, limit: int = 20) -> models.Activity:
        """Show the last decisions, with what became of their ads, and the last events to arrive.

        Both stand here within about a second. Who the shoppers are is not said. Of a store with more
        than a few hundred events a second, events that come late after their ad was shown may be
        missing. Takes a key of the whole store.
        """
        call = Call(
            "GET",
            "/v1/activity",
            query={
                "limit": limit,
            },
        )
        return await self._ask(call, models.Activity)

    async def put_consent(self, user_id: str, body: models.ConsentSaid) -> None:
        """Remember what a shopper said may be known of them. Takes a key of the whole store.

        Withdrawn, it counts from this answer on, whatever requests say: the profile is gone, nothing
        is read, nothing new is kept. What was kept before stays until it is erased.
        """
        call = Call(
            "PUT",
            "/v1/users/{user_id}/consent",
            within={
                "user_id": user_id,
            },
            body=body,
        )
        await self._tell(call)

    async def export_user(
        self, user_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.UserExport:
        """Show everything that is held of a shopper. Takes a key of the whole store.

        Consent and profile stand on every page. Of a shopper whom nobody knows, all of it is empty.
        """
        call = Call(
            "GET",
            "/v1/users/{user_id}",
            within={
                "user_id": user_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.UserExport)

    async def erase_user(self, user_id: str) -> models.Job:
        """Leave no trace of a shopper's id, in a job. Takes a key of the whole store.

        From now on nothing that happened before is kept with the id, whenever it comes to be known.
        What ads cost stays, and names nobody. A shopper who comes back is a new one.
        """
        call = Call(
            "DELETE",
            "/v1/users/{user_id}",
            within={
                "user_id": user_id,
            },
        )
        return await self._ask(call, models.Job)

    async def create_webhook(
        self, body: models.WebhookDraft, *, idempotency_key: str | None = None
    ) -> models.NewWebhook:
        """Be told what happens from now on. The secret is in this answer and nowhere else.

        A merchant's key is told of its own campaigns and imports.
        """
        call = Call(
            "POST",
            "/v1/webhooks",
            headers={
                "Idempotency-Key": idempotency_key,
            },
            body=body,
        )
        return await self._ask(call, models.NewWebhook)

    async def list_webhooks(
        self, *, limit: int = 100, cursor: str | None = None
    ) -> models.WebhookPage:
        """List webhooks, in the order of their ids; a merchant sees its own."""
        call = Call(
            "GET",
            "/v1/webhooks",
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.WebhookPage)

    async def read_webhook(self, webhook_id: str) -> models.Webhook:
        """Show one webhook, without its secret."""
        call = Call(
            "GET",
            "/v1/webhooks/{webhook_id}",
            within={
                "webhook_id": webhook_id,
            },
        )
        return await self._ask(call, models.Webhook)

    async def patch_webhook(
        self, webhook_id: str, body: models.WebhookChange, *, if_match: str | None = None
    ) -> models.Webhook:
        """Change what is given; the secret stays. What waits goes to the new URL."""
        call = Call(
            "PATCH",
            "/v1/webhooks/{webhook_id}",
            within={
                "webhook_id": webhook_id,
            },
            headers={
                "If-Match": if_match,
            },
            body=body,
        )
        return await self._ask(call, models.Webhook)

    async def delete_webhook(self, webhook_id: str, *, if_match: str | None = None) -> None:
        """Delete a webhook with its deliveries."""
        call = Call(
            "DELETE",
            "/v1/webhooks/{webhook_id}",
            within={
                "webhook_id": webhook_id,
            },
            headers={
                "If-Match": if_match,
            },
        )
        await self._tell(call)

    async def list_deliveries(
        self, webhook_id: str, *, limit: int = 100, cursor: str | None = None
    ) -> models.WebhookDeliveryPage:
        """List what was sent in the last 30 days, newest first, with what came of it."""
        call = Call(
            "GET",
            "/v1/webhooks/{webhook_id}/deliveries",
            within={
                "webhook_id": webhook_id,
            },
            query={
                "limit": limit,
                "cursor": cursor,
            },
        )
        return await self._ask(call, models.WebhookDeliveryPage)

    async def livez(self) -> models.Liveness:
        """Answer 200 as long as the process runs. Restart it if this fails."""
        call = Call("GET", "/livez")
        return await self._ask(call, models.Liveness)

    async def readyz(self) -> models.Readiness:
        """Answer 200 once a snapshot with its models is loaded, and until the process drains."""
        call = Call("GET", "/readyz")
        return await self._ask(call, models.Readiness)

    async def metrics(self) -> str:
        """Counters and timings of this service, of all its workers together."""
        call = Call("GET", "/metrics")
        return await self._read(call)
