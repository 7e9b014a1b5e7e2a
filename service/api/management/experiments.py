"""Experiments: /v1/experiments. They are the store's own: merchants do not see them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query, Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from service.api.ids import new_id
from service.api.management.answers import Made, answer, made
from service.api.management.audit import Changed, record
from service.api.management.caller import Manager
from service.api.management.cursor import Page
from service.api.management.database import Database
from service.api.management.etag import IfMatch
from service.api.management.experiment_rules import (
    arms_of,
    check_change,
    reweighted,
    start_or_stop,
)
from service.api.management.idempotency import Once
from service.api.management.route import management_router
from service.api.problems import responses
from service.api.schemas.experiments import (
    Arm,
    Experiment,
    ExperimentChange,
    ExperimentDraft,
    ExperimentPage,
    SellingPointRule,
)
from service.api.schemas.resource import Id
from service.decision import experiments
from service.decision.experiments import SELLING_POINTS_LAYER, ExperimentStatus, read_arms
from service.errors import ConflictError, NotFoundError, PreconditionFailedError
from service.store.management.experiments import (
    add_experiment,
    change_experiment,
    experiments_page,
    get_experiment,
    running_experiment,
)
from service.store.management.stores import lock_store

router = management_router("experiments")

ExperimentId = Annotated[
    Id, Path(description="The experiment.", examples=["exp_0193b2c4e5f67a8b9c0d1e2f3a4b5c6d"])
]
OfStatus = Annotated[
    ExperimentStatus | None,
    Query(description="Only those of this status.", examples=["running"]),
]


@router.post(
    "/experiments",
    summary="Make an experiment",
    status_code=201,
    response_model=Experiment,
    responses=responses(ConflictError),
)
async def create_experiment(draft: ExperimentDraft, caller: Manager, once: Once) -> Response:
    """Make an experiment. It begins as a draft; set it to running to assign shoppers to it.

    A shopper is in the same arm on every page: see `buckets`. Takes a key of the whole store.
    """
    caller.require_whole_store()
    arms = arms_of(draft)
    experiment_id = new_id("exp")

    async def create(connection: AsyncConnection) -> Made:
        values = {
            "id": experiment_id,
            "name": draft.name,
            "salt": draft.salt or experiment_id,
            "arms": _kept(arms),
        }
        experiment = _shown(await add_experiment(connection, caller.store_id, values))
        await record(connection, caller, _changed("create", experiment, after=experiment))
        return made(experiment, f"/v1/experiments/{experiment.id}")

    return await once(create)


@router.get("/experiments", summary="List experiments", response_model=ExperimentPage)
async def list_experiments(
    caller: Manager, database: Database, page: Page, status: OfStatus = None
) -> Response:
    """List the store's experiments, in the order of their ids."""
    caller.require_whole_store()
    async with database.begin() as connection:
        rows = await experiments_page(
            connection, caller.store_id, status, after=page.after, limit=page.fetch
        )
    return page.answer(ExperimentPage, [_shown(row) for row in rows], lambda one: one.id)


@router.get("/experiments/{experiment_id}", summary="One experiment", response_model=Experiment)
async def read_experiment(
    experiment_id: ExperimentId, caller: Manager, database: Database
) -> Response:
    """Show one experiment, with its ETag."""
    caller.require_whole_store()
    async with database.begin() as connection:
        row = await get_experiment(connection, caller.store_id, experiment_id)
    if row is None:
        raise NotFoundError("experiment", experiment_id)
    return answer(_shown(row))


@router.patch(
    "/experiments/{experiment_id}",
    summary="Start, stop or change an experiment",
    response_model=Experiment,
    responses=responses(ConflictError, PreconditionFailedError),
)
async def patch_experiment(
    experiment_id: ExperimentId,
    change: ExperimentChange,
    caller: Manager,
    database: Database,
    if_match: IfMatch,
) -> Response:
    """Change what is given: name, status, weights. In force within a second.

    While one experiment runs, no other of the store can be started: 409. What was stopped stays
    as it is.
    """
    caller.require_whole_store()
    async with database.begin() as connection:
        await lock_store(connection, caller.store_id)  # of two starts, one waits for the other
        row = await _locked(connection, caller.store_id, experiment_id)
        before = _shown(row)
        if_match.check(before)
        check_change(before, change)
        if change.status is ExperimentStatus.RUNNING and before.status is not change.status:
            await _require_none_running(connection, caller.store_id)
        values = _values(change, before.status, read_arms(row["arms"]))
        after = _shown(await change_experiment(connection, caller.store_id, experiment_id, values))
        await record(connection, caller, _changed("change", after, before=before, after=after))
    return answer(after)


def _values(
    change: ExperimentChange, status: ExperimentStatus, arms: Sequence[experiments.Arm]
) -> dict[str, Any]:
    """The columns that `change` writes."""
    given = change.given()
    values: dict[str, Any] = {"name": change.name} if "name" in given else {}
    if "weights" in given:
        values["arms"] = _kept(reweighted(arms, change.weights))
    if "status" in given and change.status is not status:
        values |= start_or_stop(change.status)
    return values


async def _require_none_running(connection: AsyncConnection, store_id: str) -> None:
    row = await running_experiment(connection, store_id, SELLING_POINTS_LAYER)
    if row is not None:
        raise ConflictError(
            f"the experiment {row['id']} ({row['name']!a}) runs, and two at once would each spoil"
            " what the other measures; stop it first, or compare all arms in one experiment"
        )


async def _locked(connection: AsyncConnection, store_id: str, experiment_id: str) -> RowMapping:
    row = await get_experiment(connection, store_id, experiment_id, lock=True)
    if row is None:
        raise NotFoundError("experiment", experiment_id)
    return row


def _shown(row: RowMapping) -> Experiment:
    arms = tuple(
        Arm(
            name=arm.name,
            weight=arm.weight,
            buckets=arm.buckets,
            selling_points=SellingPointRule(**asdict(arm.policy)),
        )
        for arm in read_arms(row["arms"])
    )
    values = {name: value for name, value in row.items() if name != "layer"}
    return Experiment(**values | {"status": ExperimentStatus(row["status"]), "arms": arms})


def _kept(arms: Sequence[experiments.Arm]) -> list[dict[str, Any]]:
    return [asdict(arm) for arm in arms]


def _changed(
    action: str, of: Experiment, before: Experiment | None = None, after: Experiment | None = None
) -> Changed:
    return Changed("experiment", of.id, action, before, after)
