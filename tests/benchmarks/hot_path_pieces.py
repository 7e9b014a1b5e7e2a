"""The pieces of the floor, made from one real request and its real answer."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from service.api.tokens import AdToken, TokenSigner
from service.decision.terms import Micros
from service.inference.bundle import open_bundle
from service.inference.newest import newest_bundle
from service.store.profiles import decode_profile, encode_profile
from tests.benchmarks import hot_path_floor as floor
from tests.benchmarks.hot_path_shop import SLOTS

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.profiles import StoredProfile
    from tests.benchmarks.hot_path_floor import Piece

CANDIDATES = 100
_PHRASES_A_TITLE = 10
_RANKER, _SELLING_POINTS = "ranker", "selling-points"


def pieces(models: Path, body: str, profile: StoredProfile, answer: bytes) -> list[Piece]:
    """All but the two that need another process: the constant answer and the profile."""
    return [
        floor.validation(body.encode()),
        *_graphs(models, _RANKER, json.loads(body)["query"], profile, CANDIDATES),
        *_graphs(
            models,
            _SELLING_POINTS,
            json.loads(body)["query"],
            profile,
            SLOTS * _PHRASES_A_TITLE,
        ),
        floor.auction(CANDIDATES, SLOTS),
        _tokens(answer),
        floor.encoding(answer),
    ]


def _graphs(
    models: Path, name: str, query: str, profile: StoredProfile, rows: int
) -> tuple[Piece, Piece]:
    """A model's two graphs; its encoder only makes what they are fed, before the clock runs."""
    folder = newest_bundle(models, name)
    if folder is None:
        raise FileNotFoundError(f"no bundle of {name} in {models}")
    history, _ = decode_profile(encode_profile(profile), time.time())
    tensors = open_bundle(folder).encoder.context(query, history)
    context, gave = floor.context_graph(folder, name, tensors)
    return context, floor.head_graph(folder, name, gave, rows)


def _tokens(answer: bytes) -> Piece:
    told = json.loads(answer)
    ad = told["ads"][0]
    token = AdToken(
        store_id="sto_" + "0" * 32,
        request_id=told["request_id"],
        slot=0,
        ad_id=ad["ad_id"],
        campaign_id=ad["campaign_id"],
        product_id=ad["product_id"],
        price=Micros(420_000),
        ts=time.time(),
        lifetime_seconds=3_600,
        user_id="417",
        url=f"http://127.0.0.1:8000/p/{ad['product_id']}",
    )
    signer = TokenSigner({1: b"0123456789abcdef0123456789abcdef"})
    return floor.signing(lambda: signer.sign(token), SLOTS)
