"""The demo shop that runs: the file that tells of it, and clients of its service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx

from service.demo.open_loop import ServiceAwayError
from service.demo.shopping import BROWSER
from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NEEDED = ("url", "publishable_key", "placement", "seed")
_TIMEOUT_SECONDS = 5.0


def read_demo_file(demo_file: Path, also: Sequence[str] = ()) -> dict[str, Any]:
    """What `salient up` wrote of the demo shop that it serves; it must also hold `also`.

    Raises: BadInputError where there is none, or it is not whole.
    """
    try:
        told: dict[str, Any] = json.loads(demo_file.read_text())
        missing = [name for name in (*_NEEDED, *also) if not told.get(name)]
    except FileNotFoundError:
        raise BadInputError(
            f"there is no demo shop: {demo_file} does not exist; start one with `salient up`"
        ) from None
    except (ValueError, AttributeError) as error:
        raise BadInputError(f"{demo_file} is not what `salient up` writes: {error}") from error
    if missing:
        raise BadInputError(f"{demo_file} lacks {', '.join(missing)}; `salient up` writes it anew")
    return told


def shop_client(told: dict[str, Any], key: str = "publishable_key") -> httpx.AsyncClient:
    """A client of the shop that `told` is of, with one of its keys."""
    return httpx.AsyncClient(
        base_url=told["url"],
        headers={"Authorization": f"Bearer {told[key]}", "User-Agent": BROWSER},
        timeout=_TIMEOUT_SECONDS,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
        trust_env=False,  # a proxy would stand between, and be measured
    )


async def require_ready(client: httpx.AsyncClient) -> None:
    """Ask whether the service is ready.

    Raises: ServiceAwayError where it is not.
    """
    try:
        response = await client.get("/readyz")
    except httpx.HTTPError as error:
        raise ServiceAwayError(
            f"no service answers at {client.base_url}: {str(error) or type(error).__name__}; "
            "start it with `salient up`"
        ) from error
    if response.status_code != httpx.codes.OK:
        raise ServiceAwayError(
            f"the service at {client.base_url} is not ready: {response.text[:200]}"
        )
