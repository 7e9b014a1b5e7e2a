"""What browsers are given from here: the very files that were published, with their licences."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.web import static_files

if TYPE_CHECKING:
    import httpx

STATIC = Path(static_files.__file__).parent / "static"

# SHA-256 of files in the npm packages; a licence stands beside each
VENDORED = {
    # @picocss/pico 2.1.1: css/pico.min.css, LICENSE.md
    "pico.min.css": "fbc9a63fc9fc9f72d12fd7fc9806e11fa9f77ae4f9cad146b27003a1119ba3db",
    "pico.LICENSE.md": "afaff063e044233f917b7807dccab022f09dca474f92b642846bee4850655bbf",
    # htmx.org 2.0.11: dist/htmx.min.js, LICENSE
    "htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
    "htmx.LICENSE.txt": "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
    # swagger-ui-dist 5.35.0: of the same names, LICENSE, NOTICE, swagger-ui-bundle.js.LICENSE.txt
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
    "swagger-ui.LICENSE.txt": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "swagger-ui.NOTICE.txt": "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2",
    "swagger-ui-bundle.LICENSE.txt": (
        "37eb6e7e59aed57b2c1acf076574b818ea07b74265717e0bd67b59e0baf9abbb"
    ),
}
OURS = {"mark.svg", "panel.css", "reference.js", "shop.css", "shop.js"}


def test_vendored_files_are_as_published() -> None:
    found = {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in VENDORED}
    assert found == VENDORED


def test_every_static_file_is_accounted_for() -> None:
    assert {path.name for path in STATIC.iterdir()} == VENDORED.keys() | OURS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("shop.css", "text/css"),
        ("mark.svg", "image/svg+xml"),
        ("htmx.min.js", "text/javascript"),
        ("swagger-ui-bundle.js", "text/javascript"),
    ],
)
async def test_files_are_served_as_what_they_are(
    browser: httpx.AsyncClient, name: str, kind: str
) -> None:
    answer = await browser.get(f"/static/{name}")
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == (STATIC / name).read_bytes()


@pytest.mark.parametrize(
    "name", ["pages.py", "..%2fpages.py", "%2e%2e/pages.py", "pico.LICENSE.md", ""]
)
async def test_nothing_else_is_served(browser: httpx.AsyncClient, name: str) -> None:
    assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_the_api_reference_is_all_our_own(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/docs")
    assert answer.status_code == 200
    named = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert len(named) == 5
    for address in named:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert address == "/openapi.json" or (await browser.get(address)).status_code == 200
    assert "script-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", sorted(name for name in OURS if name.endswith((".css", ".js"))))
def test_our_own_files_name_no_other_host(name: str) -> None:
    assert not re.findall(r"(?:https?:)?//[a-z]+\.[a-z]+", (STATIC / name).read_text())
