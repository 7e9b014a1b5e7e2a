"""Which spreads of a budget a campaign may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.decision.plans import Mode
from service.decision.terms import PPM
from service.errors import Fault, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from service.api.schemas.allocations import AllocationSpec, PlatformShare


def check_spec(spec: AllocationSpec, platforms: Collection[str]) -> None:
    """Raise InvalidRequestError unless `spec` can be met on the campaign's `platforms`."""
    faults = list(_faults(spec, platforms))
    if faults:
        raise InvalidRequestError(faults, len(faults))


def _faults(spec: AllocationSpec, platforms: Collection[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, one in enumerate(spec.platforms):
        here = f"/platforms/{number}"
        if one.platform in seen:
            yield Fault(f"{here}/platform", "repeated", f"{one.platform!a} is named already")
        elif one.platform not in platforms:
            told = ", ".join(map(ascii, platforms)) or "none"
            detail = f"The campaign's platforms are {told}; received {one.platform!a}"
            yield Fault(f"{here}/platform", "unknown_platform", detail)
        seen.add(one.platform)
        yield from _fixed(here, one) if spec.mode is Mode.FIXED else _auto(here, one)
    yield from _sums(spec)


def _fixed(here: str, one: PlatformShare) -> Iterator[Fault]:
    if one.share_ppm is None:
        yield Fault(f"{here}/share_ppm", "missing", "Mode fixed takes a share of each platform")
    for name, usual in (("floor_ppm", 0), ("cap_ppm", PPM)):
        if getattr(one, name) != usual:
            yield Fault(f"{here}/{name}", "not_in_mode", "Mode fixed has no floors and caps")


def _auto(here: str, one: PlatformShare) -> Iterator[Fault]:
    if one.share_ppm is not None:
        detail = "Mode auto has floor_ppm and cap_ppm; for a share of your own give mode fixed"
        yield Fault(f"{here}/share_ppm", "not_in_mode", detail)
    if one.floor_ppm > one.cap_ppm:
        detail = f"Give at most the cap, {one.cap_ppm}; received {one.floor_ppm}"
        yield Fault(f"{here}/floor_ppm", "above_cap", detail)


def _sums(spec: AllocationSpec) -> Iterator[Fault]:
    if spec.mode is Mode.FIXED:
        whole = sum(one.share_ppm or 0 for one in spec.platforms)
        if whole != PPM:
            detail = f"Give shares that add up to {PPM}; received {whole}"
            yield Fault("/platforms", "not_whole", detail)
        return
    floors = sum(one.floor_ppm for one in spec.platforms)
    if floors > PPM:
        detail = f"Give floors that add up to {PPM} at most; received {floors}"
        yield Fault("/platforms", "above_budget", detail)
