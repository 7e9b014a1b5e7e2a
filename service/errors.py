"""What can go wrong, in the words of the domain. `api/problems.py` gives each its status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input."""

    pointer: str  # JSON pointer (RFC 6901)
    code: str
    detail: str


class AdServiceError(Exception):
    """The root of all errors that Salient raises itself."""


class BadBundleError(AdServiceError):
    """A model bundle failed a gate; the message names the gate and what was found."""


class BadInputError(AdServiceError):
    """Something given from outside cannot be used; the message says what was received."""


class BadSnapshotError(AdServiceError):
    """A snapshot folder is torn, truncated or of another format; the message says where."""


class BadTokenError(AdServiceError):
    """A token was not signed by one of our keys, or not in one piece."""

    def __init__(self) -> None:
        super().__init__("the token is not one of ours, or not in one piece")


class BodyTooLargeError(AdServiceError):
    """A request's body is longer than its route takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")


class ConflictError(AdServiceError):
    """What is asked for clashes with what there is; the message says with what."""


class EmbeddedStoreError(AdServiceError):
    """An embedded Postgres or Valkey could not be started or stopped."""


class ForbiddenError(AdServiceError):
    """The key is good, but not for this."""


class IdempotencyKeyReusedError(ConflictError):
    """An Idempotency-Key came again, with another request."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another request; give a new one")


class InvalidRequestError(BadInputError):
    """A request does not fit its schema."""

    def __init__(self, faults: Sequence[Fault], total: int) -> None:
        super().__init__(f"{total} {'field' if total == 1 else 'fields'} cannot be used")
        self.faults = tuple(faults)


class MalformedJsonError(AdServiceError):
    """A body is not JSON as RFC 8259 has it, or repeats a key."""


class NotFoundError(AdServiceError):
    """There is no such thing, or it is not the caller's to see."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name!a}")


class PreconditionFailedError(AdServiceError):
    """The resource is not any more what the caller read."""

    def __init__(self, received: str, current: str) -> None:
        super().__init__(f"If-Match is {received!a}, the ETag is {current}; read it again")


class ScorerError(AdServiceError):
    """A model gave no usable scores; the caller goes on without it."""


class StoreUnavailableError(AdServiceError):
    """Postgres or Redis did not answer in time."""


class TooManyRequestsError(AdServiceError):
    """A key called more often than it may."""

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(f"the key has used up its calls; try again in {retry_seconds} s")


class UnauthenticatedError(AdServiceError):
    """No key was given, or none that is in use."""


class UnknownPlacementError(AdServiceError):
    """No placement of that name is configured."""

    def __init__(self, placement: str, pointer: str = "/placement") -> None:
        super().__init__(f"no placement named {placement!r}")
        self.pointer = pointer


class UnsupportedMediaTypeError(AdServiceError):
    """A body's Content-Type is not one that the route takes."""

    def __init__(self, received: str) -> None:
        super().__init__(f"Content-Type {received!a} is not taken here")


class UnsupportedEncodingError(AdServiceError):
    """A request's body is packed."""

    def __init__(self, received: str) -> None:
        super().__init__(
            f"Content-Encoding {received!a} is not taken here; send the body as it is"
        )


class UnknownStoreError(AdServiceError):
    """There is no store of that id."""

    def __init__(self, store_id: str) -> None:
        super().__init__(f"no store with id {store_id!r}")
