"""How selling points are picked and shown for one request: what an experiment's arm may set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.decision.terms import Title

MOST_POINTS = 3
"""No title shows more."""


class PointSource(StrEnum):
    """Where the selling points of a title come from."""

    NONE = "none"  # plain titles
    COMMON = "common"  # what is popular with everybody, whoever asks
    PERSONAL = "personal"  # what this shopper and this query care about


class Highlight(StrEnum):
    """Which parts of a title stand out."""

    CHOSEN = "chosen"  # the selling points that were chosen
    NONE = "none"  # they are said, but nothing stands out


@dataclass(frozen=True, slots=True)
class SellingPointPolicy:
    """What one request shows. `most` takes the place of the placement's cap; None keeps that."""

    source: PointSource = PointSource.PERSONAL
    most: int | None = None  # 0..3
    highlight: Highlight = Highlight.CHOSEN

    def cap(self, placement_cap: int) -> int:
        """The most points a title may show where the placement allows `placement_cap`.

        A placement that allows none stays plain, whatever the policy says.
        """
        if self.source is PointSource.NONE or not placement_cap:
            return 0
        return placement_cap if self.most is None else self.most

    def marked(self, title: Title) -> Title:
        """`title` with no part highlighted where the policy says so."""
        if self.highlight is Highlight.CHOSEN:
            return title
        return title._replace(
            parts=tuple([part._replace(highlight=False) for part in title.parts])
        )


STANDARD_POLICY = SellingPointPolicy()
"""What everybody sees who is in no experiment."""
