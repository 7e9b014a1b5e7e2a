"""The demo shop's made-up products, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from service.decision.terms import Micros, Product
from service.demo.assortment import load_assortment

if TYPE_CHECKING:
    from service.demo.assortment import Assortment, Category, ProductType

PRODUCTS_PER_TYPE = 50
FIRST_PRODUCT_ID = 100_001
_UNIT = 1_000_000
_IN_STOCK_SHARE = 0.97
_SERVICE_SHARE = 0.5

# What a title may deny, and the highlight that would then be a lie.
_DENIALS = {
    "Lighting": ("(Bulb Not Included)", "bulb included"),
    "Backpacks": ("(Rain Cover Not Included)", "rain cover included"),
    "Audio": ("(Case Not Included)", "case included"),
    "Cookware": ("without Lid", "lid included"),
}
_DENIED_SHARE = 0.3
_LYING_SHARE = 0.15  # of the denying titles: the merchant lists the denied thing all the same

_ODD_TITLES = {  # by place in the catalogue: what real feeds hold
    12: 'Pacer "Sub-3" {style} {material} {noun}, 42.5 EU',
    260: "Åsmund {style} {noun} 🌧️ {material}, {colour}",
    755: '{brand} 16" {style} {noun} <b>{material}</b>, {colour}',
    760: "山行 {brand} 轻量徒步背包 {noun}, {material}",
    1010: "{brand} {style} & {material} {noun} — 2–3 yrs, {colour}",
    1275: "Café Colline {style} {noun} für Zuhause, {material} 1.2 l",
    1520: "{brand} {style} {noun} 28 cm / 11 in., {material}",
}


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product, with what the maker knows of it: `true_phrases` are those it really has."""

    product: Product
    kind: int  # index into the assortment's types
    title_phrases: tuple[str, ...]
    true_phrases: tuple[str, ...]


@lru_cache(maxsize=2)
def make_products(seed: int) -> tuple[MadeProduct, ...]:
    """Make the whole catalogue, 50 products of each of 60 types."""
    assortment = load_assortment()
    rng = np.random.default_rng([seed, 1])
    return tuple(
        _make(rng, assortment, kind, kind * PRODUCTS_PER_TYPE + place)
        for kind in range(len(assortment.types))
        for place in range(PRODUCTS_PER_TYPE)
    )


def _make(rng: np.random.Generator, assortment: Assortment, kind: int, number: int) -> MadeProduct:
    product_type = assortment.types[kind]
    category = assortment.categories[product_type.category]
    words = _words(rng, assortment, category, product_type, number)
    title, said = _title(rng, words, number)
    highlights = _highlights(rng, assortment, category)
    title, highlights, lies = _deny(rng, category, title, highlights)
    style, material = words["style"].lower(), words["material"].lower()
    product_id = str(FIRST_PRODUCT_ID + number)
    product = Product(
        product_id=product_id,
        title=title,
        link=f"/p/{product_id}",
        price=_price(rng, category),
        description=_description(words, highlights, lies),
        brand=words["brand"],
        category=category.path,
        image_link=f"/pictures/{product_id}.png",
        in_stock=bool(rng.random() < _IN_STOCK_SHARE),
        highlights=highlights,
        attributes={
            "type": product_type.noun,
            "style": style,
            "material": material,
            "colour": words["colour"],
            "weight": f"{150 + 2 * int(rng.integers(8, 240))} g",
        },
    )
    true = tuple(dict.fromkeys((style, material, *(h for h in highlights if h not in lies))))
    return MadeProduct(product, kind, tuple(w for w in (style, material) if w in said), true)


def _words(
    rng: np.random.Generator,
    assortment: Assortment,
    category: Category,
    product_type: ProductType,
    number: int,
) -> dict[str, str]:
    return {
        "brand": _one(rng, category.brands),
        # a type's fifty products bear fifty different model names
        "model": assortment.models[(number * 7 + number // 50) % len(assortment.models)],
        "style": _titled(_one(rng, category.styles)),
        "material": _titled(_one(rng, category.materials)),
        "colour": _one(rng, assortment.colours),
        "noun": product_type.noun,
    }


def _title(rng: np.random.Generator, words: dict[str, str], number: int) -> tuple[str, set[str]]:
    patterns = (
        "{brand} {model} {style} {material} {noun}, {colour}",
        "{brand} {model} {style} {noun} in {material}, {colour}",
        "{brand} {style} {noun} {model} – {material}",
        "{brand} {model} {material} {noun}, {colour}",
        "{brand} {model} {style} {noun}, {colour}",
    )
    chosen = patterns[rng.choice(len(patterns), p=(0.35, 0.2, 0.15, 0.15, 0.15))]
    pattern = _ODD_TITLES.get(number, chosen)
    said = {words[name].lower() for name in ("style", "material") if f"{{{name}}}" in pattern}
    return pattern.format(**words), said


def _highlights(
    rng: np.random.Generator, assortment: Assortment, category: Category
) -> tuple[str, ...]:
    own = rng.choice(category.highlights, size=int(rng.integers(3, 6)), replace=False)
    service = [_one(rng, assortment.services)] if rng.random() < _SERVICE_SHARE else []
    return tuple([str(phrase) for phrase in own] + service)


def _deny(
    rng: np.random.Generator, category: Category, title: str, highlights: tuple[str, ...]
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Let some titles deny a thing. Returns the title, the highlights, and which of them lie."""
    denial, thing = _DENIALS.get(category.name, ("", ""))
    draw = rng.random(2)
    if not denial or draw[0] > _DENIED_SHARE:
        return title, highlights, ()
    honest = tuple(h for h in highlights if h != thing)
    if draw[1] > _LYING_SHARE:
        return f"{title} {denial}", honest, ()
    return f"{title} {denial}", (*honest, thing), (thing,)


def _description(words: dict[str, str], highlights: tuple[str, ...], lies: tuple[str, ...]) -> str:
    told = ", ".join(h for h in highlights if h not in lies)
    return (
        f"{words['model']} by {words['brand']}: {words['style'].lower()} "
        f"{words['noun'].lower()} in {words['material'].lower()}. With {told}."
    )


def _price(rng: np.random.Generator, category: Category) -> Micros:
    low, high = category.price_range
    units = low * (high / low) ** float(rng.beta(2.0, 2.6))
    return Micros((int(units) * 100 + 90) * (_UNIT // 100))


def _titled(phrase: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in phrase.title().split("-"))


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
