"""The worlds that a demo log can come from: how shoppers look, like and click."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.errors import BadInputError


@dataclass(frozen=True, slots=True)
class World:
    """The parameters of the click model; `clicks.py` has the equations that use them."""

    name: str
    chip_decay: float = 0.45  # examination of the p-th chip is p ** -decay
    slot_decay: float = 0.50  # examination of the s-th ad slot is s ** -decay
    chip_base: float = -2.0
    chip_taste: float = 1.0
    chip_relevance: float = 0.9
    chip_popularity: float = 0.2
    ad_base: float = -4.0
    ad_relevance: float = 1.6
    ad_taste: float = 0.75  # of the phrases that stand in the title
    point_taste: float = 0.60  # of the selling points shown
    point_second: float = 0.6  # a second selling point helps this much of the first
    point_cost: float = 0.10  # attention that each selling point takes
    ad_price: float = 0.20
    quality_spread: float = 0.2
    buy_base: float = -2.0
    buy_relevance: float = 0.6
    buy_taste: float = 0.7
    buy_price: float = 0.35


BASE = World("base")
WORLDS = {
    "base": BASE,
    "shift": replace(BASE, name="shift", chip_decay=0.58, slot_decay=0.80, point_taste=0.30),
    "null": replace(BASE, name="null", point_taste=0.0, point_cost=0.0),
}


def world_named(name: str) -> World:
    """Look up a world.

    Raises:
        BadInputError: there is no such world.
    """
    try:
        return WORLDS[name]
    except KeyError:
        raise BadInputError(f"no world named {name!r}; there are {', '.join(WORLDS)}") from None
