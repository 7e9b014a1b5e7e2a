from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from service.contract.encoding import Encoding
from service.contract.manifest import (
    BundleKind,
    FileEntry,
    Manifest,
    ManifestError,
    Training,
    is_file_name,
)
from service.contract.uplift import Lift, Uplift

FILES = ("vocabulary.json", "golden.json", "context.onnx", "phrase.onnx", "head.onnx", "p.onnx")
GRAPHS = {"context": "context.onnx", "phrase": "phrase.onnx", "head": "head.onnx"}
MANIFEST = Manifest(
    kind=BundleKind.SELLING_POINTS,
    name="selling-points",
    version="2026-11-22",
    encoding=Encoding(locale="de", stem=False),
    fingerprint="ab" * 32,
    files={name: FileEntry("0f" * 32, 12) for name in FILES},
    graphs=GRAPHS | {"placed": "p.onnx"},
    training=Training(7, {"facets": "cd" * 32}, {"epochs": 3, "arm": "amtdl"}, {"auc": 0.65}),
)


def test_it_is_read_as_it_was_written() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert Manifest.from_json(MANIFEST.to_json()).to_json() == MANIFEST.to_json()


def test_an_uplift_travels_along_and_older_manifests_have_none() -> None:
    lift = Lift((0.1, 0.5), ((0.04, 0.0), (0.0, 0.01)), 0.001)
    learnt = replace(MANIFEST, uplift=Uplift(lift, Lift((), (), 1.0), 900))
    assert Manifest.from_json(learnt.to_json()) == learnt
    assert b"uplift" not in MANIFEST.to_json()
    content = json.loads(learnt.to_json())
    for wrong in (None, {}, {**content["uplift"], "rows": -1}):
        with pytest.raises(ManifestError, match=r"uplift|not as it was written"):
            Manifest.from_json(json.dumps({**content, "uplift": wrong}).encode())


def changed(path: str, value: Any) -> bytes:
    """Return the manifest as JSON with the value at `path` replaced."""
    content = json.loads(MANIFEST.to_json())
    *way, last = path.split("/")
    place = content
    for step in way:
        place = place[step]
    place[last] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("format", 2, "format: found '2'"),
        ("format", True, "format: found 'True'"),
        ("kind", "other", "kind: 'other' is none of"),
        ("kind", ["ranker"], "kind"),
        ("name", "../x", "name: found '../x'"),
        ("name", 5, "name: found '5'"),
        ("version", "", "version: found ''"),
        ("version", "a/b", "version: found 'a/b'"),
        ("fingerprint", "zz", "fingerprint: found 'zz'"),
        ("fingerprint", None, "fingerprint: found 'None'"),
        ("encoding/stem", 1, "encoding.stem: found '1'"),
        ("encoding/title_words", True, "encoding.title_words: found 'True'"),
        ("encoding/title_words", 0, "title_words is 0, not within 1 to 1024"),
        ("encoding/history", 51, "at most 50 events"),
        ("encoding/queries", 21, "at most 50 events and 20 queries"),
        ("encoding/other", 1, "encoding: missing .*, unknown .*other"),
        ("encoding", None, "encoding: found 'None'"),
        ("files", [], "files: found"),
        ("files/..", {"sha256": "0f" * 32, "bytes": 1}, "files: found '..'"),
        ("files/manifest.json", {"sha256": "0f" * 32, "bytes": 1}, "files: found 'manifest.json'"),
        ("files/head.onnx", 3, "head.onnx: found '3'"),
        ("files/head.onnx", {"sha256": "0f" * 32}, "head.onnx: missing ..bytes.., unknown"),
        ("files/head.onnx/sha256", "0F" * 32, "files.head.onnx.sha256"),
        ("files/head.onnx/bytes", -1, "files.head.onnx.bytes: found '-1'"),
        ("files/head.onnx/bytes", 1.5, "files.head.onnx.bytes: found '1.5'"),
        ("files/head.onnx/bytes", 1 << 40, "files.head.onnx.bytes"),
        ("graphs", {"head": "head.onnx"}, "graphs: found .*head"),
        ("graphs", "head.onnx", "graphs: found"),
        ("graphs/head", "other.onnx", "graphs.head: found 'other.onnx'"),
        ("graphs/head", 5, "graphs.head: found '5'"),
        ("training", 5, "training: found '5'"),
        ("training/seed", "7", "training.seed: found '7'"),
        ("training/data_sha256", {"facets": "x"}, "training.data_sha256.facets: found 'x'"),
        ("training/data_sha256", [], "training.data_sha256"),
        ("training/config", [], "training.config"),
        ("training/metrics", {"auc": "high"}, "training.metrics.auc: found 'high'"),
        ("training/metrics", {"auc": True}, "training.metrics.auc: found 'True'"),
        ("surprise", 1, "manifest: missing .*, unknown .*surprise"),
    ],
)
def test_what_does_not_fit_is_refused(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        Manifest.from_json(changed(path, value))


@pytest.mark.parametrize("name", ["vocabulary.json", "golden.json"])
def test_some_files_every_bundle_has(name: str) -> None:
    files = {other: entry for other, entry in MANIFEST.files.items() if other != name}
    with pytest.raises(ManifestError, match=f"files.{name}"):
        replace(MANIFEST, files=files)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "manifest: found"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": Infinity}', "Infinity is no number"),
        (b'{"a": 1, "a": 2}', "keys given twice"),
        (b"{}", "manifest: missing"),
    ],
)
def test_what_is_no_manifest_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        Manifest.from_json(data)


def test_numbers_too_large_for_a_float_are_refused() -> None:
    text = MANIFEST.to_json().replace(b"0.65", b"1e999")
    with pytest.raises(ManifestError, match=r"training.metrics.auc: found 'inf'"):
        Manifest.from_json(text)


def test_one_changed_byte_is_noticed() -> None:
    whole = MANIFEST.to_json()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1
        with pytest.raises(ManifestError):
            Manifest.from_json(bytes(data))


def test_a_number_changed_by_hand_is_noticed() -> None:
    edited = MANIFEST.to_json().replace(b"0.65", b"0.75")
    with pytest.raises(ManifestError, match="not as it was written; seal: found"):
        Manifest.from_json(edited)


def test_plain_file_names_only() -> None:
    assert is_file_name("head.onnx")
    assert is_file_name("CARD.md")
    for name in ("", ".", "..", ".hidden", "a/b", "a\\b", "a\n", "é", "x" * 129, None, 7):
        assert not is_file_name(name)


def test_a_bundle_that_reads_no_text_has_no_encoding_and_no_vocabulary() -> None:
    files = {name: FileEntry("0f" * 32, 12) for name in ("golden.json", "response.onnx")}
    allocator = replace(
        MANIFEST,
        kind=BundleKind.ALLOCATOR,
        name="allocator",
        encoding=None,
        files=files,
        graphs={"response": "response.onnx"},
    )
    assert Manifest.from_json(allocator.to_json()) == allocator
    with pytest.raises(ManifestError, match="encoding"):
        replace(allocator, encoding=Encoding())
    with pytest.raises(ManifestError, match="encoding"):
        replace(MANIFEST, encoding=None)
    with pytest.raises(ManifestError, match="golden"):
        replace(allocator, files={"response.onnx": FileEntry("0f" * 32, 12)})
