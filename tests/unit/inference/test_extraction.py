from __future__ import annotations

from typing import TYPE_CHECKING

from service.contract.tagger_file import TAGGER_FILE, dump_tagger
from service.decision.claims import NO_TAGGER
from service.inference.extraction import newest_tagger
from tests.unit.contract.test_tagger_file import tagger

if TYPE_CHECKING:
    from pathlib import Path


def put(models: Path, version: str, content: bytes) -> None:
    folder = models / "extraction" / version
    folder.mkdir(parents=True)
    (folder / TAGGER_FILE).write_bytes(content)


def test_the_newest_that_can_be_read_is_used(tmp_path: Path) -> None:
    assert newest_tagger(tmp_path) is NO_TAGGER
    put(tmp_path, "9", dump_tagger(tagger()))
    put(tmp_path, "10", b"broken")
    found = newest_tagger(tmp_path)
    assert list(found.categories) == ["tables"]
    assert newest_tagger(tmp_path) is found
    put(tmp_path, "11", dump_tagger(tagger()))
    assert newest_tagger(tmp_path) is not found
