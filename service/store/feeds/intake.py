"""Takes what a file holds into a store, batch by batch: the same for the command and for jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import psycopg
from sqlalchemy import exc

from service.errors import BadInputError
from service.store.catalogue import put_products
from service.store.feeds.products import read_products
from service.store.feeds.repeats import refuse_repeats
from service.store.feeds.report import LONGEST_RECEIVED, FieldError, LineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from service.decision.terms import Product, Store
    from service.store.feeds.rows import Row

BATCH: Final = 2_000
"""Lines that are put together: under a second, for their store is locked meanwhile."""
_REFUSALS: Final = (
    BadInputError, FieldError, exc.DataError, exc.IntegrityError, psycopg.DataError,
    psycopg.IntegrityError,
)  # fmt: skip

Item = TypeVar("Item")
Numbered = tuple[int, Item]


@dataclass(slots=True)
class Batch(Generic[Item]):
    """Lines of a file that follow each other: the good ones, and what is wrong with others."""

    items: list[Numbered[Item]] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    warnings: list[LineError] = field(default_factory=list)
    changed: int = 0  # rows that were written

    @property
    def last_line(self) -> int:
        """The last line in it."""
        return max([line for line, _ in self.items] + [error.line for error in self.errors])

    def after(self, line: int) -> None:
        """Forget everything up to `line`."""
        self.items = [one for one in self.items if one[0] > line]
        self.errors = [one for one in self.errors if one.line > line]
        self.warnings = [one for one in self.warnings if one.line > line]


class Intake(Protocol[Item]):
    """What one kind of file holds, and how a store takes it."""

    def read(self, rows: Iterable[Row | LineError]) -> Iterator[Batch[Item]]:
        """The lines, in batches."""

    async def put(self, connection: AsyncConnection, items: Sequence[Numbered[Item]]) -> int:
        """Put `items` inside the caller's transaction; returns how many rows changed.

        Raises: BadInputError, FieldError, or what the database says, if one cannot be put.
        """


def batches(
    found: Iterable[Numbered[Item] | LineError], warnings: list[LineError], size: int = BATCH
) -> Iterator[Batch[Item]]:
    """`found` in batches of `size` lines; each takes the `warnings` that came meanwhile."""
    batch: Batch[Item] = Batch(warnings=warnings)
    for one in found:
        if isinstance(one, LineError):
            batch.errors.append(one)
        else:
            batch.items.append(one)
        if len(batch.items) + len(batch.errors) == size:
            batch.warnings = [*warnings]
            warnings.clear()
            yield batch
            batch = Batch(warnings=warnings)
    if batch.items or batch.errors:
        yield batch


async def take(connection: AsyncConnection, intake: Intake[Item], batch: Batch[Item]) -> None:
    """Put the batch's items; those that the store refuses become errors of their lines.

    One that cannot be put is found by halving, so that the others are kept.
    """
    items, batch.items = batch.items, []
    await _take(connection, intake, items, batch)
    batch.errors.sort(key=lambda error: error.line)


async def _take(
    connection: AsyncConnection,
    intake: Intake[Item],
    items: list[Numbered[Item]],
    batch: Batch[Item],
) -> None:
    if not items:
        return
    try:
        async with connection.begin_nested():
            batch.changed += await intake.put(connection, items)
    except _REFUSALS as error:
        if len(items) == 1:
            batch.errors.append(_refused(items[0][0], error))
            return
        middle = len(items) // 2
        await _take(connection, intake, items[:middle], batch)
        await _take(connection, intake, items[middle:], batch)
    else:
        batch.items += items


def _refused(line: int, error: Exception) -> LineError:
    if isinstance(error, FieldError):
        return error.on(line)
    told = str(error.orig if isinstance(error, exc.DBAPIError) else error).partition("\n")[0]
    return LineError(line, "(line)", told[: 2 * LONGEST_RECEIVED], "correct it")


@dataclass(frozen=True, slots=True)
class ProductIntake:
    """A catalogue's products."""

    store: Store

    def read(self, rows: Iterable[Row | LineError]) -> Iterator[Batch[Product]]:
        """The products of `rows`; of two with one id the first is taken."""
        warnings: list[LineError] = []
        found = read_products(rows, self.store.currency, warnings.append)
        named = refuse_repeats(found, "id", lambda product: product.product_id)
        return batches(named, warnings)

    async def put(self, connection: AsyncConnection, items: Sequence[Numbered[Product]]) -> int:
        """Insert or update them."""
        return await put_products(connection, self.store.store_id, [one for _, one in items])
