"""The list of mutants is what there is: every row has one, and every one has its test."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.mutants import MUTANTS
from tests.faults.whole import rows_without

FOLDER = Path(__file__).parent
_TEST = re.compile(r"^(?:async )?def (test_mutant\w+)", re.MULTILINE)


def test_every_row_has_a_mutant() -> None:
    assert rows_without() == []
    assert rows_without([*range(1, 15), 99]) == [99]


def test_every_mutant_is_listed_with_its_test() -> None:
    found = {
        (path.name, name)
        for path in FOLDER.glob("test_*.py")
        for name in _TEST.findall(path.read_text())
    }
    listed = [(one.file, one.test) for one in MUTANTS]
    assert set(listed) == found
    assert len(listed) == len(set(listed))


def test_docs_tell_of_every_mutant() -> None:
    page = (FOLDER.parents[1] / "docs" / "faults.md").read_text()
    assert [one.defect for one in MUTANTS if one.defect not in page] == []
    assert [one.file for one in MUTANTS if f"tests/faults/{one.file}" not in page] == []
