"""The OpenAPI document: what it says of the whole, and the problems that all routes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from service.api.schemas.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.routing import APIRoute

TITLE = "Salient"
SUMMARY = "An ad server for a shop's own search page."
DESCRIPTION = """\
Ask for ads with `POST /v1/ads`, show them with their label, load `impression_url` when they are
rendered and `view_url` when they are in view, and link to `click_url`. Tell what shoppers search
for and which feature words they click with `POST /v1/events`: with consent, the next answer's
titles say what this shopper cares about.

Keys come as `Authorization: Bearer ...` or `?key=...`. Publishable keys may stand in a page and
are bound to its origin; secret keys may not. Money is in micros, millionths of the store's
currency. Errors are problem details (RFC 9457) with a `code` for programs.
"""
TAGS = [
    {"name": "ads", "description": "Ask for ads."},
    {"name": "events", "description": "Tell what shoppers did."},
    {"name": "products", "description": "The shop's catalogue."},
    {"name": "selling points", "description": "What titles may say of a product."},
    {"name": "advertisers", "description": "The merchants of the shop."},
    {"name": "campaigns", "description": "Budgets with dates, bids and platforms."},
    {"name": "campaign ads", "description": "The products that a campaign advertises."},
    {"name": "keywords", "description": "Queries that a campaign bids on, or refuses."},
    {"name": "allocations", "description": "How budgets are spread over platforms."},
    {"name": "payments", "description": "What advertisers paid ahead."},
    {"name": "ledger", "description": "What campaigns paid, and invoices."},
    {"name": "refunds", "description": "Give money back."},
    {"name": "store", "description": "What holds for all campaigns and shoppers of a shop."},
    {"name": "placements", "description": "Named areas of pages, and what they ask for."},
    {"name": "platforms", "description": "Channels that budgets are spread over."},
    {"name": "experiments", "description": "Show shoppers different things, and compare."},
    {"name": "keys", "description": "Who may call, and for what."},
    {"name": "imports", "description": "Many at once, as a job."},
    {"name": "jobs", "description": "Work that goes on after its request was answered."},
    {"name": "audit log", "description": "Who changed what."},
    {"name": "reports", "description": "What campaigns got for their money."},
    {"name": "users", "description": "What shoppers may ask of the shop: consent, copy, erasure."},
    {"name": "webhooks", "description": "Be told what happens."},
    {"name": "ad urls", "description": "The signed URLs that an ad carries. They need no key."},
    {"name": "health", "description": "For load balancers and monitoring."},
]
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A publishable (`pk_...`) or secret (`sk_...`) key.",
    },
    "key": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The same key, for sendBeacon.",
    },
}
_KEYED_TAGS = frozenset({"ads", "events"})


def operation_id(route: APIRoute) -> str:
    """The endpoint's own name: it stays when paths move, and names the methods of clients."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        _add_problem(document)
        _add_keys(document)
        app.openapi_schema = document
    return app.openapi_schema


def _add_problem(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operation in _operations(document):
        # FastAPI's own 422 of path parameters: a token that does not fit is unknown, 404
        if "HTTPValidationError" in str(operation["responses"].get("422")):
            del operation["responses"]["422"]


def _add_keys(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = _SECURITY
    for operation in _operations(document):
        if _KEYED_TAGS & set(operation["tags"]):
            operation["security"] = [{name: []} for name in _SECURITY]


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()
