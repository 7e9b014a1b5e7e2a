"""What makes an ad good or bad: /v1/ads/{ad_id}/quality."""

from fastapi import Response
from sqlalchemy import RowMapping

from service.api.management.answers import answer
from service.api.management.caller import Manager
from service.api.management.campaign_ads import AdId
from service.api.management.database import Database
from service.api.management.route import management_router
from service.api.schemas.quality import AdQuality, QualityReason
from service.decision.language import language_of
from service.decision.quality import Shown, expected_click_rate, product_page, relevance, score
from service.decision.terms import Micros, Product
from service.errors import NotFoundError
from service.store.quality import get_ad_quality

router = management_router("campaign ads")


@router.get("/ads/{ad_id}/quality", summary="An ad's quality", response_model=AdQuality)
async def read_quality(ad_id: AdId, caller: Manager, database: Database) -> Response:
    """Tell how an ad compares with the shop's others, and what would make it better.

    Clicks are counted every hour; keywords and product are judged as they are now.
    """
    async with database.begin() as connection:
        row = await get_ad_quality(connection, caller.store_id, ad_id)
    if row is None or not caller.sees(row["advertiser_id"]):
        raise NotFoundError("ad", ad_id)
    return answer(_judged(ad_id, row))


def _judged(ad_id: str, row: RowMapping) -> AdQuality:
    language, product = language_of(row["locale"]), _product(row)
    numbers = ("impressions", "clicks", "predicted_clicks", "usual_clicks")
    rate = expected_click_rate(Shown(*(row[name] for name in numbers)))
    words = relevance(row["keywords"], product, language)
    page = product_page(product, language)
    reasons = (*rate.reasons, *words.reasons, *page.reasons)
    return AdQuality(
        ad_id=ad_id,
        score=score(rate, words, page),
        expected_click_rate=rate.grade,
        relevance=words.grade,
        product_page=page.grade,
        reasons=tuple(QualityReason(code=one.code, detail=one.detail) for one in reasons),
        impressions=row["impressions"],
        clicks=row["clicks"],
        as_of=row["as_of"],
    )


def _product(row: RowMapping) -> Product:
    """The ad's product, as far as it is judged."""
    return Product(
        product_id="",
        title=row["title"],
        link="",
        price=Micros(0),
        description=row["description"],
        brand=row["brand"],
        category=row["category"],
        image_link=row["image_link"],
        in_stock=row["in_stock"],
        highlights=tuple(row["highlights"]),
        attributes=row["attributes"],
    )
