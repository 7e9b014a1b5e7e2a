"""Text as its readers count it: one accented letter, flag or family of emoji is one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# each of these characters is a grapheme by itself, whatever stands beside it
_PLAIN: Final = re.compile("[\x00-\x7f\xa1-\u02ff\u2010-\u2027]*")
_BY_CATEGORY: Final = {
    "Mn": "e", "Me": "e", "Mc": "s", "Cc": "c", "Cf": "c", "Cs": "c", "Zl": "c", "Zp": "c",
}  # fmt: skip
# control, extends, spacing mark, joiner, flag letter, picture to join, jamo, prefix, other
_BY_RANGE: Final = (
    (0x0600, 0x0605, "b"), (0x06DD, 0x06DD, "b"), (0x070F, 0x070F, "b"), (0x0890, 0x0891, "b"),
    (0x08E2, 0x08E2, "b"), (0x110BD, 0x110BD, "b"), (0x110CD, 0x110CD, "b"),
    (0x0D4E, 0x0D4E, "b"), (0x111C2, 0x111C3, "b"),
    (0x0E33, 0x0E33, "s"), (0x0EB3, 0x0EB3, "s"),
    (0x102B, 0x102C, "o"), (0x1038, 0x1038, "o"), (0x1062, 0x1064, "o"), (0x1067, 0x106D, "o"),
    (0x1083, 0x1083, "o"), (0x1087, 0x108C, "o"), (0x108F, 0x108F, "o"), (0x109A, 0x109C, "o"),
    (0x1A61, 0x1A61, "o"), (0x1A63, 0x1A64, "o"), (0xAA7B, 0xAA7B, "o"), (0xAA7D, 0xAA7D, "o"),
    (0x11720, 0x11721, "o"),
    (0x1100, 0x115F, "l"), (0xA960, 0xA97C, "l"), (0x1160, 0x11A7, "v"), (0xD7B0, 0xD7C6, "v"),
    (0x11A8, 0x11FF, "t"), (0xD7CB, 0xD7FB, "t"),
    (0x2065, 0x2065, "c"), (0xFFF0, 0xFFF8, "c"), (0xE0000, 0xE001F, "c"),
    (0xE0080, 0xE00FF, "c"), (0xE01F0, 0xE0FFF, "c"),
    (0x200C, 0x200C, "e"), (0x200D, 0x200D, "z"), (0xFF9E, 0xFF9F, "e"),
    (0x1F3FB, 0x1F3FF, "e"), (0xE0020, 0xE007F, "e"), (0x1F1E6, 0x1F1FF, "r"),
    (0x2194, 0x2195, "p"), (0x2640, 0x2640, "p"), (0x2642, 0x2642, "p"), (0x2695, 0x2696, "p"),
    (0x26A7, 0x26A7, "p"), (0x26D3, 0x26D3, "p"), (0x26F9, 0x26F9, "p"), (0x2708, 0x2708, "p"),
    (0x2764, 0x2764, "p"), (0x27A1, 0x27A1, "p"), (0x2B1B, 0x2B1B, "p"),
    (0x1F300, 0x1F321, "p"), (0x1F324, 0x1F393, "p"), (0x1F39E, 0x1F3F0, "p"),
    (0x1F3F3, 0x1F3F5, "p"), (0x1F3F7, 0x1F3FA, "p"), (0x1F400, 0x1F4FD, "p"),
    (0x1F4FF, 0x1F53D, "p"), (0x1F573, 0x1F57A, "p"), (0x1F5E8, 0x1F5E8, "p"),
    (0x1F5FA, 0x1F64F, "p"), (0x1F680, 0x1F6C5, "p"), (0x1F7E0, 0x1F7EB, "p"),
    (0x1F90C, 0x1F93A, "p"), (0x1F93C, 0x1F945, "p"), (0x1F947, 0x1F9FF, "p"),
    (0x1FA70, 0x1FAFF, "p"),
)  # fmt: skip
_HANGUL: Final = range(0xAC00, 0xD7A4)
_FINALS: Final = 28  # of each syllable; the first of them is none
_CLUSTER: Final = re.compile(
    "c|b*(?:rr|p(?:e*zp)*|l*(?:v+t*|hv*t*|gt*)|l+|t+|[^c])[esz]*"  # GB6 to GB13 of UAX 29
)


def length(text: str) -> int:
    """How many graphemes `text` has: extended clusters of UAX 29, never fewer.

    A conjunct of an Indic script counts once for each of its consonants, and pictures of old that
    nobody joins stay apart; both are more than Unicode 15.1 counts.
    """
    if text.isascii() or _PLAIN.fullmatch(text):
        return len(text)
    return sum(1 for _ in _CLUSTER.finditer(_classes(text)))


def fits(text: str, limit: int) -> bool:
    """Whether `text` has at most `limit` graphemes."""
    return len(text) <= limit or length(text) <= limit  # no text has more graphemes than letters


def clusters(text: str) -> list[str]:
    """`text` cut into graphemes; joined, they are the text."""
    return [text[found.start() : found.end()] for found in _CLUSTER.finditer(_classes(text))]


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` of at most `limit` graphemes."""
    return text[:limit] if _PLAIN.fullmatch(text) else "".join(clusters(text)[:limit])


class _Classes:
    """The mapping that `str.translate` asks, code point by code point."""

    def __getitem__(self, code: int) -> str:
        return _class(code)


def _classes(text: str) -> str:
    """A string as long as `text` with the class of each of its characters."""
    return text.translate(_Classes())


@lru_cache(maxsize=16_384)
def _class(code: int) -> str:
    if code in _HANGUL:
        return "g" if (code - _HANGUL.start) % _FINALS else "h"
    known = next((name for first, last, name in _BY_RANGE if first <= code <= last), None)
    return known or _BY_CATEGORY.get(unicodedata.category(chr(code)), "o")
