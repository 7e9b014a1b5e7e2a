"""Whether served titles tell the truth, judged by rules written apart from the service's own."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_WORD = re.compile(r"[^\W_]+")
_BEFORE_NOT_INCLUDED = re.compile(r"([^(),;|]*?)\bnot\s+included\b")
_LACKING = re.compile(r"\b(?:without|excludes|excluding|no|non)\b(?!\.)[\s-]+((?:[\w-]+\s?){1,2})")
_POSSESSIVE = re.compile(r"['’]s\b")
_JOINING = frozenset({"a", "an", "and", "any", "are", "is", "of", "or", "the", "with", "s"})
# all that may stand between two parts of one highlighted phrase: "[Strong-Tie] 12-[Gauge]"
_BETWEEN_PARTS = re.compile(
    r"(?!.*\s[-–—]\s)[^\w()\[\],;:|]*(?:\w*\d\w*|an?|and|by|for|in|of|on|the|to|with)[^\w()\[\],;:|]*",
    re.IGNORECASE,
)
_TRAILING_WORDS = 4  # "... Trimmer - Battery and Charger Not Included"


@dataclass(frozen=True, slots=True)
class Untruth:
    """A selling point that a title should not have carried."""

    product_id: str
    title: str
    phrase: str
    why: str


def untruths(
    ads: Sequence[Mapping[str, Any]], candidates: Mapping[str, Sequence[str]]
) -> Iterator[Untruth]:
    """Find served selling points that the product does not have, or that its title denies."""
    for ad in ads:
        own = {_flat(candidate) for candidate in candidates.get(ad["product_id"], ())}
        denied = denied_words(ad["title"]["original"])
        where = ad["product_id"], ad["title"]["text"]
        original = ad["title"]["original"]
        for phrase in shown_phrases(ad):
            # where there are no candidates the title alone attests
            if not (_flat(phrase) in own or (not own and _says(original, phrase))):
                yield Untruth(*where, phrase, "not among the product's candidates")
            if _words(phrase) & denied:
                yield Untruth(*where, phrase, "denied by the title")
        for text, why in _broken(ad):
            yield Untruth(*where, text, why)
        known = _words(" ".join([ad["title"]["original"], *shown_phrases(ad)]))
        for word in _words(ad["title"]["text"]) - known:
            yield Untruth(*where, word, "is neither a phrase's nor the catalogue title's")


def _broken(ad: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for gap in _gaps(ad):
        if not _BETWEEN_PARTS.fullmatch(gap):
            yield gap, "stands between the parts of one phrase"
    for name in lost_names(ad["title"]):
        yield name, "names the product and is gone"


def lost_names(title: Mapping[str, Any]) -> list[str]:
    """The words with a digit that a title lost, but for those that it tells had no room."""
    told = _flat(" ".join([title["text"], *title.get("left_out", ())]))
    numbered = re.findall(r"\w*\d\w*", html.unescape(title["original"]))
    return [word for word in numbered if _flat(word) not in told]


def shown_phrases(ad: Mapping[str, Any]) -> list[str]:
    """The selling points that an ad's title shows; one highlighted in parts is one phrase."""
    said: dict[str, list[str]] = {}
    for part in ad["title"]["parts"]:
        if part["selling_point"] is not None:
            said.setdefault(part["selling_point"], []).append(part["text"])
    return [" ".join(texts) for texts in said.values()]


def _says(title: str, phrase: str) -> bool:
    """Whether `phrase` was cut out of `title`, word by word."""
    said, words = _WORD.findall(html.unescape(title)), _WORD.findall(phrase)
    return any(said[at : at + len(words)] == words for at in range(len(said)))


def _gaps(ad: Mapping[str, Any]) -> Iterator[str]:
    """What stands between each part of a selling point and its next part."""
    last: dict[str, int] = {}
    parts: Sequence[Mapping[str, Any]] = ad["title"]["parts"]
    for at, part in enumerate(parts):
        point = part["selling_point"]
        if point in last:
            yield "".join(between["text"] for between in parts[last[point] + 1 : at])
        if point is not None:
            last[point] = at


def marked(ad: Mapping[str, Any]) -> str:
    """Write an ad's title with its selling points in brackets."""
    parts: Sequence[Mapping[str, Any]] = ad["title"]["parts"]
    return "".join(
        part["text"] if part["selling_point"] is None else f"[{part['text']}]" for part in parts
    )


def denied_words(title: str) -> frozenset[str]:
    """The words of the things that a title says are not there, singular."""
    text = html.unescape(title).casefold()
    denied: set[str] = set()
    for match in _BEFORE_NOT_INCLUDED.finditer(text):
        last = re.split(r"\s[-–—]\s", match[1])[-1]
        denied |= {*_WORD.findall(last)[-_TRAILING_WORDS:], "included"}
    for match in _LACKING.finditer(text):
        denied |= set(_WORD.findall(match[1])[:1])
    return frozenset(_singular(word) for word in denied - _JOINING)


def _words(phrase: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in _WORD.findall(phrase.casefold()))


def _flat(phrase: str) -> str:
    """Reduce a phrase to its letters: "ClosetMaid Handles" says "closet maid handle"."""
    text = _POSSESSIVE.sub("", html.unescape(phrase).casefold())
    return "".join(map(_singular, _WORD.findall(text)))


def _singular(word: str) -> str:
    if re.search(r"\w(?:x|ss|ch|sh)es$", word):
        return word[:-2]
    if re.search(r"\w\wies$", word):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
