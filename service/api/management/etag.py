"""ETags of resources, and If-Match: change it only if it is still what was read."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header

from service.api.schemas.resource import Resource
from service.errors import PreconditionFailedError

_ETAG = re.compile(r'(?:W/)?"[^"]*"')


def etag_of(resource: Resource) -> str:
    """A strong ETag of what callers can change: `MOVING` fields leave it alone."""
    content = resource.model_dump_json(exclude=set(resource.MOVING))
    return f'"{sha256(content.encode()).hexdigest()[:24]}"'


@dataclass(frozen=True, slots=True)
class Precondition:
    """The If-Match header of a request; None is no condition, so the last write wins."""

    given: str | None

    def check(self, current: Resource | None) -> None:
        """Raise PreconditionFailedError if `current` is not what the caller read.

        Call it with the row locked; where there is none, no condition is met.
        """
        if self.given is None or (self.given.strip() == "*" and current is not None):
            return
        etag = "none" if current is None else etag_of(current)
        if etag not in _ETAG.findall(self.given):
            raise PreconditionFailedError(self.given, etag)


async def _precondition(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=1024,
            description="Do it only if the resource still has this ETag; else 412.",
            examples=['"b5bb9d8014a0f9b1d61e21e7"'],
        ),
    ] = None,
) -> Precondition:
    return Precondition(if_match)


IfMatch = Annotated[Precondition, Depends(_precondition)]
