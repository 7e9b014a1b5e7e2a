"""Templates, and the headers that keep a page harmless."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from service.web.cards import price_text
from service.web.forms import page_address

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATES = Path(__file__).parent / "templates"
_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def page(
    template: str,
    values: Mapping[str, object],
    *,
    status: int = 200,
    pixels: tuple[str, ...] = (),
) -> Response:
    """Render a page; `pixels` are the addresses of pictures that may come from elsewhere."""
    html = _environment().get_template(template).render(values)
    policy = {"Content-Security-Policy": content_policy(pixels)}
    return HTMLResponse(html, status_code=status, headers=_HEADERS | policy)


def content_policy(pixels: tuple[str, ...] = ()) -> str:
    """Own scripts, styles, pictures and calls, the pixels' hosts, and nothing else.

    Nothing inline and no eval: text that became markup all the same could not act.
    """
    parts = (urlsplit(pixel) for pixel in pixels)
    hosts = {
        f"{part.scheme}://{part.netloc}" for part in parts if part.scheme in {"http", "https"}
    }
    pictures = " ".join(["'self'", "data:", *sorted(hosts)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src {pictures}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["page_address"] = page_address
    environment.filters["price"] = price_text
    return environment
