"""The page's way to the service: its public REST API, in process."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 2.0
_ADS_TIMEOUT_MS = 200


@dataclass(frozen=True, slots=True)
class AdAnswer:
    """What the service answered; no ads where it could not."""

    ads: tuple[Mapping[str, Any], ...] = ()
    no_fill_reason: str | None = None
    degraded: tuple[str, ...] = ()
    took_ms: float | None = None
    problem: str | None = None  # why there is no answer, in the service's words
    request_id: str = ""
    explain: Mapping[str, Any] | None = None  # how it came about, if the key may know


class RestClient:
    """Talks to the app that serves `request`, with one of the shop's keys."""

    def __init__(self, request: Request, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        # what the browser says of itself goes on: a bot stays a bot, a refusal a refusal
        for name in ("user-agent", "sec-gpc"):
            if name in request.headers:
                headers[name] = request.headers[name]
        client = (request.client.host, request.client.port) if request.client else ("127.0.0.1", 0)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(
                app=request.app, raise_app_exceptions=False, client=client
            ),
            base_url=str(request.base_url),
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
        )

    async def ads(
        self,
        asked: Mapping[str, str],
        *,
        placement: str,
        user: Mapping[str, object],
        organic_ids: Sequence[str],
        exclude: Sequence[str] = (),
        explain: bool = False,
    ) -> AdAnswer:
        """Ask for ads by `{"query": ...}` or `{"category": ...}`.

        `explain` takes a secret key.
        """
        body = {
            **asked,
            "placement": placement,
            "user": user,
            "organic_ids": list(organic_ids),
            "exclude": list(exclude),
            "timeout_ms": _ADS_TIMEOUT_MS,
            "explain": explain,
        }
        try:
            response = await self._client.post("/v1/ads", json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            return AdAnswer(problem=f"the ad service did not answer ({type(error).__name__})")
        if response.status_code != httpx.codes.OK:
            said = answer.get("title") if isinstance(answer, dict) else None
            return AdAnswer(problem=str(said or response.status_code))
        return AdAnswer(
            ads=tuple(answer["ads"]),
            no_fill_reason=answer["no_fill_reason"],
            degraded=tuple(answer["degraded"]),
            took_ms=answer["took_ms"],
            request_id=answer["request_id"],
            explain=answer.get("explain"),
        )

    async def activity(self, limit: int) -> Mapping[str, Any] | str:
        """The last decisions and events, or why there are none to be had."""
        return await self._read("GET", "/v1/activity", {"limit": str(limit)})

    async def plans(self, campaign_id: str, limit: int) -> Mapping[str, Any] | str:
        """How the campaign's budget was spread, newest first, or why that cannot be said."""
        path = f"/v1/campaigns/{campaign_id}/allocations"
        return await self._read("GET", path, {"limit": str(limit)})

    async def policy(self, campaign_id: str) -> Mapping[str, Any] | str:
        """How the campaign's budget is to be spread, or why that cannot be said."""
        return await self._read("GET", f"/v1/campaigns/{campaign_id}/allocation", {})

    async def why(self, impression_id: str, token: str) -> Mapping[str, Any] | str:
        """Why an ad was shown, or why that cannot be said; both are letters, digits, - and _."""
        return await self._read("GET", f"/v1/ads/{impression_id}/why", {"token": token})

    async def hide(self, impression_id: str, token: str) -> str | None:
        """Keep an ad from its shopper. Returns: why that cannot be done, if so."""
        told = await self._read("POST", f"/v1/ads/{impression_id}/hide", {"token": token})
        return told if isinstance(told, str) else None

    async def _read(
        self, method: str, path: str, params: Mapping[str, str]
    ) -> Mapping[str, Any] | str:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):  # the transport itself knows none
                response = await self._client.request(method, path, params=params)
            answer: Mapping[str, Any] = response.json() if response.content else {}
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            return f"the service did not answer ({type(error).__name__})"
        if not response.is_success:
            return str(answer.get("detail") or answer.get("title") or response.status_code)
        return answer

    async def tell(self, events: Sequence[Mapping[str, object]]) -> bool:
        """Send events. Returns: whether all of them were accepted."""
        try:
            response = await self._client.post("/v1/events", json={"events": list(events)})
            receipt = response.json()
            accepted = response.status_code == httpx.codes.ACCEPTED and not receipt["rejected"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            logger.warning("events not sent: %r", error)
            return False
        if not accepted:
            logger.warning("events not accepted: %d %.500s", response.status_code, response.text)
        return accepted
