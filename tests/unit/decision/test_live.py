from __future__ import annotations

from service.decision.live import Live
from tests.unit.decision.shop import campaign, product, snapshot

LIVE = Live(snapshot([product("1", "Wool coat")], [campaign("a", "wool")]))


def test_a_campaign_stops_that_is_used_up_or_short_of_a_lease() -> None:
    used_up = LIVE.stopping(used_up=frozenset({"cmp_a", "cmp_b"}))
    assert used_up.spent_out == {"cmp_a", "cmp_b"}
    both = used_up.stopping(short=frozenset({"cmp_b", "cmp_c"}))
    assert both.spent_out == {"cmp_a", "cmp_b", "cmp_c"}
    # each is told apart from the other, and what is not told stays
    assert both.stopping(used_up=frozenset()).spent_out == {"cmp_b", "cmp_c"}
    assert both.stopping(short=frozenset()).spent_out == {"cmp_a", "cmp_b"}
    assert both.stopping().spent_out == both.spent_out
