"""Text from feeds, made plain: entities decoded, markup and control characters gone."""

from __future__ import annotations

import html
import re
from typing import Final

_HIDDEN: Final = re.compile(r"<!--|<(script|style)\b", re.IGNORECASE)
_ENDS: Final = {
    "": re.compile("-->"),
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
}
_TAG: Final = re.compile(r"</?[a-zA-Z!?][^<>]*>")
_OPENING: Final = re.compile(r"(?<!<)<++(?=[a-zA-Z/!?])")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# marks that turn the order of all text around, and spaces of no width; joiners of emoji stay
_INVISIBLE: Final = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_ROUNDS: Final = 5  # an entity of an entity of an entity is as deep as any feed goes


def plain_text(raw: str) -> str:
    """`raw` as a reader would see it: one line, no entities, however often encoded, no markup."""
    text = raw
    if "&" in text or "<" in text:
        for _ in range(_ROUNDS):
            before, text = text, _without_markup(html.unescape(text))
            if text == before:
                break
        # what could still open a tag, or become an entity again
        text = _OPENING.sub("", text)
    if not text.isprintable():
        text = _INVISIBLE.sub("", _CONTROL.sub(" ", text))
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    return _TAG.sub(" ", _without_hidden(text)) if "<" in text else text


def _without_hidden(text: str) -> str:
    """`text` without comments, scripts and styles; an end that is missing is sought once."""
    kept: list[str] = []
    at, missing = 0, set[str]()
    for opening in _HIDDEN.finditer(text):
        kind = (opening[1] or "").lower()
        if opening.start() < at or kind in missing:
            continue
        end = _ENDS[kind].search(text, opening.end())
        if end is None:
            missing.add(kind)
        else:
            kept += [text[at : opening.start()], " "]
            at = end.end()
    return "".join([*kept, text[at:]])
