from __future__ import annotations

from service.decision.recent import Recent


def test_what_was_not_used_longest_makes_room() -> None:
    recent: Recent[str, int] = Recent(2)
    assert recent.get("a") is None
    assert recent.put("a", 1) == 1
    recent.put("b", 2)
    assert recent.get("a") == 1  # now "b" is the oldest
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    assert len(recent) == 2
