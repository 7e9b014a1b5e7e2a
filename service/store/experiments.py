"""The experiments that snapshots hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.decision.experiments import Experiment, ExperimentStatus, read_experiments
from service.store.experiment_tables import experiments

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def load_experiments(connection: AsyncConnection, store_id: str) -> tuple[Experiment, ...]:
    """The store's experiments that run, in the order of their ids."""
    columns = experiments.c
    statement = select(
        columns.id.label("experiment_id"), columns.name, columns.layer, columns.salt, columns.arms
    ).where(columns.store_id == store_id, columns.status == ExperimentStatus.RUNNING.value)
    rows = await connection.execute(statement.order_by(columns.id))
    return read_experiments([dict(row) for row in rows.mappings()])
