from __future__ import annotations

import pytest

from service.store.events import Event
from service.worker.profiles import is_telling


@pytest.mark.parametrize(
    ("kind", "action", "telling"),
    [
        ("click", None, True),
        ("search", None, True),
        ("hide", None, True),
        ("feature_word", "clicked", True),
        ("feature_word", "shown", False),
        ("impression", None, False),
        ("view", None, False),
        ("conversion", None, True),
    ],
)
def test_only_what_a_shopper_did_changes_a_profile(
    kind: str, action: str | None, telling: bool
) -> None:
    event = Event(
        store_id="sto_1", ts=1.0, type=kind, event_key="k", received_at=1.0, action=action
    )
    assert is_telling(event) is telling
