"""The pieces of the floor, made from real requests and their real answers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

from service.api.tokens import AdToken, TokenSigner
from service.decision.terms import Micros
from service.inference.bundle import open_bundle
from service.inference.newest import newest_bundle
from service.store.profiles import decode_profile, encode_profile
from tests.benchmarks import hot_path_floor as floor
from tests.benchmarks.hot_path_shop import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.store.profiles import StoredProfile
    from tests.benchmarks.hot_path_floor import Piece

CANDIDATES = 100
SAMPLES = 64  # requests that the pieces take turns over
_PHRASES_A_TITLE = 10
_RANKER, _SELLING_POINTS = "ranker", "selling-points"


@dataclass(frozen=True, slots=True)
class Sample:
    """One real request with what the store held of its shopper, and its real answer."""

    query: str
    profile: StoredProfile
    body: str
    answer: bytes


def pieces(models: Path, samples: Sequence[Sample]) -> list[Piece]:
    """All but the two that need another process: the constant answer and the profile."""
    return [
        floor.validation([sample.body.encode() for sample in samples]),
        *_graphs(models, _RANKER, samples, CANDIDATES),
        *_graphs(models, _SELLING_POINTS, samples, SLOTS * _PHRASES_A_TITLE),
        floor.auction(CANDIDATES, SLOTS),
        _tokens(samples),
        floor.encoding([sample.answer for sample in samples]),
    ]


def _graphs(models: Path, name: str, samples: Sequence[Sample], rows: int) -> tuple[Piece, Piece]:
    """A model's two graphs; its encoder only makes what they are fed, before the clock runs."""
    folder = newest_bundle(models, name)
    if folder is None:
        raise FileNotFoundError(f"no bundle of {name} in {models}")
    encoder, now = open_bundle(folder).encoder, time.time()
    contexts = [
        encoder.context(sample.query, decode_profile(encode_profile(sample.profile), now)[0])
        for sample in samples
    ]
    context, gave = floor.context_graph(folder, name, contexts)
    return context, floor.head_graph(folder, name, gave, rows)


def _tokens(samples: Sequence[Sample]) -> Piece:
    turn = cycle([token for sample in samples for token in _awarded(json.loads(sample.answer))])
    signer = TokenSigner({1: b"0123456789abcdef0123456789abcdef"})
    return floor.signing(lambda: signer.sign(next(turn)), SLOTS)


def _awarded(answer: dict[str, Any]) -> list[AdToken]:
    return [
        AdToken(
            store_id="sto_" + "0" * 32,
            request_id=answer["request_id"],
            slot=ad["slot"],
            ad_id=ad["ad_id"],
            campaign_id=ad["campaign_id"],
            product_id=ad["product_id"],
            price=Micros(420_000),
            ts=time.time(),
            lifetime_seconds=3_600,
            user_id="417",
            url=f"http://127.0.0.1:8000/p/{ad['product_id']}",
        )
        for ad in answer["ads"]
    ]
