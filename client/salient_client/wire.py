"""What all models share."""

from __future__ import annotations

from pydantic import BaseModel, PrivateAttr


class Wire(BaseModel):
    """A body as it is sent or received. Fields that a later server adds are passed over."""

    _etag: str | None = PrivateAttr(default=None)

    @property
    def etag(self) -> str | None:
        """What to give as `if_match`, so that a change fails if somebody else was quicker."""
        return self._etag
