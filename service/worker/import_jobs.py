"""Imports: an upload becomes rows of a store, batch by batch, with a word for each bad line."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, fields
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.errors import BadInputError
from service.store.catalogue import get_store
from service.store.feeds.booking_intake import BookingIntake
from service.store.feeds.intake import ProductIntake, take
from service.store.feeds.rows import FileFormat, rows_of
from service.store.job_files import add_findings, read_chunk, upload_bytes
from service.store.jobs import advance_job

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.store.feeds.intake import Batch, Intake
    from service.store.jobs import Job

Item = TypeVar("Item")

PRODUCTS: Final = "product_import"
BOOKINGS: Final = "import"
BATCH_SECONDS: Final = 60.0
"""For a batch: a lock that is held longer than that is not waited for."""
MOST_ERRORS: Final = 100_000
"""A file with more bad lines is not what it was meant to be: it is not read further."""


@dataclass(slots=True)
class Tally:
    """How an import stands."""

    good: int = 0  # lines taken
    changed: int = 0  # rows written
    bad: int = 0  # lines left out
    warned: int = 0

    @classmethod
    def of(cls, job: Job) -> Tally:
        """What earlier attempts committed."""
        return cls(**{one.name: job.result.get(one.name, 0) for one in fields(cls)})

    def add(self, batch: Batch[Any]) -> None:
        """Count what became of the lines of `batch`."""
        self.good += len(batch.items)
        self.changed += batch.changed
        self.bad += len(batch.errors)
        self.warned += len(batch.warnings)


@dataclass(frozen=True, slots=True)
class Importer:
    """Does import jobs. Uploads are read from a file without a name in `folder`."""

    engine: AsyncEngine
    folder: Path

    async def import_products(self, job: Job) -> None:
        """Take the products of an upload."""
        async with self.engine.connect() as connection:
            store = await get_store(connection, job.store_id)
        await self._import(job, ProductIntake(store))

    async def import_bookings(self, job: Job) -> None:
        """Take the campaigns of an upload."""
        async with self.engine.connect() as connection:
            store = await get_store(connection, job.store_id)
        await self._import(job, BookingIntake(store, job.advertiser_id))

    async def _import(self, job: Job, intake: Intake[Item]) -> None:
        """Read the upload from its beginning; put what no earlier attempt has committed.

        Raises: BadInputError when there is nothing to import, or too much that cannot be.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=self.folder) as file:
            size = await self._fetch(job, file)
            tally, read = Tally.of(job), [0]

            def progress(amount: int) -> None:
                read[0] += amount

            batches = intake.read(rows_of(file, FileFormat(job.spec["format"]), progress))
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                last = batch.last_line
                batch.after(job.lines)
                if last > job.lines:
                    await self._put(job, intake, batch, tally, (last, read[0] / size))
                if tally.bad > MOST_ERRORS:
                    raise BadInputError(
                        f"{tally.bad} lines were bad by line {last}: it ends there"
                    )
        if not tally.good + tally.bad:
            raise BadInputError("the upload holds nothing to import: give one line for each")

    async def _put(
        self,
        job: Job,
        intake: Intake[Item],
        batch: Batch[Item],
        tally: Tally,
        reached: tuple[int, float],
    ) -> None:
        """Put a batch, its findings and how far the job has come, in one transaction."""
        number = tally.bad + tally.warned
        async with asyncio.timeout(BATCH_SECONDS), self.engine.begin() as connection:
            await _take(connection, intake, batch, dry_run=bool(job.spec.get("dry_run")))
            found = [("warning", one) for one in batch.warnings]
            found += [("error", one) for one in batch.errors]
            found.sort(key=lambda one: one[1].line)
            await add_findings(connection, job.job_id, number, found)
            tally.add(batch)
            line, progress = reached
            await advance_job(
                connection, job, lines=line, progress=min(progress, 1.0), result=asdict(tally)
            )

    async def _fetch(self, job: Job, file: BinaryIO) -> int:
        """Copy the upload to `file`, a piece at a time; returns its size, 1 for an empty one."""
        number = 0
        async with self.engine.connect() as connection:
            size = await upload_bytes(connection, job.job_id)
            while (body := await read_chunk(connection, job.job_id, number)) is not None:
                await asyncio.to_thread(file.write, body)
                number += 1
        file.seek(0)
        return max(size, 1)


WORKS: Final = {PRODUCTS: Importer.import_products, BOOKINGS: Importer.import_bookings}


async def _take(
    connection: AsyncConnection, intake: Intake[Item], batch: Batch[Item], *, dry_run: bool
) -> None:
    """Put the batch; a dry run takes it back, with the locks that it took."""
    trial = await connection.begin_nested()
    await take(connection, intake, batch)
    if dry_run:
        await trial.rollback()
    else:
        await trial.commit()
