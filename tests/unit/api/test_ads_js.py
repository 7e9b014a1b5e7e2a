"""The script of a page: small, on its own, and served to any page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.api.ads_js import SCRIPT

if TYPE_CHECKING:
    import httpx

LARGEST = 3_072  # bytes


async def test_it_is_under_three_kilobytes_and_any_page_may_load_it(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/ads.js")
    assert answer.status_code == 200
    assert answer.content == SCRIPT
    assert len(answer.content) < LARGEST
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    head = await client.head("/ads.js")
    assert (head.status_code, head.content) == (200, b"")


def test_it_needs_no_other_script_and_writes_no_markup() -> None:
    text = SCRIPT.decode("ascii")
    assert (
        re.findall(r"https?:|import|require|innerHTML|outerHTML|document\.write|eval", text) == []
    )
    assert re.findall(r"cookie|localStorage|sessionStorage|fingerprint", text) == []
