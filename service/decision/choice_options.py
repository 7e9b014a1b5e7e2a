"""Which selling points a title could show, before anything is scored."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import IntArray
    from service.decision.snapshot import Snapshot
    from service.decision.tables import Longs


@dataclass(frozen=True, slots=True)
class Option:
    """A selling point that a title could show."""

    point: int  # row
    phrase: int  # row
    words: frozenset[int]  # rows
    locked: bool = False
    text: str = ""
    popularity: int = 0  # products that attest the phrase
    valid_until: float = inf  # Unix seconds


class Among:
    """What is told of options among each other, worked out when it is first asked for."""

    __slots__ = ("_popular", "_unlike", "chances", "options")

    def __init__(self, options: Sequence[Option]) -> None:
        self.options = options
        self._popular: Option | None = None
        self._unlike: dict[int, list[Option]] = {}
        self.chances: dict[tuple[int, ...], float] = {}  # that a lot shows them, as far as known

    @property
    def popular(self) -> Option:
        """The one that most products attest; the first of equals."""
        if self._popular is None:
            self._popular = max(self.options, key=_popularity_of)
        return self._popular

    def unlike(self, one: Option) -> list[Option]:
        """Those that may stand beside `one` in a title."""
        found = self._unlike.get(one.point)
        if found is None:
            found = [other for other in self.options if not alike(one.words, other.words)]
            self._unlike[one.point] = found
        return found


class Apt(NamedTuple):
    """The selling points of a product that say more than a query does."""

    options: tuple[Option, ...]
    phrases: IntArray  # rows
    texts: tuple[str, ...]
    among: Among
    valid_until: float = inf  # of the first that runs out


NO_ROWS = np.empty(0, np.int32)
NOTHING_APT = Apt((), NO_ROWS, (), Among(()))


def apt_options(product: int, query_words: frozenset[int], snapshot: Snapshot, now: float) -> Apt:
    """The options of `product` but those made only of the query's words; locked ones stay.

    What has run out by `now`, in Unix seconds, is none.
    """
    memory = snapshot.memory
    apt = memory.apt.get((product, query_words))
    if apt is None:
        every = memory.options.get(product)
        if every is None:
            every = memory.options.put(product, _every_option(product, snapshot))
        options = [o for o in every if o.locked or not o.words <= query_words]
        apt = memory.apt.put((product, query_words), _apt(options))
    if apt.valid_until <= now:
        return _apt([option for option in apt.options if option.valid_until > now])
    return apt


def _apt(options: Sequence[Option]) -> Apt:
    phrases = np.array([option.phrase for option in options], np.int32)
    ends = min([option.valid_until for option in options], default=inf)
    texts = tuple([option.text for option in options])
    return Apt(tuple(options), phrases, texts, Among(options), ends)


def alike(words: frozenset[int], others: frozenset[int]) -> bool:
    """Whether two phrases mean the same: half of the shorter one's words stand in the other.

    So "merino wool" is "soft wool", "wool" is both, and "wool lining" is no "cotton".
    """
    if words.isdisjoint(others):
        return False
    return 2 * len(words & others) >= min(len(words), len(others))


_popularity_of = attrgetter("popularity")


def _every_option(product: int, snapshot: Snapshot) -> tuple[Option, ...]:
    points, phrases = snapshot.points, snapshot.phrases
    popularity = _popularity(snapshot)
    found = (
        Option(
            point,
            phrase,
            frozenset(phrases.words[phrase].tolist()),
            bool(points.locked[point]),
            phrases.texts[phrase],
            int(popularity[phrase]),
            float(points.valid_until[point]),
        )
        for point in range(points.starts[product], points.starts[product + 1])
        for phrase in (int(points.phrase[point]),)
    )
    return tuple(one for one in found if one.words and one.point not in snapshot.muted)


def _popularity(snapshot: Snapshot) -> Longs:
    """How many products attest each phrase, counted once a snapshot."""
    known = snapshot.memory.popularity.get(None)
    if known is not None:
        return known
    count = len(snapshot.phrases.texts)
    return snapshot.memory.popularity.put(
        None, np.bincount(snapshot.points.phrase, minlength=count)
    )
