"""One value of a line at a time: taken as it is, or refused with what to write."""

from __future__ import annotations

import re
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

from service.decision.terms import Micros
from service.store.feeds.products import amount_of
from service.store.feeds.report import FieldError
from service.store.feeds.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import StrEnum

_ID: Final = re.compile(r"[a-z]{2,3}_[A-Za-z0-9_-]{1,64}")
_LONGEST_NAME: Final = 200
_MOST: Final = 10_000  # keywords or ads of one campaign
_LARGEST_MICROS: Final = 10**15

Choice = TypeVar("Choice", bound="StrEnum")


def refuse_unknown(place: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """A misspelt field would be lost in silence: a campaign without products, or without end."""
    for name in given:
        if name not in known:
            meant = get_close_matches(name, known, 1)
            advice = f"write {meant[0]}" if meant else f"the fields are {', '.join(known)}"
            raise FieldError(place or name, name if place else given[name], advice)


def flag(name: str, given: Mapping[str, Any], otherwise: bool) -> bool:
    """True or false, `otherwise` where it is left out."""
    value = given.get(name, otherwise)
    if not isinstance(value, bool):
        raise FieldError(name, value, "give true or false")
    return value


def choice(name: str, given: object, kind: type[Choice]) -> Choice:
    """One of the words of `kind`, in any case."""
    try:
        return kind(str(given).lower())
    except ValueError:
        raise FieldError(name, given, f"give one of {', '.join(kind)}") from None


def money(values: Mapping[str, Any], name: str, currency: str) -> Micros | None:
    """The amount under `name` or, in micros, under `name_micros`; None where neither is."""
    micros, amount = values.get(f"{name}_micros"), values.get(name)
    if micros is None:
        return None if amount is None else amount_of(name, amount, currency)
    if isinstance(micros, bool) or not isinstance(micros, int):
        raise FieldError(f"{name}_micros", micros, "give a whole number of millionths")
    if not 0 <= micros <= _LARGEST_MICROS:
        raise FieldError(f"{name}_micros", micros, f"give 0 to {_LARGEST_MICROS}")
    return Micros(micros)


def whole(name: str, given: object, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise FieldError(name, given, f"give a whole number, {least} to {most}")
    return given


def name_of(field: str, given: object) -> str:
    """A name, as plain text."""
    text = plain_text(str(given or ""))
    if not text or len(text) > _LONGEST_NAME:
        raise FieldError(field, given, f"give a name of 1 to {_LONGEST_NAME} characters")
    return text


def id_of(field: str, prefix: str, given: object) -> str | None:
    """An id that begins with `prefix`; None where it is left out."""
    if given is None or given == "":
        return None
    text = str(given)
    if not (_ID.fullmatch(text) and text.startswith(f"{prefix}_")):
        raise FieldError(field, given, f"give {prefix}_ and letters or digits, or leave it out")
    return text


def listed(values: Mapping[str, Any], name: str) -> list[Any]:
    """A list, empty where it is left out."""
    given = values.get(name) or []
    if not isinstance(given, list):
        raise FieldError(name, given, "give a list")
    if len(given) > _MOST:
        raise FieldError(name, f"{len(given)} values", f"give at most {_MOST}")
    return given


def time_of(name: str, given: object) -> float | None:
    """A moment in Unix seconds; None where it is left out."""
    if given is None or given == "":
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - has no zone, so it is refused below
    if moment.tzinfo is None:
        raise FieldError(name, given, "give a time with its zone, such as 2026-01-31T09:00:00Z")
    return moment.timestamp()
