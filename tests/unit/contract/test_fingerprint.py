from __future__ import annotations

import subprocess
import sys

import pytest

from service.contract import fingerprint as fingerprints
from service.contract import tokenizer as tokenizers
from service.contract.encoder import Encoder
from service.contract.encoding import Encoding
from service.contract.tokenizer import Tokenizer
from service.contract.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["steel", "sink"], [2, 1], 2)
PRINT = Encoder(Encoding(), VOCABULARY).fingerprint


def test_the_same_settings_have_the_same_fingerprint() -> None:
    assert len(PRINT) == 64
    assert Encoder(Encoding(), Vocabulary(["steel", "sink"], [2, 1], 2)).fingerprint == PRINT


def test_another_process_has_the_same_fingerprint() -> None:
    # Python's own hash is salted anew in each process
    code = (
        "from service.contract.encoder import Encoder\n"
        "from service.contract.encoding import Encoding\n"
        "from service.contract.vocabulary import Vocabulary\n"
        "print(Encoder(Encoding(), Vocabulary(['steel', 'sink'], [2, 1], 2)).fingerprint)"
    )
    told = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == PRINT


@pytest.mark.parametrize(
    ("encoding", "vocabulary"),
    [
        (Encoding(stem=False), VOCABULARY),
        (Encoding(locale="de"), VOCABULARY),
        (Encoding(title_words=23), VOCABULARY),
        (Encoding(), Vocabulary(["sink", "steel"], [1, 2], 2)),
        (Encoding(), Vocabulary(["steel", "sink"], [1, 1], 2)),
    ],
)
def test_any_other_setting_has_another(encoding: Encoding, vocabulary: Vocabulary) -> None:
    assert Encoder(encoding, vocabulary).fingerprint != PRINT


def test_a_changed_tokenizer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizers, "join_units", lambda text: text)
    assert Encoder(Encoding(), VOCABULARY).fingerprint != PRINT


def test_a_changed_stemmer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tokenizer, "_stemmed", lambda _self, word: word)
    assert Encoder(Encoding(), VOCABULARY).fingerprint != PRINT


def test_changed_match_features_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.contract.similarity.LEAST_SIMILARITY", 0.9)
    assert Encoder(Encoding(), Vocabulary(["steel", "stainless"], [1, 1], 1)).fingerprint != (
        fingerprint_with(0.3, monkeypatch)
    )


def fingerprint_with(least: float, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("service.contract.similarity.LEAST_SIMILARITY", least)
    return Encoder(Encoding(), Vocabulary(["steel", "stainless"], [1, 1], 1)).fingerprint


def test_a_new_contract_version_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "CONTRACT_VERSION", 999)
    assert Encoder(Encoding(), VOCABULARY).fingerprint != PRINT
