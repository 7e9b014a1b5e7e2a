"""What the readers of one snapshot worked out lately, so that they need not again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.recent import Recent

if TYPE_CHECKING:
    from service.decision.choice_options import Apt, Option
    from service.decision.eligible import Standing
    from service.decision.paced import PacedFound, Paces, PaceTable
    from service.decision.retrieve import Found
    from service.decision.servable import Servable
    from service.decision.show import ShownPoints, TitleKey
    from service.decision.snapshot import Names
    from service.decision.tables import Bools, Longs
    from service.decision.terms import Micros, SellingPoint


class Memory:
    """Bounded, and one snapshot's own."""

    __slots__ = (
        "ad_rows",
        "apt",
        "campaign_row",
        "found",
        "names",
        "options",
        "over",
        "pace_tables",
        "paced",
        "points",
        "popularity",
        "product_rows",
        "servable",
        "standing",
        "stopped",
        "titles",
        "words",
    )

    def __init__(self) -> None:
        self.found: Recent[tuple[str, str, str], Found] = Recent(1024)
        self.words: Recent[str, int] = Recent(16_384)
        self.names: Recent[int, Names] = Recent(65_536)
        self.product_rows: Recent[str, int] = Recent(65_536)
        self.ad_rows: Recent[str, int] = Recent(16_384)
        self.campaign_row: Recent[str, int] = Recent(65_536)
        self.stopped: Recent[tuple[frozenset[str], str], frozenset[str]] = Recent(64)
        self.over: Recent[frozenset[str], Bools] = Recent(32)  # of budgets, by campaign row
        self.pace_tables: Recent[Paces, PaceTable] = Recent(16)  # one a platform
        self.paced: Recent[tuple[Found, Paces], PacedFound] = Recent(1024)
        self.options: Recent[int, tuple[Option, ...]] = Recent(8192)
        self.apt: Recent[tuple[int, frozenset[int]], Apt] = Recent(16_384)
        self.points: Recent[int, SellingPoint] = Recent(16_384)
        self.popularity: Recent[None, Longs] = Recent(1)  # of phrases, by row
        self.servable: Recent[str, Servable] = Recent(64)
        self.standing: Recent[tuple[Found, Micros, int], Standing] = Recent(1024)
        self.titles: Recent[TitleKey, ShownPoints] = Recent(32_768)

    def begin_with(self, other: Memory) -> None:
        """Remember what `other` does, for a snapshot in which all of that is true as well."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name).copy())
