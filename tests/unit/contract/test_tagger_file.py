from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from service.contract.tagger_file import dump_tagger, load_tagger
from service.contract.tagging import CategoryTagger, Known, Tagger
from service.errors import BadBundleError

TITLE = {"title": "Table 40mm, Solid Oak"}


def tagger() -> Tagger:
    """Tables: a measure is a length; solid oak is known well."""
    weights = np.array([[1, 0, 0, 0, 0], [0, 2.00049, 0, 0, 0]], np.float32)
    of = CategoryTagger(
        attributes=("length", "wood"),
        rows={"any": 0, "u mm": 1},
        weights=weights,
        steps=np.full((6, 5), 0.25, np.float32),
        values={("solid", "oak"): {"wood": Known(3, 0.75)}},
    )
    return Tagger({"tables": of})


def test_a_tagger_finds_the_same_after_it_was_written_and_read() -> None:
    before, after = tagger(), load_tagger(dump_tagger(tagger()))
    assert after.extract("Tables", TITLE) == before.extract("Tables", TITLE)
    assert {name: one.value for name, one in after.extract("Tables", TITLE).items()} == {
        "length": "40mm",
        "wood": "Solid Oak",
    }
    (one,) = after.categories.values()
    assert one.weights.tolist() == [[1, 0, 0, 0, 0], [0, 2, 0, 0, 0]]
    assert dump_tagger(after) == dump_tagger(before)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("categories",), []),
        (("categories", "tables"), None),
        (("categories", "tables", "attributes"), ["length"]),
        (("categories", "tables", "steps"), [[1.0]]),
        (("categories", "tables", "clues"), {"any": {"9": 1.0}}),
        (("categories", "tables", "clues"), {"any": {"1": "x"}}),
        (("categories", "tables", "clues"), {"any": {"1": 1e300}}),
        (("categories", "tables", "values"), {"oak": {"wood": [1]}}),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_what_is_no_tagger_is_refused(path: tuple[str, ...], value: Any) -> None:
    told = orjson.loads(dump_tagger(tagger()))
    inner = told
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(BadBundleError):
        load_tagger(orjson.dumps(told))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(BadBundleError):
        load_tagger(content)
