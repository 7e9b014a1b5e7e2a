"""The packed scripts, style sheets and pictures; nothing comes from elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.responses import Response

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}


def static_file(name: str) -> Response | None:
    """A packed file for browsers; None for any other name."""
    media_type = _served().get(name)
    if media_type is None:
        return None
    return Response(_read(name), media_type=media_type, headers=_HEADERS)


@cache
def _served() -> dict[str, str]:
    """The files that are served, and as what; licences are not."""
    found = sorted(path for path in _FOLDER.iterdir() if path.suffix in _TYPES)
    return {path.name: _TYPES[path.suffix] for path in found}


@cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
