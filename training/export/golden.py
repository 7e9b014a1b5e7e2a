"""Golden rows: raw inputs, common and odd, with what the trained network answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from keras import ops

from service.contract.golden import GoldenRow
from service.contract.history import EMPTY_HISTORY, HISTORY_LIMIT, QUERY_LIMIT, History
from service.contract.taste import title_taste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.contract.arrays import FloatArray, TextTable
    from service.contract.encoder import Encoder

_DAY: Final = 86_400.0
_ODD_TEXTS: Final = (
    "",
    "蓝牙耳机 500克",
    "👩‍💻 ½ in. — ñandú",
    "not included",
    "zzyzx 10 ft. x 5 mm",
)
_TYPICAL: Final = 8


def golden_inputs(
    queries: Sequence[str], titles: Sequence[str], phrases: Sequence[str]
) -> list[GoldenRow]:
    """Put rows together that try what texts and histories can be; they expect nothing yet.

    Typical texts are taken evenly from the data. Every sequence holds at least one text.
    """
    asked, named, said = ([*_spread(texts), *_ODD_TEXTS] for texts in (queries, titles, phrases))
    histories = _histories(named, said, asked)
    return [
        GoldenRow(
            query=asked[number % len(asked)],
            history=histories[number % len(histories)],
            expected={},
            title=named[(number * 5 + 1) % len(named)],
            price_z=float(number % 5 - 2) / 2,
            phrase=said[(number * 3) % len(said)],
            shown=tuple(said[: number % 3]),
            place=1 + number % 7,
        )
        for number in range(2 * len(asked))
    ]


def _spread(texts: Sequence[str]) -> list[str]:
    places = np.linspace(0, len(texts) - 1, _TYPICAL).astype(int)
    return [texts[place] for place in places.tolist()]


def _histories(titles: list[str], phrases: list[str], queries: list[str]) -> list[History]:
    def aged(texts: list[str], count: int, step: float) -> tuple[tuple[str, float], ...]:
        return tuple((texts[n % len(texts)], 30.0 + n * step) for n in range(count))

    return [
        EMPTY_HISTORY,
        History(aged(phrases, 2, 60.0)),
        History((), aged(titles, 3, 5 * _DAY), aged(queries, 3, 5 * _DAY)),
        History(
            aged(phrases, HISTORY_LIMIT, 9_000.0),
            aged(titles, HISTORY_LIMIT, 50_000.0),
            aged(queries, QUERY_LIMIT, 70_000.0),
        ),
        History(
            aged(["", "👩‍💻"], 2, 1.0), aged(["", "蓝牙耳机"], 2, 400 * _DAY), aged([""], 1, 1.0)
        ),
    ]


def selling_point_answers(model: Any, encoder: Encoder, row: GoldenRow) -> dict[str, float]:
    """Return p_click of the row in the first position, and in its own."""
    context = encoder.context(row.query, row.history)
    table = encoder.phrase_table([row.phrase])
    match = phrase_match(encoder, row, table)
    batch = {**context, "phrase_words": table["content"][None], "match": match[None]}
    plain = model({**batch, "place": np.array([[1]], np.int32)})
    placed = model({**batch, "place": np.array([[row.place]], np.int32)})
    return {"p_click": _probability(plain), "placed_p_click": _probability(placed)}


def ranker_answers(model: Any, encoder: Encoder, row: GoldenRow) -> dict[str, float]:
    """Return p_click and p_conversion, plain in the first slot, and as the row was shown."""
    context = encoder.context(row.query, row.history)
    table = encoder.title_table([row.title])
    batch = {
        **context,
        "title_words": table["content"][None],
        "price_z": np.array([[row.price_z]], np.float32),
        "match": title_match(encoder, row, table)[None],
    }
    nothing, shown = (_shown(encoder, phrases) for phrases in ((), row.shown))
    first, own = (np.array([[place]], np.int32) for place in (1, row.place))
    plain = model({**batch, "place": first, "shown_words": nothing})
    placed = model({**batch, "place": own, "shown_words": shown})
    names = ("p_click", "p_conversion")
    return {
        **{name: _probability(one) for name, one in zip(names, plain, strict=True)},
        **{f"placed_{name}": _probability(one) for name, one in zip(names, placed, strict=True)},
    }


def title_match(encoder: Encoder, row: GoldenRow, table: TextTable) -> FloatArray:
    """Return TITLE_MATCH (1, M) of a row."""
    terms = encoder.terms(table)
    taste = encoder.taste(encoder.contexts([row.query], [row.history]))
    of_shopper = title_taste(terms, taste.of(terms))
    return np.concatenate([encoder.query_match(row.query, table), of_shopper], axis=1)


def phrase_match(encoder: Encoder, row: GoldenRow, table: TextTable) -> FloatArray:
    """Return PHRASE_MATCH (1, M) of a row."""
    contexts = encoder.contexts([row.query], [row.history])
    return encoder.phrase_match([row.query], [len(table)], contexts, table)


def _shown(encoder: Encoder, phrases: Sequence[str]) -> Any:
    ids: Any = encoder.phrase_table([*phrases, ""])["content"]
    return ids[None, None]  # (1, 1, K, P)


def _probability(logits: Any) -> float:
    return float(np.asarray(ops.sigmoid(logits))[0, 0])
