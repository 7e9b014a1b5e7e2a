"""What the made-up shoppers of an A/B test clicked in the weeks before it: feature words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from service.demo.visits import plan_visits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.demo.shopping import Aisles
    from service.demo.traffic import SimulatedShoppers
    from service.demo.visits import Visit

DAYS = 20
_DAY = 86_400.0
_PAST_SEED = 100_000  # the past's visits are others than the test's


def past_clicks(
    people: SimulatedShoppers, aisles: Aisles, run: str, *, visits: int, seed: int, now: float
) -> Iterator[dict[str, Any]]:
    """Bodies of POST /v1/events: clicks on feature words over the `DAYS` before `now`, in order.

    Of all shoppers, `visits` page views together; each of a shopper who agrees to be known.
    """
    planned = planned_visits(people, visits=visits, seed=seed + _PAST_SEED)
    rng = np.random.default_rng([seed, 12])
    for place, visit in enumerate(planned):
        at = now - DAYS * _DAY * (1 - place / len(planned))
        for position, word in enumerate(aisles.page(visit.query)[1], start=1):
            chance = people.p_chip_click(visit.shopper, visit.query, word, position)
            if rng.random() < chance:
                yield {
                    "type": "feature_word",
                    "event_id": f"ab-{run}-{place}-{position}",
                    "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(),
                    "user": {"id": f"ab-{run}-{visit.shopper}", "session": None, "consent": True},
                    "query": visit.query,
                    "feature_word": word,
                    "action": "clicked",
                    "position": position,
                }


def planned_visits(people: SimulatedShoppers, *, visits: int, seed: int) -> list[Visit]:
    """Return page views of all shoppers, in order of time; the same seed, the same visits."""
    everybody = len(people.model.shoppers.activity)
    planned = plan_visits(people.model, rate=1.0, shoppers=everybody, seed=seed)
    return [replace(visit, consents=True) for visit in islice(planned, visits)]
