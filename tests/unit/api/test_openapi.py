"""The OpenAPI document: complete, and true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.api.application import make_application

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = make_application("1.2.3").openapi()
OPERATIONS = [
    (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
SCHEMAS = DOCUMENT["components"]["schemas"]
FIELDS = [
    (name, field, content)
    for name, schema in SCHEMAS.items()
    for field, content in schema.get("properties", {}).items()
]


def test_all_routes_are_there() -> None:
    assert sorted((path, method) for path, method, _ in OPERATIONS) == [
        ("/c/{token}", "get"),
        ("/i/{token}.gif", "get"),
        ("/livez", "get"),
        ("/metrics", "get"),
        ("/readyz", "get"),
        ("/v/{token}.gif", "get"),
        ("/v1/activity", "get"),
        ("/v1/ads", "get"),
        ("/v1/ads", "post"),
        ("/v1/ads/{ad_id}", "delete"),
        ("/v1/ads/{ad_id}", "get"),
        ("/v1/ads/{ad_id}", "patch"),
        ("/v1/ads/{ad_id}/quality", "get"),
        ("/v1/ads/{impression_id}/hide", "post"),
        ("/v1/ads/{impression_id}/why", "get"),
        ("/v1/advertisers", "get"),
        ("/v1/advertisers", "post"),
        ("/v1/advertisers/{advertiser_id}", "delete"),
        ("/v1/advertisers/{advertiser_id}", "get"),
        ("/v1/advertisers/{advertiser_id}", "patch"),
        ("/v1/advertisers/{advertiser_id}/invoices/{month}.csv", "get"),
        ("/v1/advertisers/{advertiser_id}/payments", "get"),
        ("/v1/advertisers/{advertiser_id}/payments", "post"),
        ("/v1/advertisers/{advertiser_id}/selling-point-rules", "get"),
        ("/v1/advertisers/{advertiser_id}/selling-point-rules", "put"),
        ("/v1/audit-log", "get"),
        ("/v1/campaigns", "get"),
        ("/v1/campaigns", "post"),
        ("/v1/campaigns/{campaign_id}", "delete"),
        ("/v1/campaigns/{campaign_id}", "get"),
        ("/v1/campaigns/{campaign_id}", "patch"),
        ("/v1/campaigns/{campaign_id}/ads", "post"),
        ("/v1/campaigns/{campaign_id}/allocation", "delete"),
        ("/v1/campaigns/{campaign_id}/allocation", "get"),
        ("/v1/campaigns/{campaign_id}/allocation", "put"),
        ("/v1/campaigns/{campaign_id}/allocations", "get"),
        ("/v1/campaigns/{campaign_id}/allocations", "post"),
        ("/v1/campaigns/{campaign_id}/keywords", "get"),
        ("/v1/campaigns/{campaign_id}/keywords", "post"),
        ("/v1/campaigns/{campaign_id}/keywords/{keyword_id}", "delete"),
        ("/v1/campaigns/{campaign_id}/keywords/{keyword_id}", "get"),
        ("/v1/campaigns/{campaign_id}/keywords/{keyword_id}", "patch"),
        ("/v1/campaigns/{campaign_id}/ledger", "get"),
        ("/v1/events", "post"),
        ("/v1/experiments", "get"),
        ("/v1/experiments", "post"),
        ("/v1/experiments/{experiment_id}", "get"),
        ("/v1/experiments/{experiment_id}", "patch"),
        ("/v1/imports", "post"),
        ("/v1/jobs", "get"),
        ("/v1/jobs/{job_id}", "get"),
        ("/v1/jobs/{job_id}/report", "get"),
        ("/v1/jobs/{job_id}/report.csv", "get"),
        ("/v1/keys", "get"),
        ("/v1/keys", "post"),
        ("/v1/keys/{key_id}", "delete"),
        ("/v1/keys/{key_id}", "get"),
        ("/v1/placements", "get"),
        ("/v1/placements/{name}", "delete"),
        ("/v1/placements/{name}", "get"),
        ("/v1/placements/{name}", "put"),
        ("/v1/platforms", "get"),
        ("/v1/platforms/{platform_name}", "put"),
        ("/v1/platforms/{platform_name}/results", "get"),
        ("/v1/platforms/{platform_name}/results", "post"),
        ("/v1/products", "get"),
        ("/v1/products/import", "post"),
        ("/v1/products/{product_id}", "delete"),
        ("/v1/products/{product_id}", "get"),
        ("/v1/products/{product_id}", "put"),
        ("/v1/products/{product_id}/selling-points", "get"),
        ("/v1/products/{product_id}/selling-points", "put"),
        ("/v1/refunds", "get"),
        ("/v1/refunds", "post"),
        ("/v1/reports/conversions", "get"),
        ("/v1/reports/opt-outs", "get"),
        ("/v1/reports/performance", "get"),
        ("/v1/selling-point-rules", "get"),
        ("/v1/selling-point-rules", "put"),
        ("/v1/store", "get"),
        ("/v1/store", "patch"),
        ("/v1/titles", "post"),
        ("/v1/users/{user_id}", "delete"),
        ("/v1/users/{user_id}", "get"),
        ("/v1/users/{user_id}/consent", "put"),
        ("/v1/webhooks", "get"),
        ("/v1/webhooks", "post"),
        ("/v1/webhooks/{webhook_id}", "delete"),
        ("/v1/webhooks/{webhook_id}", "get"),
        ("/v1/webhooks/{webhook_id}", "patch"),
        ("/v1/webhooks/{webhook_id}/deliveries", "get"),
    ]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_is_described(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"], (path, method)
    assert operation["description"]
    assert operation["tags"]
    for status, response in operation["responses"].items():
        assert response["description"], (path, status)
        if int(status) >= 400 and path != "/readyz":
            assert set(response["content"]) == {"application/problem+json"}
    for parameter in operation.get("parameters", ()):
        assert parameter["description"]
        assert parameter["schema"].get("examples") or parameter.get("examples")


@pytest.mark.parametrize(("schema", "field", "content"), FIELDS)
def test_every_field_has_a_description_and_an_example(
    schema: str, field: str, content: dict[str, Any]
) -> None:
    assert content.get("description"), (schema, field)
    assert content.get("examples"), (schema, field)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_schema_has_a_description(schema: str) -> None:
    assert SCHEMAS[schema].get("description") or "enum" in SCHEMAS[schema]


def test_unknown_fields_are_refused_everywhere() -> None:
    for name, schema in SCHEMAS.items():
        if "properties" in schema:
            assert schema["additionalProperties"] is False, name


BOUNDS = {"string": "maxLength", "integer": "maximum", "array": "maxItems"}
REQUESTS = ["AdRequest", "User", "PageContext", "EventBatch", "Search", "FeatureWord"]
REQUESTS += ["Impression", "View", "Click", "AddToCart", "Conversion"]
REQUESTS += ["AdvertiserDraft", "AdvertiserChange", "CampaignDraft", "CampaignChange", "AdBatch"]
REQUESTS += ["AdDraft", "AdChange", "KeywordBatch", "KeywordDraft", "KeywordChange"]
REQUESTS += ["ExperimentDraft", "ExperimentChange", "ArmDraft", "SellingPointRule"]
REQUESTS += ["ProductSpec", "PointVerdicts", "PointVerdict", "PlacementSpec", "KeyDraft"]


def inner_schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`schema` and all that it is made of."""
    yield schema
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), schema.get("items", {})):
        if inner:
            yield from inner_schemas(inner)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_bounded(name: str) -> None:
    for field, schema in SCHEMAS[name]["properties"].items():
        for inner in inner_schemas(schema):
            fixed = {"enum", "const", "format"} & set(inner) or inner.get(
                "pattern"
            ) == "^[A-Z]{3}$"
            bound = BOUNDS.get(inner.get("type", ""))
            assert fixed or bound is None or bound in inner, field


def test_bodies_and_keys_are_declared() -> None:
    for path, model in (("/v1/ads", "AdRequest"), ("/v1/events", "EventBatch")):
        operation = DOCUMENT["paths"][path]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model}"}
        assert operation["security"] == [{"bearer": []}, {"key": []}]
        assert {"400", "401", "403", "413", "415", "422"} <= set(operation["responses"])
    assert "security" not in DOCUMENT["paths"]["/c/{token}"]["get"]


def test_every_reference_leads_somewhere() -> None:
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(DOCUMENT):
        assert reference.removeprefix("#/components/schemas/") in SCHEMAS


def test_the_document_names_itself() -> None:
    assert DOCUMENT["info"]["title"] == "Salient"
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {
        tag for *_, operation in OPERATIONS for tag in operation["tags"]
    }
