"""Whose money it is: a campaign's, or a campaign's on one platform that has a limit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from service.decision.snapshot import Snapshot

AT: Final = "@"  # stands in no campaign's id


def account_of(campaign_id: str, platform: str) -> str:
    """The name of what a campaign may spend on one platform, as `cmp_1@web`."""
    return f"{campaign_id}{AT}{platform}"


def stopped_on(platform: str, accounts: AbstractSet[str], snapshot: Snapshot) -> AbstractSet[str]:
    """The campaigns that `accounts` stop on `platform`: as a whole, or only there."""
    if not accounts:
        return accounts
    key = (frozenset(accounts), platform)
    known = snapshot.memory.stopped.get(key)
    if known is not None:
        return known
    # where no account is of a platform, all platforms share one set, and what is made from it
    stopped = frozenset(_on(platform, accounts)) if any(AT in one for one in key[0]) else key[0]
    return snapshot.memory.stopped.put(key, stopped)


def _on(platform: str, accounts: AbstractSet[str]) -> set[str]:
    parts = [one.partition(AT) for one in accounts]
    return {campaign for campaign, at, only in parts if not at or only == platform}
