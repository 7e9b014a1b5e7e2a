"""GET /ads.js: the script that fills a page's slots with ads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

router = APIRouter()

SCRIPT: Final = (Path(__file__).parent / "ads.js").read_bytes()
_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    # pages of any origin load it; what it may ask for depends on its key
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@router.api_route("/ads.js", methods=["GET", "HEAD"], include_in_schema=False)
async def get_script() -> Response:
    """The script, the same for every shop."""
    return Response(SCRIPT, media_type="text/javascript", headers=_HEADERS)
