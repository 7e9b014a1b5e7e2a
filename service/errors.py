"""What can go wrong, in the words of the domain. `api/problems.py` gives each its status."""

from __future__ import annotations


class AdServiceError(Exception):
    """The root of all errors that Salient raises itself."""


class BadBundleError(AdServiceError):
    """A model bundle failed a gate; the message names the gate and what was found."""


class BadInputError(AdServiceError):
    """Something given from outside cannot be used; the message says what was received."""


class ScorerError(AdServiceError):
    """A model gave no usable scores; the caller goes on without it."""


class StoreUnavailableError(AdServiceError):
    """Postgres or Redis did not answer in time."""


class UnknownPlacementError(AdServiceError):
    """No placement of that name is configured."""

    def __init__(self, placement: str) -> None:
        super().__init__(f"no placement named {placement!r}")
