"""Experiments: one query a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from service.decision.experiments import SELLING_POINTS_LAYER, ExperimentStatus
from service.store.experiment_tables import experiments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHOSEN: Final = [column for column in experiments.columns if column.name != "store_id"]
# what a later version keeps on other layers is not ours to show or to change
_OURS: Final = experiments.c.layer == SELLING_POINTS_LAYER


async def add_experiment(
    connection: AsyncConnection, store_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The new row, a draft."""
    statement = insert(experiments).values(store_id=store_id, **values).returning(*_CHOSEN)
    return (await connection.execute(statement)).mappings().one()


async def get_experiment(
    connection: AsyncConnection, store_id: str, experiment_id: str, *, lock: bool = False
) -> RowMapping | None:
    """The store's experiment of this id; locked, if asked."""
    statement = select(*_CHOSEN).where(_here(store_id, experiment_id))
    if lock:
        statement = statement.with_for_update()
    return (await connection.execute(statement)).mappings().one_or_none()


async def experiments_page(
    connection: AsyncConnection,
    store_id: str,
    status: ExperimentStatus | None,
    *,
    after: str,
    limit: int,
) -> list[RowMapping]:
    """Experiments by id, those past `after`, of one status if it is given."""
    columns = experiments.c
    here = [columns.store_id == store_id, columns.id > after, _OURS]
    if status is not None:
        here.append(columns.status == status.value)
    statement = select(*_CHOSEN).where(*here).order_by(columns.id).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def running_experiment(
    connection: AsyncConnection, store_id: str, layer: str
) -> RowMapping | None:
    """The store's experiment that runs on this layer, if there is one."""
    columns = experiments.c
    statement = select(*_CHOSEN).where(
        columns.store_id == store_id,
        columns.layer == layer,
        columns.status == ExperimentStatus.RUNNING.value,
    )
    return (await connection.execute(statement)).mappings().one_or_none()


async def change_experiment(
    connection: AsyncConnection, store_id: str, experiment_id: str, values: Mapping[str, Any]
) -> RowMapping:
    """The row with its new `values`; there must be one."""
    statement = update(experiments).where(_here(store_id, experiment_id))
    changed = statement.values(**values, updated_at=func.now()).returning(*_CHOSEN)
    return (await connection.execute(changed)).mappings().one()


def _here(store_id: str, experiment_id: str) -> ColumnElement[bool]:
    return (experiments.c.id == experiment_id) & (experiments.c.store_id == store_id) & _OURS
