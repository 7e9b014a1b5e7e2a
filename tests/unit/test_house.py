"""What the import rules cannot see: what is loaded when the service starts."""

from __future__ import annotations

import json
import subprocess
import sys


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory after `module` was imported by a fresh interpreter."""
    names = "[name.partition('.')[0] for name in sys.modules]"
    code = f"import json, sys, {module}; print(json.dumps({names}))"
    done = subprocess.run(  # noqa: S603 - our own line
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=120
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_serving_loads_nothing_of_training() -> None:
    loaded = loaded_by("service.main")
    assert "onnxruntime" in loaded  # the service is really there
    assert not loaded & {"tensorflow", "keras", "training", "onnx", "sklearn"}


def test_the_map_of_the_house_stays_free_of_imports() -> None:
    assert loaded_by("service") & {"fastapi", "numpy", "onnxruntime"} == set()
