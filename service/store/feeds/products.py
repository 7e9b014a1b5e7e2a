"""Products from rows in Google Merchant feed columns, in our own names, or from the parquet logs.

https://support.google.com/merchants/answer/7052112 has the columns; those not named here are
not used, and warned of.
"""

from __future__ import annotations

import csv
import math
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from service.contract.prices import price_of
from service.decision.links import is_safe
from service.decision.terms import Micros, Product
from service.store.feeds.report import LONGEST_RECEIVED, FieldError, LineError
from service.store.feeds.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.store.feeds.report import Warn
    from service.store.feeds.rows import Row

_MICROS: Final = 1_000_000
_LARGEST_PRICE: Final = Decimal(1_000_000_000)
_LONGEST: Final = {"id": 128, "title": 500, "brand": 200, "category": 750}
_DESCRIPTION_LIMIT: Final = 5_000
_HIGHLIGHT_LIMIT: Final = 150
_MOST_HIGHLIGHTS: Final = 100
_MOST_ATTRIBUTES: Final = 200

_ALSO: Final = {
    "id": ("id", "product_id", "product_uid", "offer_id"),
    "category": ("product_type", "category", "google_product_category"),
    "highlights": ("product_highlight", "highlights", "sp_candidates", "product_highlights"),
    "details": ("product_detail", "product_details"),
}
_AS_ATTRIBUTES: Final = {
    "color": "colour", "colour": "colour", "material": "material", "size": "size",
    "pattern": "pattern", "gender": "gender", "age_group": "age group",
    "energy_efficiency_class": "energy efficiency class", "certification": "certification",
    "sale_price_effective_date": "sale price effective date",
}  # fmt: skip
_USED: Final = frozenset(
    {
        "title", "link", "price", "sale_price", "price_micros", "price_z", "description", "brand",
        "image_link", "availability", "in_stock", "attributes",
    }
).union(_AS_ATTRIBUTES, *_ALSO.values())  # fmt: skip
_MOST_UNUSED: Final = 100  # names in one file that are warned of
_IN_STOCK: Final = {"in_stock": True, "preorder": True, "backorder": True, "out_of_stock": False}
_LONGEST_AMOUNT: Final = 64  # characters
_TRUTH: Final = {"true": True, "false": False}
_AMOUNT: Final = re.compile(r"([A-Za-z]{3})?\s*(-?[\d.,\s]+?)\s*([A-Za-z]{3})?")


def read_products(
    rows: Iterable[Row | LineError], currency: str, warn: Warn = lambda _: None
) -> Iterator[tuple[int, Product] | LineError]:
    """A product, with its line, for each good row; the error of each bad one.

    `warn` hears once of each column that is not used, and of each description that is cut.
    """
    known = set(_USED)
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        if not known.issuperset(row.values):
            _warn_of_unused(row, known, warn)
        try:
            product = product_of(row.values, currency)
        except FieldError as error:
            yield error.on(row.line)
            continue
        if len(product.description) == _DESCRIPTION_LIMIT:
            _warn_of_cut(row, warn)
        yield row.line, product


def _warn_of_unused(row: Row, known: set[str], warn: Warn) -> None:
    for name in row.values:
        if name not in known and len(known) < len(_USED) + _MOST_UNUSED:
            known.add(name)
            advice = "this column is not used; see the list of columns, or leave it out"
            warn(FieldError(name[:LONGEST_RECEIVED], row.values[name], advice).on(row.line))


def _warn_of_cut(row: Row, warn: Warn) -> None:
    size = len(_text(row.values.get("description")))
    if size > _DESCRIPTION_LIMIT:
        advice = f"its first {_DESCRIPTION_LIMIT} were taken; shorten it"
        warn(FieldError("description", f"{size} characters", advice).on(row.line))


