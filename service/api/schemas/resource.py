"""What all resources of the management API share: rows, pages of rows, changes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from service.api.schemas.wire import Wire

MOST_MICROS = 10**15
"""The largest amount: a thousand million units."""

ONE_LINE = r"^[^\x00-\x1F\x7F\s]([^\x00-\x1F\x7F]*[^\x00-\x1F\x7F\s])?$"
"""Text of one line, without spaces around it."""

ID = r"^[A-Za-z0-9_.-]+$"

UNCHANGED: Any = None
"""The default of a field that a change may leave out; given, it may be null only if it says so."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=ID)]
Amount = Annotated[int, Field(ge=0, le=MOST_MICROS)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]


class Resource(Wire):
    """Something that the API keeps."""

    MOVING: ClassVar[frozenset[str]] = frozenset()
    """Fields that change by themselves, such as what is spent."""


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Change(Wire):
    """A partial change: what is not given stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def given(self) -> dict[str, Any]:
        """The fields that the caller gave."""
        return {name: getattr(self, name) for name in self.model_fields_set}


Row = TypeVar("Row", bound=Resource)


class PageOf(Wire, Generic[Row]):
    """One page of a list."""

    data: tuple[Row, ...]
    next: Annotated[
        str | None,
        Field(
            description="Give it as `cursor` for the next page; null is the last page.",
            examples=["YWR2XzAxOTNiMmM0"],
        ),
    ]


def example_of(model: type[Wire]) -> dict[str, Any]:
    """An example of the whole, made of the first example of each field."""
    return {name: (field.examples or [None])[0] for name, field in model.model_fields.items()}
