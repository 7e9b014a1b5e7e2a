from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("module", ["service.inference.graph", "training.export, onnxruntime"])
def test_the_runtime_of_the_models_reports_to_nobody(module: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.defpath}
    command = [sys.executable, "-c", f"import {module}"]
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True)  # noqa: S603 - ours
    assert list(tmp_path.rglob("*")) == []
