"""Progress bars on a terminal; elsewhere a line when each stage begins, so that logs show life."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


class Stages(Progress):
    """The bars of a long run."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, disable=not console.is_terminal)
        self._began = time.monotonic()

    def add_task(self, description: str, *given: Any, **options: Any) -> TaskID:
        """Begin a stage."""
        if self.disable:
            elapsed = time.monotonic() - self._began
            self.console.print(f"{elapsed:5.0f} s  {description} ...", highlight=False)
        return super().add_task(description, *given, **options)
