"""Products: /v1/products. They are the store's own: merchants may only look."""

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import StringConstraints
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.products import Product, ProductKey, ProductPage, ProductSpec
from service.api.schemas.resource import Moment
from service.api.schemas.wire import PRINTABLE
from service.decision import terms
from service.decision.reading import fold_category
from service.errors import Fault, InvalidRequestError, NotFoundError, PreconditionFailedError
from service.store.catalogue import delete_products, get_store, put_products
from service.store.feeds.products import product_of
from service.store.feeds.report import FieldError
from service.store.management.products import get_product, products_page

router = management_router("products")

ProductId = Annotated[ProductKey, Path(description="The product.", examples=["100001"])]
_Words = StringConstraints(min_length=1, max_length=750, pattern=PRINTABLE)
OfCategory = Annotated[
    Annotated[str, _Words] | None,
    Query(description="Only this category and all under it.", examples=["Home > Lamps"]),
]
OfBrand = Annotated[
    Annotated[str, _Words] | None, Query(description="Only this brand.", examples=["Lumo"])
]
InStock = Annotated[
    bool | None, Query(description="Only what can be had, or cannot.", examples=[True])
]
UpdatedSince = Annotated[
    Moment | None,
    Query(description="Only what changed since then.", examples=["2026-11-22T09:00:00Z"]),
]
_FEED_NAMES = {"product_highlight": "highlights", "product_detail": "attributes"}


@router.get("/products", summary="List products", response_model=ProductPage)
async def list_products(  # noqa: PLR0913, PLR0917 - one argument a filter
    caller: Manager,
    database: Database,
    page: Page,
    category: OfCategory = None,
    brand: OfBrand = None,
    in_stock: InStock = None,
    updated_since: UpdatedSince = None,
) -> Response:
    """List the store's products, in the order of their ids."""
    asked = {
        "category": category and fold_category(category).lower(),
        "brand": brand,
        "in_stock": in_stock,
        "updated_since": updated_since,
    }
    only = {name: value for name, value in asked.items() if value is not None}
    async with database.begin() as connection:
        rows = await products_page(
            connection, caller.store_id, only, after=page.after, limit=page.fetch
        )
    return page.answer(ProductPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/products/{product_id}", summary="One product", response_model=Product)
async def read_product(product_id: ProductId, caller: Manager, database: Database) -> Response:
    """Show one product, with its ETag."""
    async with database.begin() as connection:
        return answer(await _found(connection, caller.store_id, product_id))


@router.put(
    "/products/{product_id}",
    summary="Make or replace a product",
    response_model=Product,
    responses={
        201: {"model": Product, "description": "It was made"},
        **responses(PreconditionFailedError),
    },
)
async def put_product(
    product_id: ProductId,
    spec: ProductSpec,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Make the product, or make it what is given; what is left out takes its default.

    Texts are made plain, as in an import. Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        store = await get_store(connection, caller.store_id)
        product = _checked(product_id, spec, store.currency)
        row = await get_product(connection, caller.store_id, product_id, lock=True)
        before = None if row is None else _shown(row)
        if_match.check(before)
        changed = await put_products(connection, caller.store_id, [product])
        after = await _found(connection, caller.store_id, product_id)
        if changed:
            action = "create" if before is None else "change"
            await record(connection, caller, Changed("product", product_id, action, before, after))
    response = answer(after)
    if before is None:
        response.status_code = 201
    return response


@router.delete(
    "/products/{product_id}",
    summary="Delete a product",
    status_code=204,
    responses=responses(PreconditionFailedError),
)
async def delete_product(
    product_id: ProductId, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete a product, and with it its ads. Takes a key of the whole store.

    What was said of its selling points is kept, should it come back.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        before = await _found(connection, caller.store_id, product_id, lock=True)
        if_match.check(before)
        await delete_products(connection, caller.store_id, [product_id])
        await record(connection, caller, Changed("product", product_id, "delete", before))
    return Response(status_code=204)


def _checked(product_id: str, spec: ProductSpec, currency: str) -> terms.Product:
    """The product that a feed with these values would bring."""
    values = {"id": product_id, **spec.model_dump()}
    values |= {"highlights": list(spec.highlights)}
    try:
        product = product_of(values, currency)
    except FieldError as error:
        name = _FEED_NAMES.get(error.field, error.field)
        detail = f"{error.advice[0].upper()}{error.advice[1:]}; received {error.received}"
        raise InvalidRequestError([Fault(f"/{name}", "unusable", detail)], 1) from None
    if product.product_id != product_id:
        detail = f"An id is plain text without spaces around it; received {product_id!a}"
        raise InvalidRequestError([Fault("/path/product_id", "unusable", detail)], 1)
    return product


async def _found(
    connection: AsyncConnection, store_id: str, product_id: str, *, lock: bool = False
) -> Product:
    row = await get_product(connection, store_id, product_id, lock=lock)
    if row is None:
        raise NotFoundError("product", product_id)
    return _shown(row)


def _shown(row: RowMapping) -> Product:
    values = {name: value for name, value in row.items() if name != "product_id"}
    return Product(id=row["product_id"], **{**values, "highlights": tuple(row["highlights"])})
