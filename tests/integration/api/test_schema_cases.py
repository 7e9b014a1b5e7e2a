"""Cases made from the OpenAPI document: whatever is sent, no answer is an error of ours.

Here the routes that need no database, in process; `tests/faults/test_fuzz.py` has all of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import hypothesis
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.api.shop import Log, make_app, make_state

if TYPE_CHECKING:
    from schemathesis import Case

CASES = int(os.environ.get("SCHEMA_CASES", "150"))  # of each operation and mode
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

state = make_state()
document = schemathesis.openapi.from_asgi("/openapi.json", make_app(state))
schema = document.exclude(lambda context: "x-scope" in context.operation.definition.raw)


@schema.parametrize()
@hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_answers_are_what_the_document_says(case: Case[Any]) -> None:
    _reach_deeper(case)
    case.call_and_validate(headers={"Authorization": "Bearer sk_a"}, checks=CHECKS)
    cast("Log", state.log).entries.clear()


def _reach_deeper(case: Case[Any]) -> None:
    """Made-up placements and tokens are refused at the door: give every other case real ones."""
    body: Any = case.body
    if isinstance(body, dict) and "placement" in body and len(str(body)) % 2:
        body["placement"] = "search_top"
