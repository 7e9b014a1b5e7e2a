"""The committed client is the one that the committed description makes."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

from salient_client import AsyncSalient, Salient

CHECKOUT = Path(__file__).parents[3]
GENERATED = CHECKOUT / "client/salient_client/generated"
FOR_BROWSERS = {"get_click", "get_impression", "get_view"}


def test_it_is_up_to_date(tmp_path: Path) -> None:
    command = [sys.executable, str(CHECKOUT / "client/generate.py"), str(tmp_path)]
    subprocess.run(command, check=True, timeout=120)  # noqa: S603 - our own program
    made = {file.name: file.read_text() for file in tmp_path.glob("*.py")}
    committed = {file.name: file.read_text() for file in GENERATED.glob("*.py")}
    assert made == committed, "docs/openapi.json changed: `make client` renews the client"


def test_every_operation_has_a_method_in_both() -> None:
    paths = json.loads((CHECKOUT / "docs/openapi.json").read_text())["paths"]
    operations = {one["operationId"] for item in paths.values() for one in item.values()}
    for client in (Salient, AsyncSalient):
        methods = {name for name, _ in inspect.getmembers(client, inspect.isfunction)}
        methods = {name for name in methods if not name.startswith("_")} - {"close", "every"}
        assert methods == operations - FOR_BROWSERS
