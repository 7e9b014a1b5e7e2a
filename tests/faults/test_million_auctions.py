"""A million random auctions under each rule against fractions; SEED chooses which."""

from __future__ import annotations

import os
from random import Random

import pytest

from service.decision.terms import AuctionRule
from tests.unit.decision.auctions import oracle, random_auction

AUCTIONS = 1_000_000


@pytest.mark.slow
def test_a_million_auctions_equal_a_brute_force_on_fractions() -> None:
    draw = Random(int(os.environ.get("SEED") or 0))  # noqa: S311 - a repeatable test
    for number in range(AUCTIONS):
        auction = random_auction(draw)
        for rule in AuctionRule:
            assert auction.sold(rule) == oracle(auction, rule), (number, rule)
