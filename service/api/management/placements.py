"""Placements: /v1/placements. They are the store's own: merchants may only look."""

from typing import Annotated

from fastapi import Path, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.management.answers import answer
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.campaign_rules import check_platforms
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.placements import (
    Placement,
    PlacementName,
    PlacementPage,
    PlacementSpec,
)
from service.decision import terms
from service.decision.terms import AuctionRule, Micros, PhrasePosition, PhraseStyle
from service.errors import NotFoundError, PreconditionFailedError
from service.store.campaigns import put_placements
from service.store.management.placements import (
    get_placement,
    placements_page,
    remove_placement,
)
from service.store.management.stores import lock_store
from service.store.unplanned_platforms import close_unplanned

router = management_router("placements")

Name = Annotated[PlacementName, Path(description="The placement.", examples=["search_top"])]


@router.get("/placements", summary="List placements", response_model=PlacementPage)
async def list_placements(caller: Manager, database: Database, page: Page) -> Response:
    """List the store's placements, in the order of their names."""
    async with database.begin() as connection:
        rows = await placements_page(
            connection, caller.store_id, after=page.after, limit=page.fetch
        )
    return page.answer(PlacementPage, [_shown(row) for row in rows], lambda one: one.name)


@router.get("/placements/{name}", summary="One placement", response_model=Placement)
async def read_placement(name: Name, caller: Manager, database: Database) -> Response:
    """Show one placement, with its ETag."""
    async with database.begin() as connection:
        return answer(await _found(connection, caller.store_id, name))


@router.put(
    "/placements/{name}",
    summary="Make or replace a placement",
    response_model=Placement,
    responses={
        201: {"model": Placement, "description": "It was made"},
        **responses(PreconditionFailedError),
    },
)
async def put_placement(
    name: Name, spec: PlacementSpec, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Make the placement, or make it what is given; what is left out takes its default.

    Requests for ads may name it within a second. Takes a key of the whole store.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        await check_platforms(connection, caller.store_id, [spec.platform], "/platform")
        row = await get_placement(connection, caller.store_id, name, lock=True)
        before = None if row is None else _shown(row)
        if_match.check(before)
        after = Placement(
            name=name, **{key: getattr(spec, key) for key in type(spec).model_fields}
        )
        if after != before:
            await put_placements(connection, caller.store_id, [_kept(after)])
        if before is None or after.platform != before.platform:
            await close_unplanned(connection, caller.store_id)
        action = "create" if before is None else "change"
        await record(connection, caller, Changed("placement", name, action, before, after))
    response = answer(after)
    if before is None:
        response.status_code = 201
        response.headers["Location"] = f"/v1/placements/{name}"
    return response


@router.delete(
    "/placements/{name}",
    summary="Delete a placement",
    status_code=204,
    responses=responses(PreconditionFailedError),
)
async def delete_placement(
    name: Name, caller: Manager, database: Database, if_match: IfMatch
) -> Response:
    """Delete a placement: requests that name it are refused from then on."""
    caller.require_whole_store()
    async with database.begin() as connection:
        await lock_store(connection, caller.store_id)  # first, as whoever puts one does
        before = await _found(connection, caller.store_id, name, lock=True)
        if_match.check(before)
        await remove_placement(connection, caller.store_id, name)
        await record(connection, caller, Changed("placement", name, "delete", before))
    return Response(status_code=204)


async def _found(
    connection: AsyncConnection, store_id: str, name: str, *, lock: bool = False
) -> Placement:
    row = await get_placement(connection, store_id, name, lock=lock)
    if row is None:
        raise NotFoundError("placement", name)
    return _shown(row)


def _shown(row: RowMapping) -> Placement:
    known = {
        "phrase_style": PhraseStyle(row["phrase_style"]),
        "phrase_position": PhrasePosition(row["phrase_position"]),
        "rule": AuctionRule(row["rule"]),
        "exposure_ppm": tuple(row["exposure_ppm"]),
    }
    return Placement(**{**row, **known})


def _kept(placement: Placement) -> terms.Placement:
    values = placement.model_dump()
    return terms.Placement(reserve=Micros(values.pop("reserve_micros")), **values)
