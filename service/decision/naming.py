"""Which words of a title name the product: its brand, its model, its size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from service.contract.characters import classes
from service.contract.tokenizer import normal_form
from service.contract.units import join_units
from service.decision.find import find_phrase
from service.decision.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.decision.find import Cut, Span
    from service.decision.terms import Product

_LONGEST_NAME: Final = 80
_NAMING: Final = re.compile(  # attributes whose values name the product
    r"\b(?:models?|mpn|part numbers?|sizes?|modell(?:nummer)?|größe|groesse|modèle|taille|modelo"
    r"|talla|tamaño|tamanho|modello|taglia|maat|型号|尺码|サイズ)\b",
    re.IGNORECASE,
)
_RUN: Final = re.compile(r"\S+")
_UNSPACED: Final = re.compile("c[mvz ]*|[^c]+")  # in classes: signs cling to what they follow
_NUMBER: Final = re.compile(r"[\d¼-¾⅐-⅞]")
_MODEL: Final = re.compile(r"[^\W\d_]\S*\d")  # "XR-200"; "20V" is a measure
_MEASURE: Final = re.compile(r"[\d./-]+[a-z]+")  # as join_units writes it
_ALL_IN_ONE: Final = re.compile(r"\d+\s+in\s+1\b", re.IGNORECASE)  # no inches
_LETTER_SIZE: Final = re.compile(r"[2-9]?X{0,4}[SML](?:[/-][2-9]?X{0,4}[SML])?")
_EDGES: Final = " ,;:.–-()[]\"'，、；：（）【】،؛"
_TIMES: Final = frozenset({"x", "×", "by", "in", "to"})  # between two measures
_LEADS_TO_NUMBER: Final = frozenset({"no", "nr", "n°", "nº", "№", "#"})
_LEADS_TO_NAME: Final = frozenset(
    {"size", "sz", "größe", "gr", "taille", "talla", "taglia", "tamanho", "maat"}
    | {"model", "modell", "modèle", "modelo", "modello"}
)
_LONGEST_UNIT: Final = 2  # words: "cu. ft."


def names_of(product: Product) -> tuple[str, ...]:
    """The brand of `product`, empty if it has none, and the attributes that name it."""
    values = [
        plain(value)
        for name, value in product.attributes.items()
        if len(value) <= _LONGEST_NAME and _NAMING.search(name.replace("_", " "))
    ]
    return plain(product.brand), *filter(None, values)


def words_of(title: str) -> list[Span]:
    """Where the words of `title` stand; of a script without spaces each letter is one."""
    found: list[Span] = []
    for run in _RUN.finditer(title):
        if run[0].isascii():
            found.append(run.span())
            continue
        start, pieces = run.start(), _UNSPACED.finditer(classes(run[0]))
        found += [(start + piece.start(), start + piece.end()) for piece in pieces]
    return found


class Named(NamedTuple):
    """Ranges of words that name the product, what matters most first, and what leads to some."""

    names: list[range]
    leads: list[range]  # "Size" of "Size M", "No." of "No. 8"


def naming(title: str, spans: Sequence[Span], names: Sequence[str], words: Cut) -> Named:
    """Which of the words `spans` of `title` name the product.

    `names` are its brand, or "", and the values of attributes that name it. Of a brand as much as
    the title says; where it says nothing of it the first word stands for it. What has a digit (a
    model or, after those, a measure with its unit) or is a size such as XL names it too. What is
    said again counts once. `words` cuts text into words as they are compared.
    """
    brand, *others = names or ("",)
    branded = _said(brand, title, words) or spans[0]
    told = [branded, *filter(None, [_said(name, title, words) for name in others])]
    numbered = _numbered(title, spans)
    once: dict[str, range] = {}
    for one in [_touched(span, spans) for span in told] + numbered.names:
        once.setdefault(text_of(title, spans, one).casefold(), one)
    return Named(list(once.values()), numbered.leads)


def name_spans(title: str, names: Sequence[str], words: Cut) -> list[Span]:
    """Where `title` says what names the product, without signs around it."""
    spans = words_of(title)
    if not spans:
        return []
    found = []
    for one in naming(title, spans, names, words).names:
        start, text = spans[one.start][0], text_of(title, spans, one)
        begin = title.index(text, start)
        found.append((begin, begin + len(text)))
    return found


def text_of(title: str, spans: Sequence[Span], some: range) -> str:
    """What `title` says in `some` of its words, without signs around it."""
    return title[spans[some.start][0] : spans[some.stop - 1][1]].strip(_EDGES)


def _said(name: str, title: str, words: Cut) -> Span | None:
    """Where `title` says `name`, or the longest beginning of it."""
    parts = name.split()
    for count in range(len(parts), 0, -1):
        place = find_phrase(" ".join(parts[:count]), title, words)
        if place:
            return place[0][0], place[-1][1]
    return None


def _touched(span: Span, spans: Sequence[Span]) -> range:
    at = [n for n, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]
    return range(at[0], at[-1] + 1)


def _numbered(title: str, spans: Sequence[Span]) -> Named:
    """Words with a digit, with the unit behind them, and sizes in letters; models first."""
    found = Named([], [])
    last = 0
    for at in range(len(spans)):
        if at < last:
            continue
        core = title[slice(*spans[at])].strip(_EDGES)
        lead = title[slice(*spans[at - 1])].strip(_EDGES).casefold() if at > last else ""
        numbered = bool(_NUMBER.search(core))
        if numbered or lead in _LEADS_TO_NAME or _LETTER_SIZE.fullmatch(core):
            before = last
            last = _with_unit(title, spans, at) if numbered else at + 1
            if lead in _TIMES and 0 < before == at - 1:
                found.names.append(range(found.names.pop().start, last))
                continue
            found.names.append(range(at, last))
            if lead in _LEADS_TO_NAME or (numbered and lead in _LEADS_TO_NUMBER):
                found.leads.append(range(at - 1, at))
    found.names.sort(key=lambda one: not _MODEL.search(text_of(title, spans, one)))
    return found


def _with_unit(title: str, spans: Sequence[Span], at: int) -> int:
    """One past the last word of the measure that begins at the word `at`."""
    start = spans[at][0]
    if _ALL_IN_ONE.match(title, start):
        return at + 1
    for last in range(min(at + _LONGEST_UNIT, len(spans) - 1), at, -1):
        measure = join_units(normal_form(title[start : spans[last][1]])).strip(_EDGES)
        if _MEASURE.fullmatch(measure):
            return last + 1
    return at + 1
