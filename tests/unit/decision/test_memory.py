from __future__ import annotations

from service.decision.memory import Memory


def test_a_memory_begins_with_all_of_another_and_goes_its_own_way() -> None:
    old, new = Memory(), Memory()
    old.words.put("wool", 3)
    old.product_rows.put("p1", 7)
    new.begin_with(old)
    assert (new.words.get("wool"), new.product_rows.get("p1")) == (3, 7)
    new.words.put("silk", 4)
    assert old.words.get("silk") is None
