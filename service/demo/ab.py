"""The five A/B designs of the selling-point paper, with made-up shoppers, over the REST API.

Each design is one experiment of two arms. Every visit asks for ads as the shop's page would, is
answered by the arm that the service puts its shopper in, and clicks by the click model. Because
the model's probabilities are known, the lift that endless traffic would show is read as well:
with p_i of what was shown and q_i of the same ads under plain titles,

    sum p_i / sum q_i of the test arm, over the same of the base arm, - 1

which chance in clicks, and in who is in which arm, hardly moves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from service.errors import AdServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.demo.shopping import Aisles
    from service.demo.traffic import SimulatedShoppers
    from service.demo.visits import Visit

NOTICED = 0.5
"""A selling point that does not stand out is read in so many views: an assumption of ours."""

BASE, TEST = "base", "test"
AT_ONCE = 8
_BATCH = 100  # views told to the service in one call
_SETTLE_SECONDS = 20.0  # in which a snapshot with the experiment has to come
_LOOK_SECONDS = 0.3


class TrialError(AdServiceError):
    """The service did not do its part of an experiment."""


@dataclass(frozen=True, slots=True)
class Design:
    """What is compared, and what the paper's Table 2 says of it."""

    key: str
    about: str
    base: Mapping[str, object]
    test: Mapping[str, object]
    paper_lift: float
    paper_p: float
    paper_views: int


DESIGNS = (
    Design("none_personal", "no selling points against personal ones",
           {"source": "none"}, {"source": "personal"}, 0.103, 0.00001, 30_516_000),
    Design("common_personal", "common selling points against personal ones",
           {"source": "common"}, {"source": "personal"}, 0.0576, 0.0009, 40_942_000),
    Design("plain_highlight", "not highlighted against highlighted",
           {"highlight": "none"}, {"highlight": "chosen"}, 0.0567, 0.0166, 30_500_000),
    Design("two_three", "at most two against at most three",
           {"most": 2}, {"most": 3}, 0.0410, 0.7347, 21_490_000),
    Design("two_one", "at most two against at most one",
           {"most": 2}, {"most": 1}, 0.0484, 0.001, 20_200_000),
)  # fmt: skip


@dataclass(slots=True)
class Views:
    """Ads that were seen, a list entry each: by whom, how likely to be clicked, clicked or not."""

    shopper: list[int] = field(default_factory=list)
    p_click: list[float] = field(default_factory=list)
    p_plain: list[float] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    clicked: list[bool] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shop:
    """The service under test, and who visits it; `manager` has the right to run experiments."""

    visitor: httpx.AsyncClient
    manager: httpx.AsyncClient
    people: SimulatedShoppers
    aisles: Aisles
    placement: str
    run: str  # tells the users of one run from those of another
    seed: int


async def run_design(
    shop: Shop, design: Design, visits: Sequence[Visit], report: Callable[[], object]
) -> dict[str, Views]:
    """Run one experiment over `visits`; `report` is called after each.

    Returns: what each arm's shoppers saw. The experiment is stopped whatever happens.
    Raises: TrialError, httpx.HTTPError.
    """
    experiment_id = await _start(shop, design)
    try:
        await _until_assigned(shop, experiment_id)
        return await _visit(shop, experiment_id, visits, report)
    finally:
        path = f"/v1/experiments/{experiment_id}"
        _expect(await shop.manager.patch(path, json={"status": "stopped"}), httpx.codes.OK)


async def _start(shop: Shop, design: Design) -> str:
    arms = [
        {"name": name, "weight": 5_000, "selling_points": dict(rule)}
        for name, rule in ((BASE, design.base), (TEST, design.test))
    ]
    draft = {"name": design.about, "salt": f"{shop.run}-{design.key}", "arms": arms}
    made = await shop.manager.post("/v1/experiments", json=draft)
    experiment_id = str(_expect(made, httpx.codes.CREATED)["id"])
    path = f"/v1/experiments/{experiment_id}"
    _expect(await shop.manager.patch(path, json={"status": "running"}), httpx.codes.OK)
    return experiment_id


