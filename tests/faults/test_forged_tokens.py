"""Tokens that nobody signed: forged, cut, crossed, of old keys; and good ones told again."""

from __future__ import annotations

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from service.api.tokens import AdToken, TokenSigner
from service.decision.terms import Micros
from service.errors import BadTokenError

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS, RETIRED, FOREIGN = b"n" * 32, b"o" * 32, b"x" * 32
COUNTS = [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)]
SIGNATURE = 32


def award(number: int) -> AdToken:
    return AdToken(
        "sto_1", f"req_{number:032x}", number % 4, f"ad_{number}", f"cmp_{number}", str(number),
        Micros(240_000 + number), 1_700_000_000.0, 3600, "u-1", f"https://shop.example/p/{number}",
    )  # fmt: skip


def forgeries(count: int) -> Iterator[str]:
    """`count` tokens of ten kinds, none of which our signer made."""
    chance = random.Random(5)  # noqa: S311 - the same forgeries every run
    signer, retired, foreign = (TokenSigner({1: key}) for key in (OURS, RETIRED, FOREIGN))
    good = [urlsafe_b64decode(signer.sign(award(number))) for number in range(64)]
    kinds = (_one_bit, _cut, _longer, _crossed, _another_price, _another_place, _constant, _noise)
    for number in range(count):
        kind = number % (len(kinds) + 2)
        if kind < len(kinds):
            yield _encoded(kinds[kind](good[number % 64], good[(number * 7 + 1) % 64], chance))
        else:
            yield (retired, foreign)[kind - len(kinds)].sign(award(number))


def _one_bit(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ 1 << chance.randrange(8)]) + raw[place + 1 :]


def _cut(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


def _longer(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    return raw + other[: chance.randrange(1, 100)]


def _crossed(raw: bytes, other: bytes, _: random.Random) -> bytes:
    return raw[:-SIGNATURE] + other[-SIGNATURE:]


def _another_price(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return raw[:18] + chance.randbytes(16) + raw[34:]


def _another_place(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    other = chance.choice((b"evil.", b"shap.", b"sh.p."))
    return raw[:-SIGNATURE].replace(b"shop.", other) + raw[-SIGNATURE:]


def _constant(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return raw[:-SIGNATURE] + bytes([chance.randrange(256)]) * SIGNATURE


def _noise(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(len(raw))


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize("count", COUNTS)
def test_none_is_accepted(count: int) -> None:
    signer = TokenSigner({1: OURS})
    accepted = []
    for text in forgeries(count):
        try:
            signer.read(text)
        except BadTokenError:
            continue
        accepted.append(text)
    assert accepted == []


def test_other_spellings_of_a_good_token_are_not_accepted() -> None:
    signer = TokenSigner({1: OURS})
    good = signer.sign(award(1))
    for text in (
        good + "=", good + "\n", " " + good, good.replace("_", "/"), good.swapcase(),
        good[:-1] + chr(ord(good[-1]) ^ 1), good[:5] + "\n" + good[5:], good + "AAAA",
        "".join(f"%{ord(one):02x}" for one in good),
    ):  # fmt: skip
        if text != good:
            with pytest.raises(BadTokenError):
                signer.read(text)
