"""The page's three shoppers, with clear tastes and clicks in the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Persona:
    """A shopper with a name. `clicked` goes from the oldest to the newest."""

    user_id: str
    name: str
    about: str
    clicked: tuple[tuple[str, str], ...]  # (query, feature word)


PERSONAS = (
    Persona(
        "demo-hanna",
        "Hanna",
        "hikes in any weather, loves wool",
        (
            ("rain jacket", "taped seams"),
            ("hiking socks", "merino wool"),
            ("hiking boots", "waterproof membrane"),
            ("base layer", "odour resistant"),
            ("tent", "storm proof"),
            ("softshell jacket", "windproof"),
            ("hiking backpack", "rain cover included"),
            ("base layer top", "merino wool"),
            ("sleeping bag", "responsible down"),
            ("trail running shoes", "grip on wet rock"),
            ("rain jacket", "waterproof"),
            ("sweater", "mulesing-free wool"),
        ),
    ),
    Persona(
        "demo-paul",
        "Paul",
        "father of two, everything must survive the wash",
        (
            ("kids pyjamas", "machine washable"),
            ("kids rain jacket", "grows one size"),
            ("duvet cover", "iron-free"),
            ("kids dungarees", "reinforced knees"),
            ("travel mug", "dishwasher safe"),
            ("plush toy", "machine washable"),
            ("fitted sheet", "tumble dry safe"),
            ("school bag", "name tag inside"),
            ("frying pan", "dishwasher safe"),
            ("kids wellies", "easy fastening"),
            ("kids snowsuit", "stain resistant"),
            ("board game", "plays in 20 minutes"),
        ),
    ),
    Persona(
        "demo-mika",
        "Mika",
        "minimalist with a small flat, travels light",
        (
            ("weekend bag", "folds flat"),
            ("desk lamp", "small footprint"),
            ("commuter backpack", "logo-free"),
            ("rain jacket", "packs into its pocket"),
            ("saucepan", "stacks flat"),
            ("headphones", "one button"),
            ("running shoes", "feather light"),
            ("floor lamp", "hidden cable"),
            ("coffee machine", "small footprint"),
            ("hiking backpack", "under 900 g"),
            ("t-shirt", "logo-free"),
            ("everyday sneakers", "zero drop"),
        ),
    ),
)


def past_events(now: float) -> Iterator[dict[str, object]]:
    """What the personas did in the days before `now`, as bodies of POST /v1/events.

    Sent again, with whatever `now`, they count once: their event ids never change.
    """
    for persona in PERSONAS:
        for place, (query, word) in enumerate(persona.clicked):
            at = datetime.fromtimestamp(now - _DAY * (len(persona.clicked) - place), UTC)
            common = {
                "occurred_at": at.isoformat(),
                "user": {"id": persona.user_id, "session": None, "consent": True},
                "query": query,
            }
            name = f"{persona.user_id}-{place}"
            yield {"type": "search", "event_id": f"{name}-search", **common}
            yield {
                "type": "feature_word",
                "event_id": f"{name}-word",
                "feature_word": word,
                "action": "clicked",
                **common,
            }