def product_of(values: Mapping[str, object], currency: str) -> Product:
    """The product that a row describes; prices are in the store's `currency`.

    Raises: FieldError for the first value that cannot be used.
    """
    product_id = _required(values, "id", _first(values, "id"))
    return Product(
        product_id=product_id,
        title=_required(values, "title", values.get("title")),
        link=_link(values, product_id),
        price=_price(values, currency),
        description=_text(values.get("description"), "description")[:_DESCRIPTION_LIMIT],
        brand=_short("brand", values.get("brand")),
        category=_short("category", _first(values, "category")),
        image_link=_image(values),
        in_stock=_stock(values),
        highlights=_highlights(_first(values, "highlights")),
        attributes=_attributes(values),
    )


def _first(values: Mapping[str, object], name: str) -> object:
    """The value under the first of a column's names that has one."""
    for column in _ALSO[name]:
        value = values.get(column)
        if value is not None and value != "":
            return value
    return None


def _text(value: object, name: str = "(line)") -> str:
    if isinstance(value, str):
        return plain_text(value)
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(one, name) for one in value)))
    if isinstance(value, dict):
        raise FieldError(name, value, "give text, not an object")
    return plain_text(str(value))


def _short(name: str, value: object) -> str:
    if isinstance(value, bool):
        raise FieldError(name, value, "give text")
    text = _text(value, name)
    if len(text) > _LONGEST[name]:
        raise FieldError(name, text, f"shorten it to {_LONGEST[name]} characters")
    return text


def _required(values: Mapping[str, object], name: str, value: object) -> str:
    text = _short(name, value)
    if not text:
        there = ", ".join(sorted(map(str, values))[:12])
        raise FieldError(name, value, f"give a value; the columns are {there}")
    return text


def _link(values: Mapping[str, object], product_id: str) -> str:
    link = str(values.get("link") or "").strip()
    if not link:
        return f"/p/{product_id}"  # the logs' catalogues have none
    if not (is_safe(link) or (link.startswith("/") and is_safe(f"https://site.example{link}"))):
        raise FieldError("link", link, "give an https address, or a path that begins with /")
    if link.startswith("//"):
        raise FieldError("link", link, "give an https address, or a path that begins with one /")
    return link


def _image(values: Mapping[str, object]) -> str:
    link = str(values.get("image_link") or "").strip()
    whole = f"https://site.example{link}" if link.startswith("/") else link
    if link and (link.startswith("//") or not is_safe(whole)):
        raise FieldError("image_link", link, "give an https address, or leave it empty")
    return link


def _stock(values: Mapping[str, object]) -> bool:
    given = values.get("in_stock")
    if isinstance(given, bool):
        return given
    if given is not None and given != "":
        if str(given).strip().lower() not in _TRUTH:
            raise FieldError("in_stock", given, "give true or false")
        return _TRUTH[str(given).strip().lower()]
    said = _text(values.get("availability"), "availability").lower().replace(" ", "_")
    if said and said not in _IN_STOCK:
        raise FieldError("availability", said, f"give one of {', '.join(_IN_STOCK)}")
    return _IN_STOCK.get(said, True)


def _price(values: Mapping[str, object], currency: str) -> Micros:
    micros = values.get("price_micros")
    if micros is not None and micros != "":
        return _whole_micros(micros)
    for name in ("sale_price", "price"):
        value = values.get(name)
        if value is not None and value != "":
            return amount_of(name, value, currency)
    z = values.get("price_z")
    if isinstance(z, int | float | str) and z != "":
        return _price_on_scale(z)
    raise FieldError("price", values.get("price"), f"give one, such as 39.90 {currency}")


def _whole_micros(value: object) -> Micros:
    text = str(value)
    if text.isascii() and text.isdecimal() and int(text[:20]) <= _LARGEST_PRICE * _MICROS:
        return Micros(int(text[:20]))
    advice = f"give a whole number of millionths, at most {_LARGEST_PRICE * _MICROS:,}"
    raise FieldError("price_micros", value, advice)


def _price_on_scale(z: float | str) -> Micros:
    try:
        number = float(z)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FieldError("price_z", z, "give a finite number")
    return Micros(price_of(number))


