"""Lines of a file, as text: bounded, and each by itself refused if it is not UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from service.store.feeds.report import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

LONGEST_LINE: Final = 4 * 1024 * 1024  # bytes: a campaign with 10,000 keywords and ads has room
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

Line = str | FieldError


def read_lines(file: BinaryIO, progress: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
    """The lines of `file`, each with its end; what is wrong with one stands in its place.

    No more than `LONGEST_LINE` bytes of a line are held at once. `progress` hears of bytes read.
    """
    first = True
    while raw := file.readline(LONGEST_LINE + 1):
        progress(len(raw))
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            yield _too_long(raw, _skip_rest(file, progress))
        else:
            yield _decoded(raw.removeprefix(_BYTE_ORDER_MARK) if first else raw)
        first = False


def _decoded(raw: bytes) -> Line:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return FieldError("(line)", raw, "save the file as UTF-8")


def _skip_rest(file: BinaryIO, progress: Callable[[int], None]) -> int:
    """Read to the end of the line; returns how many bytes that were."""
    size = 0
    while raw := file.readline(LONGEST_LINE):
        progress(len(raw))
        size += len(raw)
        if raw.endswith(b"\n"):
            break
    return size


def _too_long(raw: bytes, rest: int) -> FieldError:
    shown = f"{len(raw) + rest} bytes, beginning with {raw[:20].decode(errors='replace')!r}"
    return FieldError("(line)", shown, f"keep a line under {LONGEST_LINE} bytes")
