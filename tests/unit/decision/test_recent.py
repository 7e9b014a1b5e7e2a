from __future__ import annotations

from service.decision.recent import Recent


def test_what_was_put_first_makes_room() -> None:
    recent: Recent[str, int] = Recent(2)
    assert recent.get("a") is None
    assert recent.put("a", 1) == 1
    recent.put("b", 2)
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (None, 2, 3)
    assert len(recent) == 2
    assert recent.known() == ["b", "c"]
