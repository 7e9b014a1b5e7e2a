"""A model that is saved as its size and settings, and built by its layers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Self

import keras

from training.config import SellingPointConfig

Tensor = Any


class SavedBySettings(keras.Model):
    """Says how an equal model is built; a subclass takes (size, config) and keeps both."""

    size: int
    config: SellingPointConfig

    def build(self, batch_shape: Tensor = None) -> None:
        """Leave it to the layers, which build themselves when they are first called."""
        del batch_shape
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Return what builds an equal model."""
        return {"size": self.size, "config": asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """Build an equal model."""
        del custom_objects
        return cls(config["size"], SellingPointConfig(**config["config"]))
