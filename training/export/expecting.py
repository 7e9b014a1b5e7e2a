"""What a gate says when it stays shut."""

from __future__ import annotations


class GateError(Exception):
    """A bundle failed a gate; the message says which, and what was found."""


def expect(holds: bool, what: str, found: object) -> None:
    """Go on if it holds.

    Raises: GateError.
    """
    if not holds:
        raise GateError(f"{what}: found {found!r}")
