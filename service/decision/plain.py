"""Text that may be shown as it is: one line, no markup, nothing that cannot be seen."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final

_GAPS: Final = re.compile(  # controls, turns of direction, halves, what is no character
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+"
)
_UNSEEN: Final = re.compile("[\xad\u061c\u200b\u200e\u200f\u2060-\u206f\ufeff\ufff0-\ufffb]+")
_ENTITY: Final = re.compile("&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|([A-Za-z][A-Za-z0-9]{1,31}));")
_TAGS: Final = (
    "a|abbr|article|aside|audio|b|base|big|blockquote|body|br|button|canvas|center|code|dd|del|div"
    "|dl|dt|em|embed|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|img|input"
    "|ins|label|li|link|mark|math|meta|nav|noscript|object|ol|option|p|plaintext|pre|q|s|script"
    "|section|select|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|template|textarea"
    "|tfoot|th|thead|title|tr|tt|u|ul|video|xmp"
)
_MARKUP: Final = re.compile(
    rf"<!--.*?-->|</?(?:{_TAGS})(?:[\s/][^<>]*)?>|<(?=[a-z/!?])", re.IGNORECASE
)


def plain(text: str) -> str:
    """`text` on one line, without markup, entities, control, direction and half characters.

    Known tags go with what is in them, of anything else that could open one only its bracket: in
    "fits <M8" nothing is lost but that. Nor is "A&GTools" an entity, which ends in a semicolon.
    """
    if text.isprintable() and "<" not in text and ("&" not in text or ";" not in text):
        return text if "  " not in text and text.strip() == text else " ".join(text.split())
    return " ".join(_without_markup(text).split())


def _without_markup(text: str) -> str:
    """Round after round: what is taken out may have kept markup apart, or entities hidden it."""
    before = None
    while text != before:
        before = text
        text = _GAPS.sub(" ", _ENTITY.sub(_decoded, text))
        text = _MARKUP.sub(" ", _UNSEEN.sub("", text))
    return text


def _decoded(entity: re.Match[str]) -> str:
    return unescape(entity[0]) if not entity[1] else html5.get(f"{entity[1]};", entity[0])
