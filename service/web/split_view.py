"""What is said of a campaign's budget over platforms: the newest plan, and those before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

from service.web.cards import price_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PPM: Final = 1_000_000
_POINT: Final = 10_000  # ppm
_CHANCE: Final = 2.0  # standard deviations within which a number is as expected
_MOST_SHARES: Final = 6  # that a plan's line names
CAUSES: Final = {
    "periodic": "it was due",
    "shock": "a platform changed",
    "asked": "somebody asked for it",
}


@dataclass(frozen=True, slots=True)
class SplitLine:
    """A platform's part of the day, in words."""

    platform: str
    share: float  # per cent
    spend: str
    spent: str
    expected: str  # of the whole day
    so_far: str  # expected of what is spent
    came: str
    verdict: str  # what came beside that
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class PastPlan:
    """A plan in the list of all: in a line, and why each platform got its share."""

    at: str  # RFC 3339
    when: str
    cause: str
    budget: str
    shares: str
    lines: tuple[SplitLine, ...]


@dataclass(frozen=True, slots=True)
class SplitView:
    """What the page shows; a problem in its place where there is one."""

    campaign: str = ""
    day: str = ""
    budget: str = ""
    goal: str = ""
    model: str = ""
    gap: str = ""
    asked: str = ""  # how it is to be spread
    fixed: bool = False  # nothing was maximised
    lines: tuple[SplitLine, ...] = ()
    plans: tuple[PastPlan, ...] = ()
    problem: str | None = None


def view_of(plans: Sequence[Mapping[str, Any]], policy: Mapping[str, Any] | None) -> SplitView:
    """One plan or more, newest first, and what is asked for now, for people."""
    newest = plans[0]
    older = [*plans[1:], None]
    return SplitView(
        campaign=newest["campaign_id"],
        day=newest["day"],
        budget=price_text(newest["budget_micros"]),
        goal=newest["goal"],
        model=newest["model"],
        gap=f"{newest['dual_gap']:.1g}",
        asked=asked_for(policy),
        fixed=any(one["reason"] == "fixed" for one in newest["platforms"]),
        lines=_lines(newest),
        plans=tuple(_plan(one, before) for one, before in zip(plans, older, strict=True)),
    )


def asked_for(policy: Mapping[str, Any] | None) -> str:
    """How a budget is to be spread, in a sentence; None is not at all."""
    if policy is None:
        return "Nobody asks for it to be spread any more: these are the plans of before"
    named = policy["platforms"]
    if policy["mode"] == "fixed":
        return "Fixed shares: " + ", ".join(
            f"{one['platform']} {_percent(one['share_ppm'])}" for one in named
        )
    wishes = [f"most {policy['goal']}"]
    wishes += [_bounds(one) for one in named if one["floor_ppm"] or one["cap_ppm"] < _PPM]
    if (most := policy["max_change_ppm"]) is not None:
        wishes.append(f"no share moves further than {most / _POINT:.3g} points a day")
    wishes.append("a little is spent on learning" if policy["explore"] else "nothing is explored")
    return "Asked for: " + "; ".join(wishes)


def _bounds(one: Mapping[str, Any]) -> str:
    least, most = one["floor_ppm"], one["cap_ppm"]
    said = [f"at least {_percent(least)}"] if least else []
    said += [f"at most {_percent(most)}"] if most < _PPM else []
    return f"{one['platform']} {' and '.join(said)}"


def _lines(plan: Mapping[str, Any]) -> tuple[SplitLine, ...]:
    """Those that get most first."""
    told = sorted(plan["platforms"], key=lambda one: (-one["spend_micros"], one["platform"]))
    return tuple(_line(one) for one in told)


def _line(told: Mapping[str, Any]) -> SplitLine:
    due, sd = _due(told)
    came = told["actual"]
    return SplitLine(
        platform=told["platform"],
        share=told["share_ppm"] * 100 / _PPM,
        spend=price_text(told["spend_micros"]),
        spent=price_text(told["spent_micros"]),
        expected=f"{told['predicted']:,.0f} ± {told['predicted_sd']:,.0f}",
        so_far=f"{due:,.0f} ± {sd:,.0f}" if told["spent_micros"] else "",
        came="" if came is None else f"{came:,}",
        verdict="" if came is None or not due else _verdict(came, due, sd),
        reason=told["reason"].replace("_", " "),
        detail=told["detail"],
    )


def _due(told: Mapping[str, Any]) -> tuple[float, float]:
    """What is expected of the money that is spent, and its standard deviation.

    The day's by the part of its money; what is not known of the curve goes with it, the chance of
    a Poisson count is the part's own: sd^2 = (due * sd_curve)^2 + due.
    """
    whole, spend = told["predicted"], told["spend_micros"]
    if not whole or not spend:
        return 0.0, 0.0
    due = whole * told["spent_micros"] / spend
    curve = max(told["predicted_sd"] ** 2 - whole, 0.0) / whole**2
    return due, sqrt(due**2 * curve + due)


def _verdict(came: int, due: float, sd: float) -> str:
    if abs(came - due) <= _CHANCE * sd:
        return "as expected"
    return "more than expected" if came > due else "less than expected"


def _plan(told: Mapping[str, Any], before: Mapping[str, Any] | None) -> PastPlan:
    at = datetime.fromisoformat(told["created_at"]).astimezone(UTC)
    return PastPlan(
        at=told["created_at"],
        when=f"{at:%d %b %H:%M:%S}",
        cause=CAUSES.get(told["cause"], told["cause"]),
        budget=price_text(told["budget_micros"]),
        shares=_shares(told, before),
        lines=_lines(told),
    )


def _shares(told: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """The largest shares, or those that moved most since the plan before."""
    usual = {one["platform"]: one["share_ppm"] for one in before["platforms"]} if before else {}
    share = {one["platform"]: one["share_ppm"] for one in told["platforms"]}
    moved = {name: share[name] - usual.get(name, 0 if before else share[name]) for name in share}
    order = sorted(share, key=lambda name: (-abs(moved[name]), -share[name], name))
    shown = sorted(order[:_MOST_SHARES], key=lambda name: (-share[name], name))
    said = [
        f"{name} {_percent(share[name])}{_move(moved[name] / _POINT) if before else ''}"
        for name in shown
    ]
    rest = len(share) - len(shown)
    return ", ".join([*said, f"and {rest} more"] if rest else said)


def _percent(ppm: int) -> str:
    return f"{round(ppm / _POINT, 1):g} %"


def _move(points: float) -> str:
    return f" ({points:+.0f})".replace("-", "\N{MINUS SIGN}") if round(points) else ""
