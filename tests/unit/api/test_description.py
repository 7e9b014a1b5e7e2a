"""The committed description: the application's own, with names that clients can rely on."""

from __future__ import annotations

import json
import re
from pathlib import Path

from service.commands.openapi import description

COMMITTED = Path(__file__).parents[3] / "docs/openapi.json"


def test_the_committed_description_is_the_applications() -> None:
    committed = COMMITTED.read_text(encoding="utf-8")
    assert committed == description(), "the API's description changed: `make openapi` renews it"


def test_operations_are_named_by_what_they_do() -> None:
    paths = json.loads(description())["paths"]
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert len(set(names)) == len(names)
    for name in names:  # never by a path, which may move
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name
