"""Whatever goes wrong while a bundle is opened, it is refused in words; nothing else comes out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from service.errors import BadBundleError
from service.inference.gates import Sealed, open_sealed, try_at
from tests.unit.inference.made_allocators import made_allocator

if TYPE_CHECKING:
    from pathlib import Path


def test_gates_are_given_what_lies_there_and_say_what_comes_out(tmp_path: Path) -> None:
    folder = made_allocator(tmp_path / "1", version="7")
    name, sha256 = open_sealed(folder, lambda one: (one.manifest.version, one.manifest_sha256))
    assert name == "7"
    assert sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_a_gate_that_breaks_refuses_the_bundle(tmp_path: Path) -> None:
    def gates(_: Sealed) -> None:
        raise RecursionError("x" * 1_000)

    with pytest.raises(BadBundleError) as told:
        open_sealed(made_allocator(tmp_path / "1"), gates)
    assert str(told.value) == "RecursionError: " + "x" * 300


def test_what_a_gate_says_stays_as_it_is(tmp_path: Path) -> None:
    def gates(_: Sealed) -> None:
        try_at("shape gate", lambda: refuse("no shape"))

    def refuse(why: str) -> None:
        raise BadBundleError(why)

    with pytest.raises(BadBundleError, match=r"^no shape$"):
        open_sealed(made_allocator(tmp_path / "1"), gates)


def test_gates_are_not_asked_where_the_files_are_bad(tmp_path: Path) -> None:
    folder, asked = made_allocator(tmp_path / "1"), list[Sealed]()
    (folder / "golden.json").write_bytes(b"")
    with pytest.raises(BadBundleError, match=r"files gate: golden\.json has 0 bytes"):
        open_sealed(folder, asked.append)
    assert asked == []


def test_an_attempt_that_fails_is_told_with_its_gate() -> None:
    def fail() -> None:
        raise KeyError("level")

    with pytest.raises(BadBundleError, match=r"^shape gate: KeyError: 'level'$"):
        try_at("shape gate", fail)