async def _until_assigned(shop: Shop, experiment_id: str) -> None:
    """Wait until answers name the experiment: the servers learn of it with their next snapshot."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _SETTLE_SECONDS
    query = shop.people.queries[0]
    while loop.time() < deadline:
        answer = await _ask(shop, "nobody", query, number=0)
        if _arm(answer, experiment_id):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise TrialError(
        f"experiment {experiment_id} runs, but no answer named it within {_SETTLE_SECONDS:g} s; "
        "see that the worker runs"
    )


async def _visit(
    shop: Shop, experiment_id: str, visits: Sequence[Visit], report: Callable[[], object]
) -> dict[str, Views]:
    seen = {BASE: Views(), TEST: Views()}
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(visit: Visit) -> list[str]:
        async with turns:
            answer = await _ask(shop, str(visit.shopper), visit.query, visit.number)
            arm = _arm(answer, experiment_id)
            tokens = []
            if arm is not None:
                tokens = await _look(shop, visit, answer["ads"], seen[arm])
            report()
            return tokens

    for start in range(0, len(visits), _BATCH):
        told = await asyncio.gather(*(one(visit) for visit in visits[start : start + _BATCH]))
        await _tell(shop, [token for tokens in told for token in tokens])
    return seen


async def _look(
    shop: Shop, visit: Visit, ads: Sequence[Mapping[str, Any]], seen: Views
) -> list[str]:
    """See each ad, click some; returns the tokens of what was shown."""
    rng = np.random.default_rng([shop.seed, 11, visit.number])
    for ad in ads:
        p_click, p_plain, points = chances(shop.people, visit, ad)
        clicked = bool(rng.random() < p_click)
        seen.shopper.append(visit.shopper)
        seen.p_click.append(p_click)
        seen.p_plain.append(p_plain)
        seen.points.append(points)
        seen.clicked.append(clicked)
        if clicked:
            # whatever host its URL names, only the service that is under test is called
            answer = await shop.visitor.get(urlsplit(ad["click_url"]).path)
            _require(answer, httpx.codes.FOUND)
    return [ad["impression_url"] for ad in ads]


def chances(
    people: SimulatedShoppers, visit: Visit, ad: Mapping[str, Any]
) -> tuple[float, float, int]:
    """P(click) of an ad as it was shown, P(click) under its plain title, points shown.

    Points that stand out are seen; those that do not are read in `NOTICED` of the views.
    """
    said = points_of(ad["title"]["parts"])

    def p_click(shown: Sequence[str]) -> float:
        return people.p_ad_click(visit.shopper, visit.query, ad["product_id"], shown, ad["slot"])

    plain = p_click([])
    loud = p_click([text for text, stands_out in said if stands_out])
    if all(stands_out for _, stands_out in said):
        return loud, plain, len(said)
    read = p_click([text for text, _ in said])
    return NOTICED * read + (1 - NOTICED) * loud, plain, len(said)


def points_of(parts: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """The selling points of a title, and whether each stands out.

    One shown in several parts is read from its first to its last.
    """
    ids = [part["selling_point"] for part in parts]
    found = []
    for name in dict.fromkeys(one for one in ids if one is not None):
        first, last = ids.index(name), len(ids) - 1 - ids[::-1].index(name)
        text = "".join(part["text"] for part in parts[first : last + 1]).strip()
        found.append((text, bool(parts[first]["highlight"])))
    return found


async def _ask(shop: Shop, user: str, query: str, number: int) -> dict[str, Any]:
    name = f"ab-{shop.run}-{user}"
    asked = {
        "query": query,
        "placement": shop.placement,
        "user": {"id": name, "session": f"{name}-{number}", "consent": True},
        "organic_ids": shop.aisles.page(query)[0],
    }
    return _expect(await shop.visitor.post("/v1/ads", json=asked), httpx.codes.OK)


async def _tell(shop: Shop, tokens: Sequence[str]) -> None:
    if tokens:
        events = [{"type": "impression", "token": token} for token in tokens]
        told = await shop.visitor.post("/v1/events", json={"events": events})
        _require(told, httpx.codes.ACCEPTED)


def _arm(answer: Mapping[str, Any], experiment_id: str) -> str | None:
    for one in answer["experiments"]:
        if one["experiment_id"] == experiment_id:
            return str(one["arm"])
    return None


def _expect(response: httpx.Response, status: int) -> dict[str, Any]:
    _require(response, status)
    found: dict[str, Any] = response.json()
    return found


def _require(response: httpx.Response, status: int) -> None:
    if response.status_code != status:
        said = f"{response.request.method} {response.request.url.path[:60]}"
        raise TrialError(f"{response.status_code} to {said}: {response.text[:300]}")
