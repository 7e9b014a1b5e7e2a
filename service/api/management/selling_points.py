"""Selling points: /v1/products/{product_id}/selling-points. People approve, lock and ban them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isinf
from time import time
from typing import Annotated

from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Caller, Manager
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.products import ProductId
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.selling_points import (
    Evidence,
    PointVerdicts,
    SellingPoint,
    SellingPoints,
)
from service.api.state import state_of
from service.contract.tagging import Tagger
from service.decision import terms
from service.decision.attest import every_point, states_of, telling
from service.decision.language import Language, language_of
from service.decision.point_rules import Barred, Rulebook
from service.decision.verdicts import PointState, Verdict
from service.errors import Fault, InvalidRequestError, NotFoundError, PreconditionFailedError
from service.store.catalogue import get_products, get_store
from service.store.management.products import advertisers_of, get_product, is_advertised_by
from service.store.management.selling_points import add_verdicts, drop_verdicts
from service.store.selling_points import load_brands, load_point_rules, load_verdicts

router = management_router("selling points")
_PATH = "/products/{product_id}/selling-points"


async def _finder(request: Request) -> Tagger:
    return state_of(request).tagger


Finder = Annotated[Tagger, Depends(_finder)]


@dataclass(frozen=True, slots=True)
class _Known:
    """A product with what was said of it."""

    product: terms.Product
    tagger: Tagger
    rulebook: Rulebook
    merchants: tuple[str, ...]  # who advertise it
    verdicts: tuple[Verdict, ...]
    now: float  # Unix seconds

    @property
    def language(self) -> Language:
        """Of the shop."""
        return self.rulebook.language

    def shown(self, verdicts: Sequence[Verdict]) -> SellingPoints:
        """All selling points, with what `verdicts` say of them."""
        points = every_point(self.product, self.language, self.tagger)
        said = states_of(verdicts, self.language)
        shown = [
            self._shown(point, said.get(words, PointState.SUGGESTED))
            for words, point in points.items()
        ]
        shown += [
            SellingPoint(
                id=verdict.selling_point_id,
                text=verdict.text,
                kind=None,
                state=verdict.state,
                evidence=None,
            )
            for verdict in verdicts
            if telling(verdict.text, self.language) not in points
        ]
        return SellingPoints(product_id=self.product.product_id, selling_points=tuple(shown))

    def _shown(self, point: terms.SellingPoint, state: PointState) -> SellingPoint:
        told_at = self.product.told_at
        return SellingPoint(
            id=point.selling_point_id,
            text=point.text,
            kind=point.kind,
            state=state,
            evidence=Evidence(
                field=point.evidence_field,
                value=point.evidence_value,
                version=None if told_at is None else datetime.fromtimestamp(told_at, UTC),
            ),
            valid_until=None
            if isinf(point.valid_until)
            else datetime.fromtimestamp(point.valid_until, UTC),
            barred=self._barred(point, state),
        )

    def _barred(self, point: terms.SellingPoint, state: PointState) -> Barred | None:
        if state == PointState.BANNED:
            return Barred.BANNED
        if point.valid_until <= self.now:
            return Barred.EXPIRED
        return self.rulebook.bars(point.text, self.product, self.merchants)


@router.get(_PATH, summary="A product's selling points", response_model=SellingPoints)
async def read_selling_points(
    product_id: ProductId, caller: Manager, database: Database, tagger: Finder
) -> Response:
    """Show what titles may say of a product, and which of its fields says so.

    A merchant sees those of the products that it has ads for.
    """
    async with database.begin() as connection:
        known = await _known(connection, caller, product_id, tagger)
    return answer(known.shown(known.verdicts))


@router.put(
    _PATH,
    summary="Approve, lock or ban selling points",
    response_model=SellingPoints,
    responses=responses(PreconditionFailedError),
)
async def put_selling_points(
    product_id: ProductId,
    told: PointVerdicts,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
    tagger: Finder,
) -> Response:
    """Say what may become of the selling points that are named; the others stay as they are.

    What is banned is in no title any more within a second; what is locked goes first. It holds
    for all ads of the product. `suggested` takes back what was said.
    """
    async with database.begin() as connection:
        known = await _known(connection, caller, product_id, tagger, lock=True)
        before = known.shown(known.verdicts)
        if_match.check(before)
        new = _new_verdicts(told, before)
        words = {telling(verdict.text, known.language) for verdict in new}
        gone = {
            verdict.selling_point_id
            for verdict in known.verdicts
            if telling(verdict.text, known.language) in words
        }
        gone |= {verdict.selling_point_id for verdict in new}
        after = known.shown(
            [one for one in known.verdicts if one.selling_point_id not in gone]
            + [one for one in new if one.state != PointState.SUGGESTED]
        )
        if after != before:
            await drop_verdicts(connection, caller.store_id, product_id, sorted(gone))
            await add_verdicts(connection, caller.store_id, product_id, new, caller.advertiser_id)
            await record(connection, caller, _changed(caller, before, after))
    return answer(after)


def _new_verdicts(told: PointVerdicts, shown: SellingPoints) -> list[Verdict]:
    """What was told of selling points that there are.

    Raises: InvalidRequestError.
    """
    texts = {point.id: point.text for point in shown.selling_points}
    faults, new = [], {}
    for index, one in enumerate(told.selling_points):
        if one.id not in texts:
            detail = f"The product has no selling point {one.id!a}"
            faults.append(Fault(f"/selling_points/{index}/id", "unknown_selling_point", detail))
        elif one.id in new:
            detail = f"{one.id!a} stands twice"
            faults.append(Fault(f"/selling_points/{index}/id", "repeated", detail))
        else:
            new[one.id] = Verdict(one.id, texts[one.id], one.state)
    if faults:
        raise InvalidRequestError(faults[:20], len(faults))
    return list(new.values())


async def _known(
    connection: AsyncConnection,
    caller: Caller,
    product_id: str,
    tagger: Tagger,
    *,
    lock: bool = False,
) -> _Known:
    """The product, if it exists for the caller, with what was said.

    Raises: NotFoundError.
    """
    store_id, merchant = caller.store_id, caller.advertiser_id
    row = await get_product(connection, store_id, product_id, lock=lock)
    if row is None or not (
        merchant is None or await is_advertised_by(connection, store_id, product_id, merchant)
    ):
        raise NotFoundError("product", product_id)
    product = (await get_products(connection, store_id, [product_id]))[product_id]
    verdicts = await load_verdicts(connection, store_id, product_id)
    return _Known(
        product=product,
        tagger=tagger,
        rulebook=await _rulebook(connection, store_id),
        merchants=await advertisers_of(connection, store_id, product_id),
        verdicts=verdicts.get(product_id, ()),
        now=time(),
    )


async def _rulebook(connection: AsyncConnection, store_id: str) -> Rulebook:
    language = language_of((await get_store(connection, store_id)).locale)
    rules = await load_point_rules(connection, store_id)
    return Rulebook(language, rules, await load_brands(connection, store_id))


def _changed(caller: Caller, before: SellingPoints, after: SellingPoints) -> Changed:
    return Changed(
        "selling_points", after.product_id, "change", before, after, caller.advertiser_id
    )
