"""A plan that is asked for is made with the newest allocator, without a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.inference.made_allocators import made_allocator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.api.conftest import Service


async def asked(service: Service) -> str:
    """The model of a preview."""
    response = await service.client.post(
        f"/v1/campaigns/{service.shop.campaign.campaign_id}/allocations",
        json={"budget_micros": 10_000_000},
        headers={"authorization": f"Bearer {service.shop.secret}"},
    )
    assert response.status_code == 200, response.text
    return str(response.json()["model"])


async def test_a_bundle_that_comes_is_used_and_one_that_is_bad_is_not(
    service: Service, tmp_path: Path
) -> None:
    bundles = tmp_path / "models" / "allocator"
    assert await asked(service) == "simple"
    made_allocator(bundles / "1")
    first = await asked(service)
    assert first.startswith("allocator@1:")
    bad = made_allocator(bundles / "3", version="3")
    (bad / "golden.json").write_bytes(b"[]")
    assert await asked(service) == first
    made_allocator(bundles / "2", version="2")
    assert (await asked(service)).startswith("allocator@2:")
    model = service.state.response_model()
    assert service.state.response_model() is model  # opened once
