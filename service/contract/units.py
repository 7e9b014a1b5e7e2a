"""Numbers and their units, written one way: "1/2 in.", `1/2"` and "1/2-inch" are all "1/2in"."""

from __future__ import annotations

import re
from typing import Final

_SPELLINGS: Final = {
    "in": "in(?![\\s-]+(?:1|one)\\b)|inch|inches|zoll|pulgadas?|pouces?|pollici|\"|''|”|英寸|寸",
    "ft": "ft|foot|feet|'(?![\\w'])",
    "yd": "yd|yds|yards?",
    "mm": "mm|millimet(?:er|re)s?|毫米",
    "cm": "cm|centimet(?:er|re)s?|厘米|公分",
    "km": "km|kilomet(?:er|re)s?",
    "m": "m|met(?:er|re)s?|metros?|米",
    "sqft": "sq\\.?\\s?ft|sqft|square\\s(?:foot|feet)",
    "sqm": "sq\\.?\\s?m|sqm|m2|square\\smet(?:er|re)s?|平方米",
    "cuft": "cu\\.?\\s?ft|cuft|cubic\\s(?:foot|feet)",
    "cuin": "cu\\.?\\s?in|cuin|cubic\\sinch(?:es)?",
    "floz": "fl\\.?\\s?oz|fluid\\sounces?",
    "oz": "oz|ounces?",
    "lb": "lbs?|pounds?",
    "mg": "mg|milligrams?|毫克",
    "kg": "kgs?|kilos?|kilogramm?s?|千克|公斤",
    "g": "g|gr|gramm?e?s?|克",
    "gal": "gal|gallons?",
    "qt": "qt|quarts?",
    "pt": "pt|pints?",
    "ml": "ml|millilit(?:er|re)s?|毫升",
    "l": "l|lit(?:er|re)s?|litros?|升",
    "mv": "mv|millivolts?",
    "kv": "kv|kilovolts?",
    "v": "v|volts?|伏",
    "kwh": "kwh",
    "wh": "wh",
    "kw": "kw|kilowatts?",
    "w": "w|watts?|瓦",
    "mah": "mah",
    "amp": "amps?|amperes?",
    "ghz": "ghz",
    "mhz": "mhz",
    "khz": "khz",
    "hz": "hz|hertz",
    "tb": "tb",
    "gb": "gb",
    "mb": "mb",
    "hp": "hp|horsepower",
    "btu": "btus?",
    "psi": "psi",
    "gpm": "gpm",
    "gpf": "gpf",
    "cfm": "cfm",
    "rpm": "rpm",
    "mph": "mph",
    "lm": "lm|lumens?",
    "k": "k|kelvin",
    "db": "db",
    "ga": "ga|gauge",
    "deg": "deg|degrees?|°",
    "mil": "mil",
    "pack": "pack|packs|pk",
    "pc": "pcs?|pieces?|stück|stk|piezas?",
    "ct": "ct|count",
    "pct": "%|percent",
}
_NAMES: Final = tuple(_SPELLINGS)
_CJK_UNIT: Final = "[\u4e00-\u9fff]"

_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})++(?![\d,])", re.ASCII)
_MIXED: Final = re.compile(r"(?<![\d./-])(\d++)(?:\s|-)+(\d++/\d++)(?!/)", re.ASCII)
_BARE_POINT: Final = re.compile(r"(?<![\w.])\.(?=\d)", re.ASCII)
_MEASURE: Final = re.compile(
    r"(?<![a-z\d./])(\d++-\d++/\d++|\d++/\d++|\d++\.\d++|\d++)[\s-]?\s?(?:"
    + "|".join(f"({spelling})" for spelling in _SPELLINGS.values())
    + rf")(?:(?<={_CJK_UNIT})|(?![a-z\d]))\.?",
    re.ASCII,
)


def _one_spelling(found: re.Match[str]) -> str:
    index = found.lastindex
    return f"{found[1]}{_NAMES[index - 2]} " if index is not None else found[0]


def join_units(text: str) -> str:
    """Write each measure in `text` as one word: number, then unit in its shortest spelling.

    `text` is lower case. Takes time linear in its length.
    """
    if not any(character in text for character in "0123456789"):
        return text
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    text = _MIXED.sub(r"\1-\2", text)
    text = _BARE_POINT.sub("0.", text)
    return _MEASURE.sub(_one_spelling, text)
