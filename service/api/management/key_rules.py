"""Which keys a caller may make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.keys import Scope
from service.errors import Fault, InvalidRequestError
from service.store.keys import PUBLIC_SCOPES

if TYPE_CHECKING:
    from service.api.management.caller import Caller
    from service.api.schemas.keys import KeyDraft

_OF_MERCHANTS = (Scope.MANAGE, Scope.REPORT, Scope.ADMIN)


def check_draft(draft: KeyDraft, caller: Caller) -> str | None:
    """The advertiser that the new key is to be bound to, if any.

    A bound key has no part in serving: `explain` shows what rivals bid, and all share the events.

    Raises: InvalidRequestError for another merchant, and for scopes that such a key may not have.
    """
    owner = draft.advertiser_id or caller.advertiser_id
    if not caller.sees(owner):
        raise _fault("/advertiser_id", f"There is no advertiser {owner!a}")
    if draft.kind == "publishable":
        _require(draft, frozenset(PUBLIC_SCOPES), "a publishable key")
    if owner is not None:
        _require(draft, frozenset(_OF_MERCHANTS), "a merchant's key")
    return owner


def _require(draft: KeyDraft, allowed: frozenset[str], of: str) -> None:
    for index, scope in enumerate(draft.scopes):
        if scope not in allowed:
            told = ", ".join(sorted(allowed))
            raise _fault(f"/scopes/{index}", f"{of} has {told} at most; received {scope.value!a}")


def _fault(pointer: str, detail: str) -> InvalidRequestError:
    return InvalidRequestError([Fault(pointer, "not_allowed", detail)], 1)
