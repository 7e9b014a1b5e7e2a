"""What a character is to the tokenizer: of a word, of a script without spaces, of an emoji."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

DIGIT: Final = "d"
LETTER: Final = "w"
MARK: Final = "m"  # continues what stands before it
UNSPACED: Final = "c"  # letters of scripts that write no spaces between words
EMOJI: Final = "e"
MODIFIER: Final = "v"  # variation selectors and skin tones
KEYCAP: Final = "k"
REGIONAL: Final = "r"  # two of them are a flag
TAG: Final = "t"
JOINER: Final = "z"  # ZWJ and ZWNJ
GAP: Final = " "

_ITSELF: Final = frozenset("./-'")
_SPECIAL: Final = {
    0x200C: JOINER,
    0x200D: JOINER,
    0x20E3: KEYCAP,
    0xFE0E: MODIFIER,
    0xFE0F: MODIFIER,
    0x2605: GAP,  # stars decorate titles and mean nothing there
    0x2606: GAP,
}
_UNSPACED_RANGES: Final = (
    (0x0E01, 0x0E4E),  # Thai
    (0x0E81, 0x0ECE),  # Lao
    (0x1000, 0x103F),  # Myanmar
    (0x1780, 0x17D3),  # Khmer
    (0x3005, 0x3007),  # Han iteration mark, closing mark, zero
    (0x3041, 0x30FF),  # Hiragana, Katakana
    (0x3105, 0x312F),  # Bopomofo
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x20000, 0x323AF),  # Han extensions
)
_EMOJI_RANGES: Final = (
    (0x231A, 0x23FF),
    (0x2600, 0x27BF),
    (0x2900, 0x2BFF),
    (0x1F000, 0x1FAFF),
)


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _by_block(code: int) -> str | None:
    if 0x1F1E6 <= code <= 0x1F1FF:  # noqa: PLR2004 - code points speak for themselves
        return REGIONAL
    if 0x1F3FB <= code <= 0x1F3FF:  # noqa: PLR2004
        return MODIFIER
    if 0xE0020 <= code <= 0xE007F:  # noqa: PLR2004
        return TAG
    return None


@lru_cache(maxsize=16_384)
def character_class(code: int) -> str:
    """Return the one-letter class of the code point `code`; lone surrogates are gaps."""
    character = chr(code)
    if character in _ITSELF:
        return character
    if "0" <= character <= "9":
        return DIGIT
    known = _SPECIAL.get(code) or _by_block(code)
    return known if known is not None else _by_category(code, unicodedata.category(character))


def _by_category(code: int, category: str) -> str:
    if category[0] == "M":
        return MARK
    if category[0] in "LN":
        return UNSPACED if _within(code, _UNSPACED_RANGES) else LETTER
    if category in {"So", "Cn"} and _within(code, _EMOJI_RANGES):
        return EMOJI
    return GAP


class _Classes:
    """The mapping that `str.translate` asks, code point by code point."""

    def __getitem__(self, code: int) -> str:
        return character_class(code)


def classes(text: str) -> str:
    """Return a string as long as `text` with the class of each of its characters."""
    return text.translate(_Classes())
