"""What the demo shop sells: categories, product types and the phrases that describe them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ProductType:
    """A kind of product, with the queries that ask for it."""

    noun: str
    category: int
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A department of the shop. Phrases are lower case; titles write them capitalised."""

    name: str
    path: str
    price_range: tuple[int, int]  # whole currency units
    brands: tuple[str, ...]
    styles: tuple[str, ...]
    materials: tuple[str, ...]
    highlights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assortment:
    """All that products are made of. `phrases` is the vocabulary of tastes, in a fixed order."""

    themes: tuple[str, ...]
    colours: tuple[str, ...]
    models: tuple[str, ...]
    services: tuple[str, ...]
    categories: tuple[Category, ...]
    types: tuple[ProductType, ...]
    theme_of: Mapping[str, str]  # phrase -> theme

    @property
    def phrases(self) -> tuple[str, ...]:
        """Every phrase that a shopper may have a taste for."""
        return tuple(self.theme_of)


@cache
def load_assortment() -> Assortment:
    """Read the assortment that is packed with the demo shop."""
    raw = tomllib.loads(Path(__file__).with_name("assortment.toml").read_text(encoding="utf-8"))
    theme_of: dict[str, str] = {}
    services = _phrases(raw["services"], theme_of)
    categories = tuple(_category(entry, theme_of) for entry in raw["categories"])
    types = tuple(
        ProductType(kind["noun"], number, tuple(kind["queries"]))
        for number, entry in enumerate(raw["categories"])
        for kind in entry["types"]
    )
    return Assortment(
        themes=tuple(raw["themes"]),
        colours=tuple(raw["colours"]),
        models=tuple(raw["models"]),
        services=services,
        categories=categories,
        types=types,
        theme_of=theme_of,
    )


def _category(entry: Mapping[str, Any], theme_of: dict[str, str]) -> Category:
    low, high = entry["price"]
    return Category(
        name=entry["name"],
        path=entry["path"],
        price_range=(low, high),
        brands=tuple(entry["brands"]),
        styles=_words(entry["styles"], theme_of),
        materials=_words(entry["materials"], theme_of),
        highlights=_phrases(entry["highlights"], theme_of),
    )


def _phrases(by_theme: Mapping[str, list[str]], theme_of: dict[str, str]) -> tuple[str, ...]:
    pairs = [(phrase, theme) for theme, phrases in by_theme.items() for phrase in phrases]
    theme_of.update(pairs)
    return tuple(phrase for phrase, _ in pairs)


def _words(themes: Mapping[str, str], theme_of: dict[str, str]) -> tuple[str, ...]:
    theme_of.update((word.lower(), theme) for word, theme in themes.items())
    return tuple(word.lower() for word in themes)
