"""From a catalogue to a tagger's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.contract.tagger_file import TAGGER_FILE, dump_tagger
from training.extraction.catalogue import read_catalogue
from training.extraction.learn import learn_tagger
from training.logs import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def train_extraction(catalogue: Path, out: Path, seed: int, tell: Callable[[str], None]) -> str:
    """Learn from `catalogue`, write the folder `out`, and return what there is to say.

    Raises: TrainingDataError if no product has an attribute, or `out` is no place for it.
    """
    if out.exists() and not out.is_dir():
        raise TrainingDataError(f"{out}: is no folder")
    tell("reading the catalogue")
    examples = read_catalogue(catalogue)
    tell("learning")
    tagger = learn_tagger(examples, seed=seed)
    if not tagger.categories:
        raise TrainingDataError(f"{catalogue}: none of {len(examples)} products has an attribute")
    tell("writing it")
    content = dump_tagger(tagger)
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{TAGGER_FILE}"
    draft.write_bytes(content)
    draft.replace(out / TAGGER_FILE)
    attributes = sum(len(one.attributes) for one in tagger.categories.values())
    return (
        f"{out}: {len(tagger.categories)} categories, {attributes} attributes,"
        f" {len(content) / 1e6:.1f} MB from {len(examples)} products"
    )
