"""Tokens: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import random
import string
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.tokens import _HEAD, AdToken, TokenSigner, parse_signing_keys
from service.decision.terms import Micros, Pricing
from service.errors import BadTokenError

OLD, NEW = b"o" * 32, b"n" * 32
TOKEN = AdToken(
    store_id="sto_1",
    request_id="req_" + "0123456789abcdef" * 2,
    slot=3,
    ad_id="ad_1",
    campaign_id="cmp_1",
    product_id="100001",
    price=Micros(240_000),
    ts=1_700_000_000.123,
    lifetime_seconds=3600,
    user_id="u-1",
    url="https://shop.example/p/1",
)
ALPHABET = string.ascii_letters + string.digits + "-_"


def forgeries(token: str, count: int) -> list[str]:
    """`count` texts near `token`: changed, cut, lengthened, swapped, shuffled, made up."""
    chance = random.Random(7)  # noqa: S311 - the same forgeries every run
    made: list[str] = []
    while len(made) < count:
        place = chance.randrange(len(token))
        other = chance.choice(ALPHABET + "+/=. \n\x00é")
        made += [
            token[:place] + other + token[place + 1 :],
            token[:place],
            token[place:],
            token[:place] + token[place + 1 :],
            token + chance.choice(ALPHABET) * chance.randrange(1, 9),
            token[:place] + token[place:].swapcase(),
            "".join(chance.choices(ALPHABET, k=len(token))),
        ]
    return [text for text in made if text != token][:count]


def test_what_goes_in_comes_out() -> None:
    signer = TokenSigner({1: NEW})
    assert signer.read(signer.sign(TOKEN)) == TOKEN
    assert TOKEN.impression_id == "imp_" + "0123456789abcdef" * 2 + "03"


@pytest.mark.parametrize("pricing", Pricing)
@pytest.mark.parametrize("url", ["https://shop.example/p/1", "https://shop.example/p/12"])
def test_what_is_paid_for_survives_the_way(pricing: Pricing, url: str) -> None:
    signer = TokenSigner({1: NEW})
    token = TOKEN._replace(pricing=pricing, url=url)
    assert signer.read(signer.sign(token)) == token


@pytest.mark.parametrize("pricing", Pricing)
@pytest.mark.parametrize("platform", ["web", "Küche & Bad", "x" * 200, "店"])
def test_the_platform_survives_the_way(pricing: Pricing, platform: str) -> None:
    signer = TokenSigner({1: NEW})
    token = TOKEN._replace(pricing=pricing, platform=platform)
    assert signer.read(signer.sign(token)) == token


@pytest.mark.parametrize("pricing", Pricing)
def test_readers_of_before_find_price_and_ids_where_they_were(pricing: Pricing) -> None:
    signer = TokenSigner({1: NEW})
    there = urlsafe_b64decode(signer.sign(TOKEN._replace(pricing=pricing, platform="web")))
    before = urlsafe_b64decode(signer.sign(TOKEN._replace(pricing=pricing)))
    *told, padding = _HEAD.unpack_from(there)
    assert told == list(_HEAD.unpack_from(before))[:-1]
    end = _HEAD.size + sum(told[7:])
    assert there[_HEAD.size : end] == before[_HEAD.size : end]
    # the version before last looks for nine bytes, and passes over what follows them
    assert padding >= 9
    place, price = struct.unpack_from(">Bq", there, end)
    assert (list(Pricing)[place], price) == (pricing, 240_000)


def test_a_token_of_before_names_no_platform() -> None:
    # padded to a multiple of three: up to two zero bytes stand where the name's length would
    signer = TokenSigner({1: NEW})
    for url in ("https://shop.example/p/1", "https://shop.example/p/12", "https://shop.example/p"):
        token = TOKEN._replace(pricing=Pricing.ORDER, url=url)
        assert signer.read(signer.sign(token)).platform == ""


def test_a_server_that_knows_of_clicks_only_charges_nothing_for_other_tokens() -> None:
    signer = TokenSigner({1: NEW})
    prices = {}
    for pricing in Pricing:
        # the head and the strings are all that the version before reads
        raw = urlsafe_b64decode(signer.sign(TOKEN._replace(pricing=pricing)))
        _, _, _, _, prices[pricing], _, _, *lengths = _HEAD.unpack_from(raw)
        assert _HEAD.size + sum(lengths) + 32 == len(raw)
    assert prices == {Pricing.CLICK: 240_000, Pricing.IMPRESSION: 0, Pricing.ORDER: 0}


def test_a_token_that_is_paid_by_what_nobody_knows_yet_costs_nothing() -> None:
    signer = TokenSigner({1: NEW})
    raw = urlsafe_b64decode(signer.sign(TOKEN._replace(pricing=Pricing.ORDER)))
    at = raw.index(b"/p/1") + len(b"/p/1")
    assert raw[at] == 2
    payload = raw[:at] + b"\x03" + raw[at + 1 : -32]
    token = signer.read(urlsafe_b64encode(payload + signer._digest(1, payload)).decode())
    assert token == TOKEN._replace(price=Micros(0))


text = st.text(st.characters(codec="utf-8"), max_size=60)


@given(
    st.builds(
        AdToken,
        store_id=text,
        request_id=st.binary(min_size=16, max_size=16).map(lambda raw: f"req_{raw.hex()}"),
        slot=st.integers(0, 255),
        ad_id=text,
        campaign_id=text,
        product_id=text,
        price=st.integers(0, 2**63 - 1).map(Micros),
        ts=st.integers(0, 2**41).map(lambda milliseconds: milliseconds / 1000),
        lifetime_seconds=st.integers(0, 2**32 - 1),
        user_id=st.none() | text.filter(bool),
        url=text,
        pricing=st.sampled_from(Pricing),
        platform=text,
    )
)
def test_any_award_survives_the_way(token: AdToken) -> None:
    signer = TokenSigner({1: NEW})
    signed = signer.sign(token)
    assert signer.read(signed) == token
    assert set(signed) <= set(ALPHABET)


def test_of_ten_thousand_forged_tokens_none_is_accepted() -> None:
    signer = TokenSigner({1: NEW})
    accepted = 0
    for text in forgeries(signer.sign(TOKEN), 10_000):
        try:
            signer.read(text)
        except BadTokenError:
            continue
        accepted += 1
    assert accepted == 0


def test_every_bit_of_a_token_is_signed() -> None:
    signer = TokenSigner({1: NEW})
    raw = urlsafe_b64decode(signer.sign(TOKEN))
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadTokenError):
            signer.read(urlsafe_b64encode(changed).decode())


def test_a_token_has_one_spelling() -> None:
    signer = TokenSigner({1: NEW})
    for length in range(1, 7):  # all remainders of three, so that no bits are left over
        signed = signer.sign(TOKEN._replace(url="x" * length))
        assert len(signed) % 4 == 0
        assert "=" not in signed


def test_the_key_before_is_still_accepted_and_a_stranger_never() -> None:
    before, now = TokenSigner({1: OLD}), TokenSigner({2: NEW, 1: OLD})
    assert now.read(before.sign(TOKEN)) == TOKEN
    with pytest.raises(BadTokenError):
        before.read(now.sign(TOKEN))
    with pytest.raises(BadTokenError):  # same key id, another key
        TokenSigner({1: b"x" * 32}).read(before.sign(TOKEN))


def test_keys_longer_than_a_block_are_hashed_first() -> None:
    import hmac

    signer = TokenSigner({9: b"long" * 40})
    raw = urlsafe_b64decode(signer.sign(TOKEN))
    assert hmac.digest(b"long" * 40, raw[:-32], "sha256") == raw[-32:]


def test_a_signed_payload_that_cannot_be_read_is_refused() -> None:
    signer = TokenSigner({1: NEW})
    for payload in (b"\x01\x01" + b"\xff" * 2, b"\x01\x01" + b"\xff" * 71):
        signature = signer._digest(1, payload)
        with pytest.raises(BadTokenError):
            signer.read(urlsafe_b64encode(payload + signature).decode())


def test_expiry_is_counted_from_the_decision() -> None:
    assert not TOKEN.is_expired(TOKEN.ts + 3600)
    assert TOKEN.is_expired(TOKEN.ts + 3601)


def test_keys_are_read_newest_first() -> None:
    assert list(parse_signing_keys(f"2:{'ab' * 32}, 1:{'cd' * 32}")) == [2, 1]


@pytest.mark.parametrize("text", ["", "1", "1:abcd", f"256:{'ab' * 32}", f"x:{'ab' * 32}"])
def test_keys_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_signing_keys(text)


def test_a_signer_needs_a_key() -> None:
    with pytest.raises(ValueError, match="no signing key"):
        TokenSigner({})
