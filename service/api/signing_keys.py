"""The key that tokens are signed with, where none is configured: made once, kept in a file."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from service.api.tokens import parse_signing_keys

if TYPE_CHECKING:
    from pathlib import Path


def kept_signing_keys(folder: Path) -> dict[int, bytes]:
    """The keys in `folder`, drawn at the first call; processes that start at once agree."""
    path = folder / "token-keys"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".token-keys-{os.getpid()}-{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"1:{secrets.token_hex(32)}\n")
        try:
            os.link(draft, path)  # the first one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return parse_signing_keys(path.read_text().strip())
