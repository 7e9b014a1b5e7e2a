"""Memory in pages of 2 MB: a decision touches thousands of places, and a page must be found."""

from __future__ import annotations

import os
import sys
from typing import Final

_TUNABLES: Final = "GLIBC_TUNABLES"
_HUGE: Final = "glibc.malloc.hugetlb=1"
"""`malloc` asks the kernel for huge pages, where /sys/kernel/mm/transparent_hugepage allows it."""


def with_huge_pages() -> None:
    """Start this program again, as the same process, where its `malloc` was told nothing yet.

    glibc reads its settings before the first line of Python runs; other C libraries read none.
    """
    if sys.platform == "linux" and _TUNABLES not in os.environ:
        os.environ[_TUNABLES] = _HUGE
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own command line
