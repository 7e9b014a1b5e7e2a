"""An import in a process of its own: it takes no time, and no memory, from its worker's.

python -m service.worker.import_process < {"job", "database_url", "folder"}
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.errors import AdServiceError, BadInputError
from service.store.embedded.processes import die_with_parent
from service.store.jobs import Job, LeaseLostError
from service.store.postgres import open_engine
from service.worker.import_jobs import WORKS, Importer

if TYPE_CHECKING:
    from asyncio.subprocess import Process

_REFUSED: Final = 3  # exit status: standard output says why
_LEASE_LOST: Final = 4


class ImportInterruptedError(AdServiceError):
    """The process ended before its import was over; another attempt goes on from there."""


@dataclass(frozen=True, slots=True)
class ImportProcesses:
    """Does import jobs, each in a process that ends with it, or with the worker."""

    database_url: str
    folder: Path  # where uploads are read from

    async def __call__(self, job: Job) -> None:
        """Do `job`.

        Raises: BadInputError, LeaseLostError, ImportInterruptedError.
        """
        told = {"job": asdict(job), "database_url": self.database_url, "folder": str(self.folder)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE
        )
        try:
            said, _ = await process.communicate(json.dumps(told).encode())
        finally:
            await _end(process)
        _check(process.returncode, said.decode(errors="replace"), job)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _check(status: int | None, said: str, job: Job) -> None:
    if status == _REFUSED:
        raise BadInputError(said)
    if status == _LEASE_LOST:
        raise LeaseLostError(job.job_id)
    if status != 0:
        raise ImportInterruptedError(f"the import of {job.job_id} ended with status {status}")


async def _import(told: dict[str, Any]) -> None:
    job = Job(**told["job"])
    engine = open_engine(told["database_url"], pool_size=1)
    try:
        await WORKS[job.kind](Importer(engine, Path(told["folder"])), job)
    finally:
        await engine.dispose()


def main() -> None:
    """Do the job that stands on standard input; the exit status says what became of it."""
    die_with_parent()
    try:
        asyncio.run(_import(json.load(sys.stdin)))
    except BadInputError as error:
        sys.stdout.write(str(error))
        sys.exit(_REFUSED)
    except LeaseLostError:
        sys.exit(_LEASE_LOST)


if __name__ == "__main__":
    main()