def amount_of(name: str, value: object, currency: str) -> Micros:
    """Exact micros of 39.9, "39.90 EUR", "EUR 39,90" or {"value": "39.90", "currency": "EUR"}."""
    if isinstance(value, dict):
        value = f"{value.get('value', '')} {value.get('currency', '')}".strip()
    text = str(value).strip()
    found = _AMOUNT.fullmatch(text) if len(text) <= _LONGEST_AMOUNT else None
    if found is None:
        raise FieldError(name, value, f"give an amount, such as 39.90 {currency}")
    named = (found[1] or found[3] or currency).upper()
    if named != currency:
        raise FieldError(name, value, f"give prices in the store's currency, {currency}")
    try:
        amount = Decimal(_with_point(found[2]))
    except InvalidOperation:
        raise FieldError(name, value, f"give an amount, such as 39.90 {currency}") from None
    if not 0 <= amount <= _LARGEST_PRICE:
        raise FieldError(name, value, f"give an amount from 0 to {_LARGEST_PRICE:,}")
    return Micros(int((amount * _MICROS).to_integral_value()))


def _with_point(digits: str) -> str:
    """Digits with at most one point: "1.299,00" and "1,299.00" are both 1299.00."""
    digits = re.sub(r"\s", "", digits)
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return digits
    mark, decimals = digits[last], len(digits) - last - 1
    both = "," in digits and "." in digits
    # one kind of mark, three digits behind it, and it is a comma: thousands
    if digits.count(mark) > 1 or (mark == "," and decimals == 3 and not both):  # noqa: PLR2004
        return digits.replace(mark, "") if not both else "?"
    return re.sub(r"[.,]", "", digits[:last]) + "." + digits[last + 1 :]


def _listed(value: object, name: str) -> list[str]:
    """The values of a repeated column: a list, or one text with commas between them."""
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        try:  # a value that holds a comma stands in quotes
            value = next(csv.reader([str(value)], skipinitialspace=True), [])
        except csv.Error as error:
            raise FieldError(name, value, f"put commas between several: {error}") from None
    return [text for text in (_text(one, name) for one in value) if text]


def _highlights(value: object) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_listed(value, "product_highlight")))
    if len(found) > _MOST_HIGHLIGHTS:
        raise FieldError(
            "product_highlight", f"{len(found)} values", f"give at most {_MOST_HIGHLIGHTS}"
        )
    for text in found:
        if len(text) > _HIGHLIGHT_LIMIT:
            advice = f"shorten it to {_HIGHLIGHT_LIMIT} characters"
            raise FieldError("product_highlight", text, advice)
    return found


def _attributes(values: Mapping[str, object]) -> dict[str, str]:
    """Attributes by name, from product_detail, a mapping of our own, and columns like color."""
    found: dict[str, str] = {}
    given = values.get("attributes")
    if isinstance(given, str) and given:
        raise FieldError("attributes", given, "give an object; or use product_detail")
    if isinstance(given, dict):
        for name, value in given.items():
            found[_text(name)] = _text(value, "attributes")
    for detail in _details(_first(values, "details")):
        found[detail[0]] = detail[1]
    held = {value.lower() for value in found.values()}
    for column, name in _AS_ATTRIBUTES.items():
        text = _text(values.get(column), column)
        if text and text.lower() not in held:
            found.setdefault(name, text)
    if len(found) > _MOST_ATTRIBUTES:
        raise FieldError("product_detail", f"{len(found)} values", f"at most {_MOST_ATTRIBUTES}")
    return {name: value for name, value in found.items() if name and value}


def _details(value: object) -> Iterator[tuple[str, str]]:
    """Name and value of each section:name:value or name:value."""
    for detail in _listed_details(value):
        parts = detail.split(":", 2)
        if len(parts) == 1 or not parts[-1].strip():
            advice = "write section:name:value, with commas between several"
            raise FieldError("product_detail", detail, advice)
        yield _text(parts[-2]), _text(parts[-1])


def _listed_details(value: object) -> Iterator[str]:
    if not isinstance(value, list):
        yield from _listed(value, "product_detail")
        return
    for part in value:
        if isinstance(part, dict):  # as in Google's Content API
            name, said = part.get("attribute_name"), part.get("attribute_value")
            yield f"{part.get('section_name', '')}:{name}:{said}"
        else:
            yield _text(part, "product_detail")
