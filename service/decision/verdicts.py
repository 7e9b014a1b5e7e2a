"""What people said of a product's selling points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PointState(StrEnum):
    """What may become of a selling point in titles."""

    SUGGESTED = "suggested"  # nobody said anything yet: it may be shown
    APPROVED = "approved"  # somebody read it: it may be shown
    LOCKED = "locked"  # it goes before all others
    BANNED = "banned"  # it is never shown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was said of a phrase of one product. It holds for other spellings of it, too."""

    selling_point_id: str
    text: str
    state: PointState
