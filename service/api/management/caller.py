"""Who calls a management route, and what that key may see."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.api.auth import authorise
from service.api.hot_route import Call
from service.api.keys import LiveStores, Scope
from service.errors import ForbiddenError, StoreUnavailableError, UnauthenticatedError

_CALLER = "salient.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """The key of a request. A merchant's key is bound to its advertiser."""

    key_id: str
    store_id: str
    scopes: frozenset[str]
    advertiser_id: str | None = None  # None: all of the store
    secret: bool = True  # else it stands in pages

    def sees(self, advertiser_id: str | None) -> bool:
        """Whether what belongs to `advertiser_id` exists for this caller."""
        return self.advertiser_id is None or self.advertiser_id == advertiser_id

    def require_whole_store(self) -> None:
        """Raise ForbiddenError for a merchant's key: what follows is the store's own."""
        if self.advertiser_id is not None:
            raise ForbiddenError(
                f"the key is bound to {self.advertiser_id}; this takes a key of the whole store"
            )


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets in the keys that have `scope`. Every managed route depends on one."""

    scope: Scope
    publishable: bool = False  # whether keys that stand in pages may enter

    def admit(self, call: Call, live: LiveStores) -> Caller:
        """The caller.

        Raises: UnauthenticatedError, ForbiddenError; StoreUnavailableError before the first
        snapshot, when no key is known yet.
        """
        if not live:
            raise StoreUnavailableError("no shop is loaded yet; try again in a second")
        if call.header(b"authorization") is None and not self.publishable:
            raise UnauthenticatedError("give a key: Authorization: Bearer, a space, the key")
        key = authorise(call, live, self.scope)
        if not (key.secret or self.publishable):
            raise ForbiddenError("a publishable key may not do this; use a secret one")
        caller = Caller(key.key_id, key.store_id, key.scopes, key.advertiser_id, key.secret)
        call.scope[_CALLER] = caller
        return caller

    async def __call__(self, request: Request) -> Caller:
        """The caller that the route let in before it read the body."""
        return admitted(request)


def admitted(request: Request) -> Caller:
    """The caller of a request that came through a gate."""
    caller: Caller = request.scope[_CALLER]
    return caller


Manager = Annotated[Caller, Depends(Gate(Scope.MANAGE))]
Admin = Annotated[Caller, Depends(Gate(Scope.ADMIN))]
