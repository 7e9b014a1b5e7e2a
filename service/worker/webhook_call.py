"""One call of a webhook: signed, to the address that was checked, bounded in time and size."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx

from service.errors import BadInputError
from service.store.webhook_urls import check_url, is_public

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 5.0
_SUCCESS, _REDIRECT = 2, 3
_NO_KEEPING = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the status, and why it failed, if it did."""

    status: int | None = None
    error: str | None = None


def signature(secret: str, body: bytes, now: int) -> str:
    """The header that proves who sent `body`, and when: t=<Unix seconds>,v1=<hex>.

    v1 = HMAC-SHA256(secret, t . "." . body)
    """
    digest = hmac.new(secret.encode(), b"%d.%b" % (now, body), sha256).hexdigest()
    return f"t={now},v1={digest}"


class Caller:
    """Calls webhooks. Nothing of an answer is read but its status and headers."""

    def __init__(self, *, private: bool = False) -> None:
        self._private = private
        # every connection is for one call: two shops may share an address, not a connection
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=TIMEOUT_SECONDS,
            limits=_NO_KEEPING,
        )

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """POST `body`; a status of 200 to 299 within five seconds is success."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status = await self._post(url, body, headers)
        except TimeoutError:
            return Outcome(error=f"no answer within {TIMEOUT_SECONDS:.0f} s")
        except (httpx.HTTPError, httpx.InvalidURL, BadInputError, OSError, ValueError) as error:
            return Outcome(error=f"{type(error).__name__}: {error}"[:300])
        kind = status // 100
        if kind == _SUCCESS:
            return Outcome(status)
        follows = "; redirects are not followed" if kind == _REDIRECT else ""
        return Outcome(status, f"answered {status}{follows}")

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        check_url(url, private=self._private)
        there = httpx.URL(url)
        address = await self._resolved(there)
        request = self._client.build_request(
            "POST",
            there.copy_with(host=address),
            content=body,
            headers={**headers, "Host": there.netloc.decode("ascii")},
            extensions={"sni_hostname": there.host},  # the name that the certificate must bear
        )
        response = await self._client.send(request, stream=True)
        await response.aclose()
        return response.status_code

    async def _resolved(self, there: httpx.URL) -> str:
        """The address to connect to. All that the name resolves to must be public.

        It is resolved now and connected to as a number: a name cannot change in between.
        Raises: BadInputError.
        """
        port = there.port or (443 if there.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(there.host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not self._private:
            for address in addresses:
                if not is_public(ipaddress.ip_address(address)):
                    raise BadInputError(f"{there.host} leads to {address}, which is not public")
        return addresses[0]
