"""What no title may do, judged by rules written apart from the service's own."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

import html5lib

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from service.decision.show import Entitled
    from service.decision.terms import SellingPoint, Title, TitlePart

_ENTITY: Final = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});", re.IGNORECASE)
_OPENS: Final = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2068\ufeff\ud800-\udfff]"
)
_ISOLATED: Final = re.compile("[\u2066\u2067][^\u2066-\u2069]*\u2069")
_ISOLATES: Final = re.compile("[\u2066-\u2069]")
_CONTINUES: Final = re.compile(
    "[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_JOINED: Final = re.compile("\u200d[\u2640\u2642\u2764\U0001f300-\U0001faff]")
_SIGNS: Final = (", ", "، ", "，", "、", " – ", "\xa0– ", "｜")
_A_MEASURE: Final = 14  # letters that may belong to a number: "x 4 cu. ft.", and an ellipsis
_POSSESSIVE: Final = re.compile(r"['’]s\b")
_PLURALS: Final = (("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ies", "y"),
                   ("ss", "ss"), ("s", ""))  # fmt: skip
_PIECES: Final = re.compile(r"[^\W_]+")


class Facts(NamedTuple):
    """What is true of a product."""

    original: str
    names: Collection[str]  # brand, model and sizes that its title says
    attested: Collection[str]
    denied: Collection[str]
    evidence: Collection[str]  # values that its fields hold
    spaced: bool = True


def faults(shown: Entitled, facts: Facts, limit: int) -> Iterator[str]:
    """What is wrong with a title that may have at most `limit` graphemes, by name."""
    title = shown.title
    if "".join([part.text for part in title.parts]) != title.text:
        yield "torn"
    if graphemes(title.text) > limit:
        yield "too_long"
    yield from _untrue(shown, facts)
    if _lost(title, facts, limit):
        yield "lost_name"
    if _said_twice(title, facts):
        yield "said_twice"
    if any(map(_is_markup, [title.text, *[part.text for part in title.parts]])):
        yield "markup"
    if _turns(title, facts.original):
        yield "turned"


def graphemes(text: str) -> int:
    """How many graphemes `text` has, counted by what continues another one."""
    joined = len(_JOINED.findall(text)) + len(_FLAG.findall(text))
    marks = sum(1 for one in text if one > "\u02ff" and unicodedata.category(one)[0] == "M")
    unmarked = sum(1 for one in _CONTINUES.findall(text) if unicodedata.category(one)[0] != "M")
    return len(text) - joined - marks - unmarked


def parsed_tags(parts: Sequence[str]) -> list[str]:
    """The elements that a browser makes of `parts`, were they taken for HTML."""
    page = html5lib.parseFragment(
        "".join(f"<p>{part}</p>" for part in parts), namespaceHTMLElements=False
    )
    return [str(one.tag) for one in page.iter() if one.tag not in {"p", "DOCUMENT_FRAGMENT"}]


def letters(text: str) -> str:
    """`text` by its letters and digits alone, each word in the singular as English has it."""
    return "".join(map(_singular, _words(text)))


def flat(text: str) -> str:
    """`text` by its letters and digits alone, as they are: "WMR561 WPS" says "wmr561wps"."""
    return "".join(_words(text))


def singular_words(text: str) -> frozenset[str]:
    """The words of `text`, likewise."""
    return frozenset(map(_singular, _words(text)))


def _words(text: str) -> list[str]:
    return _PIECES.findall(_POSSESSIVE.sub("", html.unescape(text).casefold()))


def _singular(word: str) -> str:
    if not word.isalpha():  # "fwg81496s" is a model
        return word
    for ending, instead in _PLURALS:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word.removesuffix(ending) + instead
    return word


def _untrue(shown: Entitled, facts: Facts) -> Iterator[str]:
    said: dict[str, str] = {}
    for part in shown.title.parts:
        if part.selling_point_id is not None:
            said[part.selling_point_id] = f"{said.get(part.selling_point_id, '')} {part.text}"
    chosen = {one.point.selling_point_id: one.point for one in shown.chosen}
    if said.keys() != chosen.keys():
        yield "without_evidence"
    for name, text in said.items():
        phrase, point = letters(text), chosen.get(name)
        spelled = {phrase, flat(text)}
        if not spelled & set(facts.attested) and not _cut_out_of_title(phrase, point, facts):
            yield "unattested"
        if phrase in facts.denied:
            yield "denied"
        if point and not _has_evidence(point, facts):
            yield "without_evidence"


def _has_evidence(point: SellingPoint, facts: Facts) -> bool:
    """Whether the field says the value, or, read for claims, holds it."""
    if point.evidence_field == "title":
        return any(point.evidence_value in one for one in facts.evidence)
    return bool(point.evidence_field) and point.evidence_value in facts.evidence


def _cut_out_of_title(phrase: str, point: SellingPoint | None, facts: Facts) -> bool:
    """Whether the title itself says it, word for word, as the evidence tells."""
    said = point is not None and point.evidence_field == "title"
    return said and phrase in letters(facts.original)


def _lost(title: Title, facts: Facts, limit: int) -> bool:
    """Whether a name is gone silently, or was told to have no room though all have."""
    told = [letters(one) for one in title.left_out]
    text = f" {title.text} "
    for name in facts.names:
        if not _has(text, name, spaced=facts.spaced):
            flat = letters(name)
            if not any(flat in one or one in flat for one in told if one):
                return True
    if not told:
        return False
    numbered = re.findall(r"[!-~]*\d[!-~]*|\S*\d\S*", facts.original)
    first = facts.original.split()[:1] if facts.spaced else []
    needed = sum(graphemes(one) + 2 for one in {*facts.names, *first, *title.left_out})
    return needed + sum(graphemes(one) + _A_MEASURE for one in numbered) < limit


def _has(text: str, piece: str, *, spaced: bool) -> bool:
    if not spaced:
        return piece in text
    return bool(re.search(rf"(?<![^\W_]){re.escape(piece.strip('.'))}(?![^\W_])", text))


def _said_twice(title: Title, facts: Facts) -> bool:
    """Whether a phrase stands beside a title that says it, or again in its own."""
    others = "\0".join(part.text for part in title.parts if part.selling_point_id is None)
    for part, outside in _phrases(title):
        if outside and _has(others, part.text, spaced=facts.spaced):
            return True
        most = max(1, _times(part.text, facts.original, spaced=facts.spaced))
        if _times(part.text, title.text, spaced=facts.spaced) > most:
            return True
    return False


def _phrases(title: Title) -> Iterator[tuple[TitlePart, bool]]:
    """The parts that say phrases, and whether they stand ahead of the title or behind it."""
    texts = [part.text for part in title.parts]
    for part, before, after in zip(title.parts, ["", *texts], [*texts[1:], ""], strict=False):
        beside = [one for one in (before, after) if one]
        if part.selling_point_id is not None:
            yield part, bool(beside) and all(_is_sign(one) for one in beside)


def _is_sign(text: str) -> bool:
    return text in _SIGNS or bool(_ISOLATES.match(text))


def _times(phrase: str, text: str, *, spaced: bool) -> int:
    if not spaced:
        return text.casefold().count(phrase.casefold())
    return len(re.findall(rf"(?<![^\W_]){re.escape(phrase)}(?![^\W_])", text, re.IGNORECASE))


def _is_markup(text: str) -> bool:
    return bool(_OPENS.search(text) or _ENTITY.search(text) or _UNSEEN.search(text))


def _turns(title: Title, original: str) -> bool:
    """Whether isolates are unbalanced or in a phrase, or one is missing beside other letters."""
    marked = [part.text for part in title.parts if part.selling_point_id is not None]
    if any(map(_ISOLATES.search, marked)) or _ISOLATES.search(_ISOLATED.sub("", title.text)):
        return True
    ways = {unicodedata.bidirectional(one) for one in title.text}
    if not ({"R", "AL"} & ways and "L" in ways):
        return False
    isolated = set(_ISOLATED.findall(title.text))
    return any(
        outside and part.text not in original and not any(part.text in one for one in isolated)
        for part, outside in _phrases(title)
    )
