"""What the documents point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
DOCUMENTS = [
    *CHECKOUT.glob("*.md"),
    *(CHECKOUT / "docs").glob("*.md"),
    *(CHECKOUT / "docs/adr").glob("*.md"),
    CHECKOUT / "client/README.md",
]
OURS = r"`((?:service|training|tests|migrations|docs|client|deploy|models|\.ci)/[^`*<> ]*)`"


def points_to(document: Path) -> list[Path]:
    """The files that links and paths in backticks name."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    named = [document.parent / link for link in links if "://" not in link]
    return named + [CHECKOUT / path for path in re.findall(OURS, text)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_path_leads_somewhere(document: Path) -> None:
    assert [str(path) for path in points_to(document) if not path.exists()] == []


def test_the_index_names_every_document() -> None:
    index = CHECKOUT / "docs/README.md"
    named = {path.resolve() for path in points_to(index)}
    documents = {path for path in DOCUMENTS if path.is_relative_to(CHECKOUT / "docs")}
    assert documents - named == {index}
