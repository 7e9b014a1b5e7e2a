"""A name for everything that text goes through on its way to a graph."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np

from service.contract.groups import GROUP_FEATURES
from service.contract.history import History
from service.contract.matching import PHRASE_MATCH, TITLE_MATCH
from service.contract.taste import title_taste

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.contract.encoder import Encoder

CONTRACT_VERSION: Final = 1

PROBES: Final = (
    "",
    "running shoes",
    "Simpson Strong-Tie 12-Gauge Angle",
    "1/2 in. x 10 ft. PVC pipe, 12 V, 5 mm, 2 1/4",
    "1,000 sq. ft. 1½ hp .5 gal (2-Pack)",
    "Men's T-Shirts & women&#39;s decorative lighting fixtures",
    "stainless steel refrigerators with freezing drawers",
    "refridgerator stainles steal",
    "Füße straße niños cœur über Möbel",
    "蓝牙耳机 500克",
    "ワイヤレスイヤホン",
    "ผ้าไหมไทย",
    "हिन्दी किताब",
    "кроссовки беговые",
    "👩‍💻 🇩🇪 👍🏽 ❤️",
    "Brand™ (Valve Not Included) 100% cotton",
)
_AGES: Final = (0.0, 5_000.0, 400_000.0, 3_000_000.0)
_STEP: Final = 997.3  # features are compared in steps of a thousandth; odd, so that no
_SHIFT: Final = 0.37  # simple fraction falls on the edge of a step


def fingerprint(encoder: Encoder) -> str:
    """Return a SHA-256 over the settings, the vocabulary and the encoding of built-in texts.

    Equal fingerprints mean that the same raw input gives the same tensors. It changes with the
    tokenizer, the stemmer, the vocabulary and the match features, whether or not anybody
    remembered to raise CONTRACT_VERSION.
    """
    state = hashlib.sha256()
    for part in _parts(encoder):
        state.update(len(part).to_bytes(8, "big"))
        state.update(part)
    return state.hexdigest()


def _parts(encoder: Encoder) -> Iterator[bytes]:
    settings = asdict(encoder.encoding)
    names = [CONTRACT_VERSION, settings, GROUP_FEATURES, TITLE_MATCH, PHRASE_MATCH]
    yield json.dumps(names, sort_keys=True).encode()
    yield encoder.vocabulary.to_bytes()
    yield encoder.relevance.to_bytes()
    for text in PROBES:
        yield json.dumps(encoder.tokenizer.words(text)).encode()
    for query in PROBES:
        context = encoder.context(query, _probe_history())
        for name in sorted(context):
            yield name.encode() + _coarse(context[name])
    yield _coarse(encoder.items(PROBES, [0.5] * len(PROBES))["title_words"])
    yield _coarse(encoder.phrases(PROBES)["phrase_words"])
    yield from _matches(encoder)


def _matches(encoder: Encoder) -> Iterator[bytes]:
    titles, phrases = encoder.title_table(PROBES), encoder.phrase_table(PROBES)
    for query in PROBES:
        yield _coarse(encoder.query_match(query, titles))
    contexts = encoder.contexts([PROBES[1]], [_probe_history()])
    taste, title_terms = encoder.taste(contexts), encoder.terms(titles)
    yield _coarse(title_taste(title_terms, taste.of(title_terms)))
    yield _coarse(encoder.phrase_match([PROBES[1]], [len(PROBES)], contexts, phrases))


def _probe_history() -> History:
    return History(
        tuple(zip(PROBES[1:5], _AGES, strict=True)),
        tuple(zip(PROBES[5:9], _AGES, strict=True)),
        tuple(zip(PROBES[9:13], _AGES, strict=True)),
    )


def _coarse(tensor: np.ndarray) -> bytes:
    """Return bytes that the last bits of floating point do not change."""
    if tensor.dtype.kind == "f":
        tensor = np.floor(tensor.astype(np.float64) * _STEP + _SHIFT)
    return tensor.astype("<i8").tobytes()
