"""A service that answers the calls which the page makes, and remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from fastapi import FastAPI, Request, Response

from service.api.schemas.ads import AdRequest
from service.api.schemas.events import EventBatch
from service.web.routes import web_router

if TYPE_CHECKING:
    from pathlib import Path

KEY, SECRET = "pk_test", "sk_test"


def sponsored(
    product_id: str, parts: list[tuple[str, bool]], host: str = "http://shop.test"
) -> dict[str, Any]:
    return {
        "ad_id": f"ad_{product_id}",
        "product_id": product_id,
        "campaign_id": "cmp_1",
        "slot": 0,
        "title": {
            "text": "".join(text for text, _ in parts),
            "original": parts[-1][0],
            "parts": [
                {"text": text, "selling_point": "sp_1" if marked else None, "highlight": marked}
                for text, marked in parts
            ],
        },
        "impression_id": f"imp_{product_id}",
        "click_url": f"{host}/c/tok",
        "impression_url": f"{host}/i/tok.gif",
        "view_url": f"{host}/v/tok.gif",
        "label": "Sponsored",
    }


class FakeService:
    """The app with the real pages, and a fake API that takes only what the real one takes."""

    def __init__(self, demo_file: Path) -> None:
        self.ads: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.told_with: set[str] = set()  # keys
        self.headers: list[dict[str, str]] = []
        self.explain: dict[str, Any] | None = None
        self.activity: dict[str, Any] = {"decisions": [], "events": []}
        self.activity_keys: list[str] = []
        self.activity_status = 200
        self.plans: dict[str, Any] = {"data": [], "next": None}
        self.plans_status = 200
        self.plans_asked: list[tuple[str, str]] = []  # (campaign, key)
        self.policy: dict[str, Any] | None = None
        self.why: dict[str, Any] = {"detail": "no such recorded impression"}
        self.choices: list[tuple[str, str, str, str]] = []  # (method, impression, token, key)
        self.choice_status = 404
        self.answer: Response | None = None  # in place of the ads
        self.receipt: Response | None = None  # in place of one that accepts all
        self.app = FastAPI(docs_url=None)
        self.app.include_router(web_router(demo_file))
        self.app.add_api_route("/v1/ads", self._ads, methods=["POST"])
        for path, method in (("why", "GET"), ("hide", "POST")):
            full = f"/v1/ads/{{impression_id}}/{path}"
            self.app.add_api_route(full, self._choice, methods=[method])
        self.app.add_api_route("/v1/activity", self._activity, methods=["GET"])
        plans = "/v1/campaigns/{campaign_id}/allocations"
        self.app.add_api_route(plans, self._plans, methods=["GET"])
        policy = "/v1/campaigns/{campaign_id}/allocation"
        self.app.add_api_route(policy, self._policy, methods=["GET"])
        self.app.add_api_route("/v1/events", self._events, methods=["POST"])

    async def _ads(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        body = await request.body()
        AdRequest.model_validate_json(body)
        self.asked.append(orjson.loads(body))
        answer = {
            "request_id": "req_1",
            "ads": self.ads,
            "no_fill_reason": None if self.ads else "no_match",
            "degraded": ["titles"] if self.ads else [],
            "took_ms": 0.61,
            "explain": self.explain,
        }
        return self.answer or Response(orjson.dumps(answer), media_type="application/json")

    async def _choice(self, request: Request) -> Response:
        impression_id, token = request.path_params["impression_id"], request.query_params["token"]
        key = request.headers["authorization"]
        self.choices.append((request.method, impression_id, token, key))
        if self.choice_status == 204:
            return Response(status_code=204)
        content = orjson.dumps(self.why)
        return Response(content, status_code=self.choice_status, media_type="application/json")

    async def _activity(self, request: Request) -> Response:
        self.activity_keys.append(request.headers["authorization"])
        content = orjson.dumps(self.activity)
        return Response(content, status_code=self.activity_status, media_type="application/json")

    async def _plans(self, request: Request) -> Response:
        asked = request.path_params["campaign_id"], request.headers["authorization"]
        self.plans_asked.append(asked)
        content = orjson.dumps(self.plans)
        return Response(content, status_code=self.plans_status, media_type="application/json")

    async def _policy(self) -> Response:
        content = orjson.dumps(self.policy or {"detail": "there is no allocation"})
        status = 200 if self.policy else 404
        return Response(content, status_code=status, media_type="application/json")

    async def _events(self, request: Request) -> Response:
        body = await request.body()
        EventBatch.model_validate_json(body)
        events = orjson.loads(body)["events"]
        self.told_with.add(request.headers["authorization"])
        self.told.extend(events)
        receipt = orjson.dumps({"accepted": len(events), "rejected": 0, "results": []})
        answer = Response(receipt, status_code=202, media_type="application/json")
        return self.receipt or answer
