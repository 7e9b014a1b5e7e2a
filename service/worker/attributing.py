"""The loop that finds the ad behind each order's line, and takes returns back from it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from service.decision.attribution import Amount, Purchase, credit, take_back
from service.decision.terms import Micros
from service.store.accounts import lock_accounts
from service.store.attributions import (
    add_attributions,
    advertisers_of,
    anything_due,
    buyers_of_before,
    claim_conversions,
    claim_returns,
    named_touches,
    sales_of,
    settle,
    touches_of_shoppers,
)
from service.store.ledger import Due, charge
from service.store.refunds import ChargeName, Refund, RefundReason, refund_charges
from service.worker import counts
from service.worker.keep_doing import keep_doing

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from service.decision.attribution import Credit, Touch

BATCH: Final = 200
LOOK_EVERY_SECONDS: Final = 1.0
BUSY_SECONDS: Final = 5.0
LATE_SECONDS: Final = ((60.0, 60.0), (600.0, 600.0), (3600.0, 3000.0))
"""How old an order may be, at most, to be looked at again, and after how long: a click that came
late, from a server's disk say, is still found."""


async def keep_attributing(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Give verdicts on conversions and returns as they come, until `stop` is set."""

    async def attribute() -> bool:
        return BATCH in (await attribute_sales(engine), await attribute_returns(engine))

    await keep_doing(attribute, stop, every_seconds=LOOK_EVERY_SECONDS, warning="not_attributed")


async def attribute_sales(engine: AsyncEngine) -> int:
    """Attribute up to `BATCH` conversions and charge those that are paid by order.

    Returns: how many were looked at.
    """
    async with engine.begin() as connection:
        if not await anything_due(connection, "conversion"):
            return 0
        claimed = await claim_conversions(connection, most=BATCH)
        orders = {n: one for n, one in enumerate(claimed) if one["line"] is not None}
        owed = await _credits(connection, orders)
        busy = await _charge(connection, orders, owed)
        sold = {n: one for n, one in owed.items() if n not in busy}
        new = await _new_to_brand(connection, {n: orders[n] for n in sold})
        rows = [_sale(orders[n], one, new.get(n)) for n, one in sold.items()]
        await add_attributions(connection, rows)
        verdicts = {
            (one["store_id"], one["event_key"]): BUSY_SECONDS
            if n in busy
            else _next_look(one["age"], found=n in owed)
            for n, one in enumerate(claimed)
        }
        await settle(connection, "conversion", verdicts)
    for row in rows:
        counts.ATTRIBUTED.labels(row["touch"]).inc()
    return len(claimed)


async def _charge(
    connection: AsyncConnection, orders: Mapping[int, RowMapping], owed: Mapping[int, Credit]
) -> set[int]:
    """Charge what is paid by order; returns those whose campaign somebody holds just now."""
    dues = {n: _due(orders[n], one) for n, one in owed.items() if one.pays}
    accounts = await lock_accounts(
        connection, {due.campaign_id for due in dues.values()}, pass_over_busy=True
    )
    busy = {n for n, due in dues.items() if due.campaign_id in accounts.busy}
    await charge(connection, [due for n, due in dues.items() if n not in busy], accounts)
    return busy


async def _new_to_brand(
    connection: AsyncConnection, orders: Mapping[int, RowMapping]
) -> dict[int, bool]:
    """Whether each shopper who is known bought of a brand for the first time in a year."""
    known = {n: one for n, one in orders.items() if one["user_id"] and one["brand"]}
    before = await buyers_of_before(connection, known) if known else set()
    return {n: n not in before for n in known}


def _next_look(age: float | None, *, found: bool) -> float | None:
    """In how many seconds to look again, by how long ago it was told; None is never."""
    if found or age is None:
        return None
    return next((seconds for most, seconds in LATE_SECONDS if age < most), None)


async def _credits(
    connection: AsyncConnection, orders: Mapping[int, RowMapping]
) -> dict[int, Credit]:
    """The ad behind each of the numbered conversions that has one."""
    touches = await _touches(connection, orders)
    products = {(orders[n]["store_id"], orders[n]["product_id"]) for n in touches}
    advertisers = await advertisers_of(connection, products) if products else {}
    found = {}
    for n, met in touches.items():
        one = orders[n]
        purchase = Purchase(
            one["product_id"],
            one["ts"].timestamp(),
            advertisers.get((one["store_id"], one["product_id"]), frozenset()),
            one["impression_id"],
        )
        if (owed := credit(purchase, met)) is not None:
            found[n] = owed
    return found


async def _touches(
    connection: AsyncConnection, orders: Mapping[int, RowMapping]
) -> dict[int, list[Touch]]:
    by_shopper = {n: one for n, one in orders.items() if one["user_id"] is not None}
    shown = {n: span for n, one in orders.items() if (span := _shown_between(one)) is not None}
    met = await touches_of_shoppers(connection, by_shopper) if by_shopper else {}
    named = await named_touches(connection, orders, shown) if shown else {}
    return {n: met.get(n, []) + named.get(n, []) for n in {*met, *named}}


def _shown_between(order: RowMapping) -> tuple[float, float] | None:
    """When the ad that the shop named was decided, in Unix seconds; None where it named none.

    A token's time is told with the conversion; versions before did not, but the request's id
    begins with the millisecond (UUIDv7).
    """
    if order["impression_id"] is None:
        return None
    told = order["payload"].get("shown_at")
    if isinstance(told, int | float):
        return told - 0.001, told + 0.001
    at = _milliseconds(order["impression_id"]) / 1000
    near = 0 <= order["ts"].timestamp() - at <= 32 * 86_400
    return (at - 0.001, at + 0.002) if near else None


def _milliseconds(impression_id: str) -> int:
    try:
        return int(impression_id.removeprefix("imp_")[:12], 16)
    except ValueError:  # an id that the shop made up, as in logs of the past
        return 0


def _line_key(order: RowMapping) -> str:
    return f"{order['order_key']}/{order['line']}"


def _due(order: RowMapping, owed: Credit) -> Due:
    touch, ts = owed.touch, order["ts"].timestamp()
    return Due(
        "order",
        touch.impression_id,
        order["store_id"],
        touch.campaign_id,
        touch.price,
        ts,
        _line_key(order),
        touch.platform,
    )


def _sale(order: RowMapping, owed: Credit, new_to_brand: bool | None) -> dict[str, Any]:
    touch = owed.touch
    return {
        "store_id": order["store_id"],
        "order_key": order["order_key"],
        "line": order["line"],
        "kind": "sale",
        "impression_id": touch.impression_id,
        "campaign_id": touch.campaign_id,
        "ad_id": touch.ad_id,
        "platform": touch.platform,
        "product_id": order["product_id"],
        "touch": touch.kind.value,
        "halo": owed.halo,
        "new_to_brand": new_to_brand,
        "price_micros": touch.price if owed.pays else 0,
        "quantity": max(order["quantity"] or 0.0, 0.0),
        "value_micros": max(order["value_micros"] or 0, 0),
        "converted_at": order["ts"],
    }


async def attribute_returns(engine: AsyncEngine) -> int:
    """Take up to `BATCH` returns back from what their sales were attributed to.

    Where the campaign paid for the order, it gets its share back. Returns: how many were looked
    at.
    """
    async with engine.begin() as connection:
        if not await anything_due(connection, "return"):
            return 0
        claimed = await claim_returns(connection, most=BATCH)
        told = [one for one in claimed if one["line"] is not None]
        sales = await sales_of(connection, map(_line_of, told)) if told else {}
        before = {line: _back(sale) for line, sale in sales.items()}
        rows, refunds = [], []
        for one in told:
            sale = sales.get(_line_of(one))
            if sale is not None and one["part"] not in (sale["parts"] or ()):
                row = _return(one, sale, before)
                rows.append(row)
                refunds += [_refund(row)] if row["price_micros"] else []
        await add_attributions(connection, rows)
        await refund_charges(connection, refunds)
        verdicts = {
            (one["store_id"], one["event_key"]): _next_look(
                one["age"], found=_line_of(one) in sales
            )
            for one in claimed
        }
        await settle(connection, "return", verdicts)
    return len(claimed)


def _line_of(one: RowMapping) -> tuple[str, str, str]:
    return one["store_id"], one["order_key"], one["line"]


def _back(sale: RowMapping) -> Amount:
    """What came back of a sale before."""
    return Amount(Fraction(sale["quantity_back"]), sale["value_back"])


def _return(
    told: RowMapping, sale: RowMapping, before: dict[tuple[str, str, str], Amount]
) -> dict[str, Any]:
    """The row that takes a return back from its sale; `before` then has it, too."""
    line = _line_of(told)
    back = take_back(
        Amount(Fraction(sale["quantity"]), sale["value_micros"]),
        before[line],
        Fraction(told["quantity"] or 0),
        told["value_micros"],
        Micros(sale["price_micros"]),
    )
    earlier = before[line]
    before[line] = Amount(
        earlier.quantity + back.amount.quantity, earlier.value + back.amount.value
    )
    same = ("impression_id", "campaign_id", "ad_id", "product_id", "touch", "halo", "new_to_brand")
    return {
        "store_id": told["store_id"],
        "order_key": told["order_key"],
        "line": told["line"],
        "kind": "return",
        "part": told["part"],
        **{name: sale[name] for name in same},
        "price_micros": -back.refund,
        "quantity": -float(back.amount.quantity),
        "value_micros": -back.amount.value,
        "converted_at": told["ts"],
    }


def _refund(row: dict[str, Any]) -> Refund:
    charged = ChargeName(row["impression_id"], "order", f"{row['order_key']}/{row['line']}")
    return Refund(charged, RefundReason.RETURNED, row["part"], -row["price_micros"])
