"""Signed tokens: what an award's URLs carry, so that a click needs no store."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from service.decision.terms import Micros, Pricing
from service.errors import BadTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from hashlib import _Hash as Hash

VERSION = 1
LONGEST = 6_000  # characters: a destination of 2,048 and five ids stay well below it
_SIGNATURE = 32  # bytes of SHA-256
_BLOCK = 64  # bytes that SHA-256 takes at once
_HIGHEST_KID = 255

_HEAD = Struct(">BB16sBqQI7H")
"""version, key id, request uuid, slot, price, ts in milliseconds, lifetime in seconds, then the
lengths in bytes of store, ad, campaign, product, user, url and padding."""

_PAID_OTHERWISE = Struct(">Bq")
"""What padding begins with: a place in `_PRICINGS`, and the price.

Where not a click is paid for, the price in the head is 0: a server that does not know of it
charges nothing."""
_PRICINGS = (Pricing.CLICK, Pricing.IMPRESSION, Pricing.ORDER)
_ON_PLATFORM = Struct(">BqH")
"""The same where a platform is known: its name's length in bytes follows, and then the name."""


class AdToken(NamedTuple):
    """An award as its impression, view and click URLs carry it."""

    store_id: str
    request_id: str  # req_ and 32 hex digits
    slot: int
    ad_id: str
    campaign_id: str
    product_id: str
    price: Micros  # of what `pricing` says
    ts: float  # Unix seconds, whole milliseconds: when the ad was decided
    lifetime_seconds: int
    user_id: str | None  # only with consent
    url: str  # where a click leads
    pricing: Pricing = Pricing.CLICK
    platform: str = ""  # of the placement; versions before did not say

    @property
    def impression_id(self) -> str:
        """The id that ties impression, view, click and conversion together."""
        return impression_id(self.request_id, self.slot)

    def is_expired(self, now: float) -> bool:
        """Whether a click at `now` comes too late to be charged."""
        return now > self.ts + self.lifetime_seconds


def impression_id(request_id: str, slot: int) -> str:
    """`imp_`, the request's 32 hex digits, the slot in two."""
    return f"imp_{request_id[4:]}{slot:02x}"


class TokenSigner:
    """Signs with the first of its keys and accepts all of them.

    token = base64url(head . strings . padding . HMAC-SHA256(key, head . strings . padding))
    Padding fills up to a multiple of three bytes, so that every token has one spelling only. What
    came after the first version stands in it, where that version does not look.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            message = "no signing key given"
            raise ValueError(message)
        self._kid = next(iter(keys))
        # The keyed hash states are made once: copying them costs a third of a fresh HMAC.
        self._states = {kid: _hash_states(key) for kid, key in keys.items()}

    def sign(self, token: AdToken) -> str:
        """The token as URL-safe text."""
        strings = [
            token.store_id.encode(),
            token.ad_id.encode(),
            token.campaign_id.encode(),
            token.product_id.encode(),
            (token.user_id or "").encode(),
            token.url.encode(),
        ]
        blob = b"".join(strings)
        price, more = token.price, _more(token)
        if token.pricing is not Pricing.CLICK:
            price = Micros(0)
        padding = more + b"\0" * (-(_HEAD.size + len(blob) + len(more) + _SIGNATURE) % 3)
        head = _HEAD.pack(
            VERSION,
            self._kid,
            bytes.fromhex(token.request_id[4:]),
            token.slot,
            price,
            round(token.ts * 1000),
            token.lifetime_seconds,
            *map(len, strings),
            len(padding),
        )
        payload = head + blob + padding
        return urlsafe_b64encode(payload + self._digest(self._kid, payload)).decode()

    def read(self, text: str) -> AdToken:
        """The award inside `text`.

        Raises: BadTokenError for anything that one of the keys did not sign.
        """
        raw = _decode(text)
        payload, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
        if len(payload) < _HEAD.size or payload[0] != VERSION or payload[1] not in self._states:
            raise BadTokenError
        if not hmac.compare_digest(self._digest(payload[1], payload), signature):
            raise BadTokenError
        return _unpack(payload)

    def _digest(self, kid: int, payload: bytes) -> bytes:
        inner, outer = self._states[kid]
        within = inner.copy()
        within.update(payload)
        around = outer.copy()
        around.update(within.digest())
        return around.digest()


def parse_signing_keys(text: str) -> dict[int, bytes]:
    """The keys of `kid:hex,kid:hex`, newest first.

    Raises: ValueError when an entry is not of that form or a key is shorter than 32 bytes.
    """
    keys: dict[int, bytes] = {}
    for entry in text.split(","):
        kid, _, secret = entry.strip().partition(":")
        key = bytes.fromhex(secret)
        if len(key) < _SIGNATURE or not 0 <= int(kid) <= _HIGHEST_KID:
            message = "a signing key is kid:hex, kid from 0 to 255, 32 bytes or more of hex"
            raise ValueError(message)
        keys[int(kid)] = key
    return keys


def _more(token: AdToken) -> bytes:
    """What padding begins with; nothing for a click on no platform that is known."""
    if not token.platform and token.pricing is Pricing.CLICK:
        return b""
    pricing, name = _PRICINGS.index(token.pricing), token.platform.encode()
    if not name:
        return _PAID_OTHERWISE.pack(pricing, token.price)
    return _ON_PLATFORM.pack(pricing, token.price, len(name)) + name


def _hash_states(key: bytes) -> tuple[Hash, Hash]:
    """The inner and outer state of HMAC-SHA256 (RFC 2104) after the padded key."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(bytes(b ^ 0x36 for b in block)), sha256(bytes(b ^ 0x5C for b in block))


def _decode(text: str) -> bytes:
    if len(text) > LONGEST or not text.isascii():
        raise BadTokenError
    try:
        raw = urlsafe_b64decode(text)
    except ValueError:
        raise BadTokenError from None
    if urlsafe_b64encode(raw).decode() != text:  # foreign characters are skipped by the decoder
        raise BadTokenError
    return raw


def _unpack(payload: bytes) -> AdToken:
    """A payload whose signature is good: only our own bugs can make it unreadable."""
    _, _, uuid, slot, price, ts, lifetime, *lengths = _HEAD.unpack_from(payload)
    strings, start = [], _HEAD.size
    try:
        for length in lengths[:6]:
            strings.append(payload[start : start + length].decode())
            start += length
    except UnicodeDecodeError:
        raise BadTokenError from None
    store, ad, campaign, product, user, url = strings
    pricing, platform = Pricing.CLICK, ""
    if lengths[6] >= _PAID_OTHERWISE.size:
        place, price = _PAID_OTHERWISE.unpack_from(payload, start)
        # what a later version sells is not ours to charge for
        pricing, price = (_PRICINGS[place], price) if place < len(_PRICINGS) else (pricing, 0)
    if lengths[6] >= _ON_PLATFORM.size:
        _, _, length = _ON_PLATFORM.unpack_from(payload, start)
        start += _ON_PLATFORM.size
        platform = payload[start : start + length].decode(errors="replace")
    return AdToken(
        store,
        f"req_{uuid.hex()}",
        slot,
        ad,
        campaign,
        product,
        Micros(price),
        ts / 1000,
        lifetime,
        user or None,
        url,
        pricing,
        platform,
    )
