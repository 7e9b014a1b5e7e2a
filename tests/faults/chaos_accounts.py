"""After the chaos: every key that was taken against every row, both ways, and the money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg

from tests.faults.chaos_keys import KINDS, digest, digests_of, read_log
from tests.faults.chaos_shop import CAPPED, CAPPED_CLICKS, OPEN, TIGHT, ChaosShop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_EVENTS: Final = "SELECT type, event_key FROM events WHERE store_id = %s"
_CHARGES: Final = (
    "SELECT impression_id, campaign_id, price_micros FROM charges"
    " WHERE store_id = %s AND price_micros > 0"
)
_BUDGETS: Final = "SELECT id, budget_micros, spent_micros FROM campaigns WHERE store_id = %s"
_LINE: Final = np.dtype([("digest", "<u8"), ("campaign", "u1"), ("price", "<i8")])


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is wrong, in counts; all should be 0."""

    events: int
    missing: NDArray[np.intp]  # places in the log of events that are not stored
    repeated: int  # events stored more than once
    invented: int  # events stored that nobody sent
    uncharged: int  # paid clicks that their budgets had room for
    double_charges: int
    overcharge_micros: int
    unpaid_share: float  # of the tight campaign's budget
    balance_micros: int  # charges against what campaigns say they spent

    @property
    def double(self) -> int:
        """All effects that came more than once, or from nowhere."""
        return self.repeated + self.invented + self.double_charges


def settle(folder: Path, database_url: str, shop: ChaosShop) -> Accounts:
    """Compare the producer's log with the tables."""
    log, doubtful = read_log(folder / "keys"), read_log(folder / "doubtful")
    with psycopg.connect(database_url) as connection:
        stored = digests_of(_rows(connection, _EVENTS, shop))
        charges = _charges(connection, shop)
        budgets = {row[0]: row[1:] for row in _rows(connection, _BUDGETS, shop)}
    known = np.union1d(log["digest"], doubtful["digest"])
    sums = np.bincount(charges["campaign"], charges["price"], len(shop.campaigns)).astype(int)
    room = [budgets[campaign][0] for campaign in shop.campaigns]
    said = [budgets[campaign][1] for campaign in shop.campaigns]
    return Accounts(
        events=len(log),
        missing=np.flatnonzero(~np.isin(log["digest"], stored)),
        repeated=len(stored) - len(np.unique(stored)),
        invented=int(np.count_nonzero(~np.isin(np.unique(stored), known))),
        uncharged=_uncharged(log, charges),
        double_charges=len(charges) - len(np.unique(charges["digest"])),
        overcharge_micros=int(sum(max(0, s - r) for s, r in zip(sums, room, strict=True)))
        + _unfounded(np.concatenate([log, doubtful]), charges),
        unpaid_share=_unpaid(log, charges) / shop.tight_budget,
        balance_micros=int(sum(abs(s - t) for s, t in zip(sums, said, strict=True))),
    )


def _rows(connection: psycopg.Connection[Any], query: str, shop: ChaosShop) -> Iterator[Any]:
    """The rows of the shop, from the server bit by bit."""
    with connection.cursor(name="chaos") as cursor:
        cursor.itersize = 10_000
        yield from cursor.execute(query, [shop.store_id])


def _charges(connection: psycopg.Connection[Any], shop: ChaosShop) -> NDArray[np.void]:
    place = {campaign: number for number, campaign in enumerate(shop.campaigns)}
    lines = (
        (digest("click", impression), place[campaign], price)
        for impression, campaign, price in _rows(connection, _CHARGES, shop)
    )
    return np.fromiter(lines, _LINE)


def _clicks(log: NDArray[np.void], first: int, end: int) -> NDArray[np.void]:
    """The lines of paid clicks on the campaigns in these places."""
    of_these = (log["campaign"] >= first) & (log["campaign"] < end)
    return log[of_these]


def _uncharged(log: NDArray[np.void], charges: NDArray[np.void]) -> int:
    """Clicks on the open campaigns without a charge, and charges that the capped one lacks."""
    clicks = _clicks(log, 0, OPEN)["digest"]
    open_ones = int(np.count_nonzero(~np.isin(clicks, charges["digest"])))
    fitting = min(CAPPED_CLICKS, len(_clicks(log, CAPPED, CAPPED + 1)))
    return open_ones + fitting - int(np.count_nonzero(charges["campaign"] == CAPPED))


def _unfounded(log: NDArray[np.void], charges: NDArray[np.void]) -> int:
    """Micros of charges that no click explains, at that price and to that campaign."""
    paid = log[list(_LINE.names or ())][log["campaign"] <= TIGHT].astype(_LINE)
    founded = np.isin(_as_bytes(charges), _as_bytes(paid))
    return int(charges["price"][~founded].sum())


def _as_bytes(lines: NDArray[np.void]) -> NDArray[np.bytes_]:
    """Each line as its bytes, which numpy can sort; a last byte keeps zeros at the end."""
    whole = np.ones((len(lines), _LINE.itemsize + 1), np.uint8)
    whole[:, :-1] = np.frombuffer(lines.tobytes(), np.uint8).reshape(len(lines), -1)
    return whole.view(f"S{_LINE.itemsize + 1}").ravel()


def _unpaid(log: NDArray[np.void], charges: NDArray[np.void]) -> int:
    """Micros of clicks on the tight campaign that its budget did not pay."""
    clicks = _clicks(log, TIGHT, TIGHT + 1)
    return int(clicks["price"][~np.isin(clicks["digest"], charges["digest"])].sum())


def by_kind(folder: Path, accounts: Accounts) -> dict[str, int]:
    """How many events of each kind are missing."""
    kinds = read_log(folder / "keys")["kind"][accounts.missing]
    found = np.bincount(kinds, minlength=len(KINDS))
    return {kind: int(n) for kind, n in zip(KINDS, found, strict=True) if n}
