"""What every arm learns from and is tested on: one log, encoded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.examples import Shop, ad_examples, facet_examples
from training.learn_selling_points import HELD_OUT, SellingPointData
from training.runs import new_encoder

if TYPE_CHECKING:
    from service.contract.arrays import LongArray
    from service.contract.encoder import Encoder
    from training.examples import Examples
    from training.lab.split import Split


@dataclass(frozen=True, slots=True)
class Bench:
    """A split with both of its logs encoded, and the catalogue's titles (n, T)."""

    split: Split
    encoder: Encoder
    main: Examples
    auxiliary: Examples
    titles: Any

    @classmethod
    def of(cls, split: Split) -> Bench:
        """Encode the whole logs: each request as its shopper stood just before it."""
        words = split.facets["sf_keyword"].unique(maintain_order=True).to_list()
        ads, learnt = split.clicks[split.earlier], split.facets[split.learnt]
        encoder = new_encoder(split.items, words, ads=ads, words=learnt)
        shop = Shop.of(split.items, split.clicks, split.facets)
        titles = encoder.title_table(split.items["title"].to_list())["content"]
        main = facet_examples(shop, split.facets, encoder)
        return cls(split, encoder, main, ad_examples(shop, encoder, matched=False), titles)

    @property
    def tested(self) -> LongArray:
        """Return the requests whose rows, in order, are the split's tested ones."""
        return np.flatnonzero(self.main.ts >= self.split.edge_seconds)

    def data(self, split: Split) -> SellingPointData:
        """Return what an arm may fit to: what `split`, this one or a later part of it, learns.

        The newest tenth of the rows is held out to stop by and to calibrate on; ads end there too.
        """
        chosen = np.flatnonzero(
            (self.main.ts >= _first(split.facets["ts"].to_numpy(), split.learnt))
            & (self.main.ts < split.edge_seconds)
        )
        sizes = np.cumsum(self.main.requests.real[chosen].sum(axis=1))
        cut = max(1, int(np.searchsorted(sizes, sizes[-1] * (1 - HELD_OUT))))
        learnt, held_out = chosen[:cut], chosen[cut:]
        end = self.main.ts[held_out[0]] if len(held_out) else split.edge_seconds
        begin = _first(split.clicks["ts"].to_numpy(), split.earlier)
        ads = np.flatnonzero((self.auxiliary.ts >= begin) & (self.auxiliary.ts < end))
        return SellingPointData(self.main, self.auxiliary, learnt, ads, held_out)


def _first(ts: Any, rows: LongArray) -> float:
    return float(ts[rows[0]]) if len(rows) else float("inf")
