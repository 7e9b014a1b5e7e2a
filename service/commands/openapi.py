"""The API's description, as the running service gives it at /openapi.json."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

from service.api.application import make_application

if TYPE_CHECKING:
    from pathlib import Path


def description() -> str:
    """The description as text that a reviewer can compare line by line."""
    document = make_application(version("salient-ads")).openapi()
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def write_description(file: Path) -> None:
    """Write the description into `file`."""
    file.write_text(description(), encoding="utf-8")
