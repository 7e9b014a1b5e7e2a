"""Every field of every JSON body, from the OpenAPI document: what does not fit is named."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from service.api.application import make_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.api.management.conftest import House

DOCUMENT = make_application("0").openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
JSON = "application/json"
NEVER = ("NaN", "-Infinity", "1e400", '"\\ud800"', '"a\\u0000b"', "1" + "0" * 400, "[" * 3_000)
"""What no field takes."""
BY_TYPE = {
    "true": {"boolean"}, "7": {"integer", "number"}, "1.5": {"number"}, "null": {"null"},
    "[]": {"array"}, "{}": {"object"}, '"7"': {"string"},
}  # fmt: skip
"""Values, and the types of fields that may take them."""


def bodies() -> list[tuple[str, str, str]]:
    """Method, path and schema of each JSON body but events', which are told one by one."""
    found = []
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if JSON in content and path != "/v1/events":
                name = content[JSON]["schema"]["$ref"].rpartition("/")[2]
                found.append((method.upper(), path, name))
    return found


BODIES = bodies()


def unfolded(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plain schemas that a field may follow."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if inner:
        for one in inner:
            yield from unfolded(one)
    else:
        yield schema


def misfits(schema: dict[str, Any]) -> Iterator[str]:
    """JSON texts that the field must not take."""
    plain = list(unfolded(schema))
    types = {
        one.get("type", "string" if "enum" in one or "const" in one else "any") for one in plain
    }
    yield from NEVER
    if "any" in types:
        return
    for value, fit in BY_TYPE.items():
        if not fit & types:
            yield value
    if types & {"integer", "number"} and all(
        one.get("minimum", -1) >= 0 for one in plain if one["type"] != "null"
    ):
        yield from ("-1", "-1000000000000000000")
    if types <= {"string", "null"}:
        yield json.dumps("x" * 70_000) if types == {"string"} else '""'


def rendered(example: dict[str, Any], field: str, value: str) -> str:
    """`example` as JSON with `value` written as it is in the place of `field`."""
    body = example | {field: "__here__"}
    return json.dumps(body).replace('"__here__"', value)


def cases(name: str) -> Iterator[tuple[str, str]]:
    """Field and body of each misfit; of bulk bodies, in their one item."""
    fields = SCHEMAS[name]["properties"]
    example = {one: content["examples"][0] for one, content in fields.items()}
    if len(fields) == 1 and "items" in next(iter(fields.values())):
        [(items, content)] = fields.items()
        inner = next(unfolded(content["items"]))
        item = example[items][0]
        for field, schema in inner["properties"].items():
            for value in misfits(schema):
                yield field, f'{{"{items}": [{rendered(item, field, value)}]}}'
    else:
        for field, schema in fields.items():
            for value in misfits(schema):
                yield field, rendered(example, field, value)


def pointers(answer: dict[str, Any]) -> list[str]:
    """What the problem, or the refusal of the one item, points to; within the item."""
    found = answer.get("errors") or answer.get("results", [{}])[0].get("errors", [])
    return [re.sub(r"^/\w+/0(?=/)", "", one["pointer"]) for one in found]


@pytest.mark.parametrize(("method", "path", "name"), BODIES)
async def test_what_does_not_fit_is_named(house: House, method: str, path: str, name: str) -> None:
    ids = {
        "advertiser_id": house.shop.campaign.advertiser_id,
        "campaign_id": house.shop.campaign.campaign_id,
        "name": "search_top",
        "product_id": "100001",
        "platform_name": "radio",
    }
    names = "UPDATE campaigns SET platforms = '{radio}' WHERE id = :it"
    await house.run(names, it=ids["campaign_id"])
    there = path.format_map(_Ids(ids))
    tried = 0
    for field, body in cases(name):
        tried += 1
        response = await house.call(
            method, there, content=body.encode(), headers={"content-type": JSON}
        )
        answer = response.json()
        refused = response.status_code == 200 and answer.get("refused") == 1
        assert refused or response.status_code in {400, 413, 422}, (field, body[:200], answer)
        if response.status_code not in {400, 413}:
            told = pointers(answer)
            assert any(one == f"/{field}" or one.startswith(f"/{field}/") for one in told), (
                field, body[:200], told,
            )  # fmt: skip
    assert tried > len(NEVER)


class _Ids(dict[str, str]):
    """Ids of the shop; any other parameter is given one that nothing has."""

    def __missing__(self, name: str) -> str:
        return f"{name.removesuffix('_id')}_none"
