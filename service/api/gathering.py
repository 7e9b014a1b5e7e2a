"""What must be fetched before a decision: the shopper's profile, in one round trip."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from service.api.consent import NOBODY, Known
from service.contract.history import EMPTY_HISTORY
from service.decision.terms import Shopper
from service.errors import StoreUnavailableError
from service.store.profiles import WITHDRAWN, profile_key, shopper_of

if TYPE_CHECKING:
    from service.api.state import State

PROFILE_DEADLINE_SECONDS = 0.010


class Gathered(NamedTuple):
    """Who asks, with their profile if it may be read and comes in time; and what is missing."""

    known: Known  # nobody where consent was withdrawn, whatever the request says
    shopper: Shopper
    profile: bytes | None = None  # as it is stored
    missing: tuple[str, ...] = ()


_NOBODY = Gathered(NOBODY, Shopper(None, EMPTY_HISTORY))


async def gather(
    known: Known, store_id: str, state: State, now: float, deadline: float
) -> Gathered:
    """Read the profile of who is `known` as of `now`, by `deadline` on `perf_counter`."""
    if known.user_id is None:
        return _NOBODY._replace(known=known)
    seconds = min(PROFILE_DEADLINE_SECONDS, deadline - perf_counter())
    try:
        profile = await state.profiles.get(profile_key(store_id, known.user_id), seconds)
        if profile == WITHDRAWN:
            return _NOBODY
        shopper = shopper_of(known.user_id, profile, now)
    except (StoreUnavailableError, ValueError, TypeError, KeyError):
        return Gathered(known, Shopper(known.user_id, EMPTY_HISTORY), missing=("no_profile",))
    return Gathered(known, shopper, profile)
