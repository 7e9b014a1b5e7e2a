"""Made-up products in many languages, hostile ones among them, with what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from service.decision.terms import Micros, Product

if TYPE_CHECKING:
    from random import Random


class Tongue(NamedTuple):
    """What a shop of one language writes."""

    brands: tuple[str, ...]
    nouns: tuple[str, ...]
    phrases: tuple[str, ...]  # what products have
    denials: tuple[str, ...]  # "{}" is what is not there
    things: tuple[str, ...]  # that may not be there
    measures: tuple[str, ...] = ("12 mm", "3/4 in.", "18V", "2 x 4 ft.", "500 ml", "1-1/2 in.")
    spaced: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """A product with what must stay in its title, and what may and may not be said of it."""

    product: Product
    names: tuple[str, ...]  # brand, model, sizes, as the title writes them
    attested: frozenset[str]
    denied: frozenset[str]


@dataclass
class _Draft:
    words: list[str]
    names: list[str]
    highlights: list[str]
    attributes: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)


TONGUES = {
    "en-US": Tongue(
        ("Acme", "Simpson Strong-Tie", "Black & Decker", "O'Neill", "3M"),
        ("Drill", "Rain Jacket", "Garden Hose", "Desk Lamp", "Running Shoe"),
        ("stainless steel", "rust proof", "easy to clean", "feather light", "solid oak",
         'with "soft touch" grip', "keeps warm for hours", "quick drying"),
        ("({} Not Included)", "without {}", "{}-Free", "Less {}"),
        ("battery", "charger", "valve", "handle"),
    ),
    "de": Tongue(
        ("Müller", "Jack Wolfskin", "Bosch"), ("Bohrmaschine", "Regenjacke", "Schreibtisch"),
        ("wasserdicht", "rostfrei", "aus Edelstahl", "leicht zu reinigen", "massive Eiche"),
        ("({} nicht enthalten)", "ohne {}"), ("Akku", "Ladegerät", "Ventil"),
    ),
    "fr": Tongue(
        ("Décathlon", "Saint-Gobain"), ("Perceuse", "Veste de pluie", "Lampe de bureau"),
        ("acier inoxydable", "facile à nettoyer", "chêne massif", 'poignée "douce"'),
        ("(sans {})", "({} non inclus)"), ("batterie", "chargeur", "couvercle"),
    ),
    "es": Tongue(
        ("Peña", "La Española"), ("Taladro", "Chaqueta", "Mesa"),
        ("acero inoxidable", "fácil de limpiar", "roble macizo", "secado rápido"),
        ("(sin {})", "({} no incluido)"), ("batería", "cargador"),
    ),
    "it": Tongue(
        ("Ferrari", "Dell'Orto"), ("Trapano", "Giacca", "Tavolo"),
        ("acciaio inox", "facile da pulire", "rovere massello", "asciuga in fretta"),
        ("(senza {})", "({} non inclusa)"), ("batteria", "valvola"),
    ),
    "ja": Tongue(
        ("東芝", "ソニー"), ("電動ドリル", "レインジャケット", "机"),
        ("防水加工", "軽量設計", "抗菌仕様", "超静音"), (), (),
        ("500ml", "256GB", "12mm", "XL"), spaced=False,
    ),
    "zh-CN": Tongue(
        ("华为", "海尔"), ("手机壳", "羊毛大衣", "电钻"),
        ("防水透气", "纯羊毛", "超轻便携", "加厚保暖"), (), (),
        ("500ml", "256GB", "12mm", "XL"), spaced=False,
    ),
    "ar": Tongue(
        ("الأهرام", "Acme"), ("مثقاب كهربائي", "سترة مطر", "مصباح مكتب"),
        ("مقاوم للماء", "سهل التنظيف", "فولاذ مقاوم", "USB-C سريع", "light"), (), (),
    ),
    "he": Tongue(
        ("אלקטרה", "Acme"), ("מקדחה", "מעיל גשם", "מנורה"),
        ("עמיד למים", "קל לניקוי", "עץ אלון", "USB-C מהיר", "ultra light"), (), (),
    ),
    "fa-IR": Tongue(
        ("پارس", "LG"), ("دریل برقی", "کت بارانی"),
        ("ضد آب", "سبک", "می‌شود شست", "HD"), (), (),
    ),
    "hi": Tongue(
        ("टाटा", "Bajaj"), ("पानी की बोतल", "जैकेट"),
        ("मजबूत स्टील", "हल्का वजन", "आसान सफाई"), (), (),
    ),
    "ko": Tongue(
        ("삼성", "LG"), ("전동 드릴", "레인 재킷"),
        ("방수 기능", "초경량", "항균 처리"), (), (),
    ),
}  # fmt: skip
MODELS = ("XR-200", "DCD771C2", "55UN7000", "GT-40/B", "A1", "Mk4", "RX7.5")
LETTER_SIZES = ("XL", "S", "XXL", "3XL", "M/L")
HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</mark>", "<!-- x -->",
    "<![CDATA[", "&lt;b&gt;", "&#60;i&#62;", "&amp;lt;u&amp;gt;", "&quot;", "&nbsp;", "<b>", "<",
    ">", "&", "\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\x00", "\x1b[31m",
    "\ud800", "\udfff", "\u2028", "\ufeff", "\t", "\n", "👨\u200d👩\u200d👧", "🇩🇪", "👍🏽",
    "e\u0301e\u0301", '"', "''", "{{7*7}}", "<svg/onload=x>", "<scr\u200bipt>", "<<b>i>", "﷽",
    "…", "–", "｜",
)  # fmt: skip


def make_product(name: str, locale: str, chance: Random) -> Made:
    """A product of a shop in `locale`; `chance` draws it."""
    tongue = TONGUES[locale]
    draft = _named(tongue, chance)
    _praise(draft, tongue, chance)
    if tongue.denials and chance.random() < 0.4:
        _deny(draft, tongue, chance)
    attested = {*draft.highlights, *draft.attributes.values()}
    if chance.random() < 0.4:
        _spoil(draft, chance)
        attested |= {*draft.highlights, *draft.attributes.values()}
    product = Product(
        name,
        (" " if tongue.spaced else "").join(draft.words),
        f"/p/{name}",
        Micros(1_000_000),
        brand=draft.names[0],
        highlights=tuple(draft.highlights),
        attributes=draft.attributes,
    )
    return Made(product, tuple(draft.names), frozenset(attested), frozenset(draft.denied))


def _named(tongue: Tongue, chance: Random) -> _Draft:
    """Brand, noun, and up to six names in any order, some told by an attribute too."""
    brand, model = chance.choice(tongue.brands), chance.choice(MODELS)
    sizes = chance.sample((*tongue.measures, *LETTER_SIZES[: 2 if tongue.spaced else 0]), 2)
    others = [model, *sizes][: chance.randint(0, 3)]
    middle = [*others, chance.choice(tongue.nouns), *chance.sample(tongue.phrases, 2)]
    chance.shuffle(middle)
    words = [brand, *middle] if chance.random() < 0.8 else [*middle, brand]
    attributes = {"model": model} if model in others and chance.random() < 0.5 else {}
    return _Draft(words, [brand, *others], [], attributes)


def _praise(draft: _Draft, tongue: Tongue, chance: Random) -> None:
    draft.highlights += chance.sample(tongue.phrases, chance.randint(1, 3))
    if chance.random() < 0.3:
        draft.attributes["material"] = chance.choice(tongue.phrases)


def _deny(draft: _Draft, tongue: Tongue, chance: Random) -> None:
    """Say in the title that something is not there, and in a highlight that it is."""
    thing = chance.choice(tongue.things)
    draft.words.insert(
        chance.randint(1, len(draft.words)), chance.choice(tongue.denials).format(thing)
    )
    draft.highlights.insert(0, thing)
    draft.denied.add(thing)


def _spoil(draft: _Draft, chance: Random) -> None:
    """Put what a shop should not have written between words, into phrases and attributes."""
    for _ in range(chance.randint(1, 3)):
        draft.words.insert(chance.randint(0, len(draft.words)), f" {chance.choice(HOSTILE)} ")
    at = chance.randrange(len(draft.highlights))
    draft.highlights[at] += f" {chance.choice(HOSTILE)}"
    draft.attributes["note"] = chance.choice(HOSTILE)
