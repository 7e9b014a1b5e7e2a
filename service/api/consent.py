"""What may be known of a shopper: nothing without consent, nothing against Sec-GPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from service.api.hot_route import Call
    from service.api.schemas.wire import User


class Known(NamedTuple):
    """What may be read or kept of who asks."""

    user_id: str | None
    session: str | None


NOBODY = Known(None, None)


def opted_out(call: Call) -> bool:
    """Whether the browser sent Global Privacy Control."""
    return call.header(b"sec-gpc") == b"1"


def known(user: User, call: Call) -> Known:
    """The shopper's ids, if they agreed and their browser does not object."""
    return Known(user.id, user.session) if user.consent and not opted_out(call) else NOBODY
