from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from service.commands.huge_pages import with_huge_pages
print("begun", flush=True)
with_huge_pages()
print(os.getpid(), os.environ["GLIBC_TUNABLES"], *sys.argv[1:])
"""


def told(**environment: str) -> tuple[list[str], int]:
    known = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, "--port", "8001"],
        env=known | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        said = process.communicate()[0]
    assert process.returncode == 0
    return said.splitlines(), process.pid


@pytest.mark.skipif(sys.platform != "linux", reason="there are no such pages elsewhere")
def test_a_program_begins_again_once_as_the_same_process() -> None:
    lines, pid = told()
    assert lines == ["begun", "begun", f"{pid} glibc.malloc.hugetlb=1 --port 8001"]


def test_what_malloc_was_told_already_stays() -> None:
    lines, pid = told(GLIBC_TUNABLES="glibc.malloc.hugetlb=0")
    assert lines == ["begun", f"{pid} glibc.malloc.hugetlb=0 --port 8001"]
