"""Where requests come from: addresses behind proxies, data centres, hashes for addresses."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple

from service.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Address, IPv4Network

    from service.api.hot_route import Call

DAY_SECONDS: Final = 86_400
_MAPPED: Final = 0xFFFF << 32  # ::ffff:0:0/96, where IPv4 stands among IPv6
_LONGEST_AGENT: Final = 512  # bytes that are told apart
_LONGEST_FORWARDED: Final = 1_024
_HOST_BITS: Final = 64  # of an IPv6 address: a household has them all


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses, as ranges of integers that do not touch, in order."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()  # the last of each

    def holds(self, address: int) -> bool:
        """Whether one of the ranges has `address`, which is as `as_integer` makes it."""
        place = bisect_right(self.starts, address) - 1
        return place >= 0 and address <= self.ends[place]


def read_ranges(lines: Iterable[str]) -> Ranges:
    """The ranges of a list in CIDR notation, one a line; `#` begins a comment.

    Raises: BadInputError with the line that is none.
    """
    found = []
    for number, line in enumerate(lines, 1):
        given = line.partition("#")[0].strip()
        if given:
            found.append(_range(given, number))
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(found):
        if ends and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return Ranges(tuple(starts), tuple(ends))


def _range(given: str, number: int) -> tuple[int, int]:
    try:
        network: IPv4Network | IPv6Network = ip_network(given, strict=False)
    except ValueError as error:
        message = f"line {number}: {given!r} is no range of addresses, such as 192.0.2.0/24"
        raise BadInputError(message) from error
    return as_integer(network.network_address), as_integer(network.broadcast_address)


def as_integer(address: IPv4Address | IPv6Address) -> int:
    """One line of numbers for both kinds of addresses."""
    if isinstance(address, IPv6Address):
        return int(address.ipv4_mapped) + _MAPPED if address.ipv4_mapped else int(address)
    return int(address) + _MAPPED


class Address(NamedTuple):
    """An address, with what is asked of it."""

    number: int
    sender: bytes  # without the part that a household changes as it likes
    is_public: bool
    is_loopback: bool


@lru_cache(maxsize=4096)
def address_of(text: str) -> Address | None:
    """The address in `text`, perhaps with a port; None for what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    found = (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
    number = as_integer(found)
    kept = number >> _HOST_BITS << _HOST_BITS if isinstance(found, IPv6Address) else number
    return Address(number, kept.to_bytes(16), found.is_global, found.is_loopback)


def packaged_datacentres() -> Ranges:
    """The ranges of well-known hosts that come with the service."""
    text = files("service.api").joinpath("datacentres.txt").read_text(encoding="utf-8")
    return read_ranges(text.splitlines())


@dataclass(frozen=True, slots=True)
class Sources:
    """Tells where requests come from, as far as the proxies in front may be believed."""

    proxies: Ranges = field(default_factory=Ranges)
    datacentres: Ranges = field(default_factory=Ranges)
    key: bytes = b""  # of the hashes that stand for addresses

    def of(self, call: Call) -> Address | None:
        """The caller's address; None where it is not known.

        It is the last one of X-Forwarded-For that is no trusted proxy's, if a trusted proxy calls.
        """
        peer = call.scope.get("client")
        caller = address_of(peer[0]) if peer else None
        if caller is None or not self.proxies.holds(caller.number):
            return caller
        return self._forwarded(call.header(b"x-forwarded-for") or b"")

    def _forwarded(self, header: bytes) -> Address | None:
        for one in reversed(header[-_LONGEST_FORWARDED:].decode("latin-1").split(",")):
            address = address_of(one.strip())
            if address is None or not self.proxies.holds(address.number):
                return address
        return None

    def hashed(self, address: Address | None, call: Call, now: float) -> str | None:
        """What stands for an address and its browser, on one day; None for private ones.

        A keyed hash, whose key changes at midnight UTC: the address is not kept, and cannot be
        found again by trying all.
        """
        if address is None or not address.is_public:
            return None
        agent = (call.header(b"user-agent") or b"")[:_LONGEST_AGENT]
        day = _key_of_day(self.key, int(now // DAY_SECONDS))
        return blake2b(address.sender + agent, key=day, digest_size=12).hexdigest()


@lru_cache(maxsize=4)
def _key_of_day(key: bytes, day: int) -> bytes:
    return blake2b(day.to_bytes(8), key=key, person=b"click sources", digest_size=32).digest()


def open_sources(proxies: str, datacentres: Sequence[str] | None, key: bytes) -> Sources:
    """Sources behind `proxies` (ranges with commas between), with `datacentres` line by line.

    Raises: BadInputError for what is no range.
    """
    known = packaged_datacentres() if datacentres is None else read_ranges(datacentres)
    return Sources(read_ranges(proxies.split(",")), known, key)
