"""`make test-faults`: all tests of faults but the soak, and a last line that counts mutants.

The exit status is 1 where a test fails, where a mutant was not caught or is not listed, and where
it took longer than half an hour.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.faults.mutants import MUTANTS, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

BUDGET_SECONDS: Final = 1800.0


@dataclass
class Tally:
    """What became of each test, by file and name without its parameters."""

    passed: set[tuple[str, str]] = field(default_factory=set)
    failed: set[tuple[str, str]] = field(default_factory=set)
    tests: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once it ran, or could not."""
        name = (Path(report.fspath).name, (report.head_line or "").partition("[")[0])
        if report.failed:
            self.failed.add(name)
        if report.when == "call":
            self.tests += 1
            if report.passed:
                self.passed.add(name)

    def caught(self) -> int:
        """How many of the listed mutants every run of their test caught."""
        good = self.passed - self.failed
        return sum((one.file, one.test) in good for one in MUTANTS)

    def unlisted(self) -> set[tuple[str, str]]:
        """Tests of mutants that nobody listed."""
        seen = {name for name in self.passed | self.failed if name[1].startswith("test_mutant")}
        return seen - {(one.file, one.test) for one in MUTANTS}


def rows_without(rows: Iterable[int] = ROWS) -> list[int]:
    """The rows that no mutant is listed for."""
    return sorted(set(rows) - {one.row for one in MUTANTS})


def main() -> int:
    """Run, count, and say by the exit status whether all is well."""
    tally = Tally()
    began = time.monotonic()
    words = ["-m", "not soak", "-p", "no:cacheprovider", "--durations=15", *sys.argv[1:]]
    status = pytest.main([*words, str(Path(__file__).parent)], plugins=[tally])
    seconds = time.monotonic() - began
    caught, bare, unlisted = tally.caught(), rows_without(), tally.unlisted()
    if bare or unlisted:
        sys.stdout.write(f"rows without a mutant: {bare}; mutants not listed: {unlisted}\n")
    told = {"tests": tally.tests, "mutants": len(MUTANTS), "caught": caught}
    sys.stdout.write(json.dumps(told | {"seconds": round(seconds)}) + "\n")
    well = not (bare or unlisted or int(status)) and caught == len(MUTANTS)
    return 0 if well and seconds <= BUDGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
