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


def test_a_copy_remembers_what_it_is_told_to_and_goes_its_own_way() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    kept = recent.copy(lambda key: key != "a")
    kept.put("c", 3)
    assert (kept.known(), recent.known()) == (["b", "c"], ["a", "b"])
    kept.put("d", 4)
    assert kept.known() == ["c", "d"]  # no more than the other may hold
