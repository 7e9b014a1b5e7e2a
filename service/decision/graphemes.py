"""Text as its readers count it: one accented letter, flag or family of emoji is one."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile("[\x00-\u02ff\u2010-\u2027]*")  # nothing here joins what stands before it
_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)  # skin tones
_TAGS = range(0xE0020, 0xE0080)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def length(text: str) -> int:
    """How many graphemes `text` has (extended clusters of UAX 29, Hangul jamo aside)."""
    return len(text) if _PLAIN.fullmatch(text) else len(clusters(text))


def clusters(text: str) -> list[str]:
    """`text` cut into graphemes; joined, they are the text."""
    found: list[str] = []
    for character in text:
        if found and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` of at most `limit` graphemes."""
    return text[:limit] if _PLAIN.fullmatch(text) else "".join(clusters(text)[:limit])


def _continues(cluster: str, character: str) -> bool:
    if cluster.endswith(_JOINER) and not character.isspace():
        return True
    point = ord(character)
    if point in _FLAG_LETTERS:
        return len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS
    return (
        character == _JOINER
        or point in _MODIFIERS
        or point in _TAGS
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )
