from __future__ import annotations

from time import perf_counter

import pytest

from service.api.consent import Known
from service.api.gathering import gather
from service.store.profiles import StoredProfile, encode_profile, profile_key
from tests.unit.api.shop import Profiles, make_state

PROFILE = StoredProfile(
    feature_words=(("waterproof", 1_000.0),), hidden=("ad_a1",), seen=(("wide fit", 3),)
)


async def test_one_read_tells_what_was_done_hidden_and_seen() -> None:
    state = make_state()
    profiles = state.profiles
    assert isinstance(profiles, Profiles)
    key = profile_key("sto_1", "u1")
    profiles.values[key] = encode_profile(PROFILE)
    gathered = await gather(Known("u1", None), "sto_1", state, 1_060.0, perf_counter() + 1.0)
    assert gathered.shopper.history.feature_words[0] == ("waterproof", 60.0)
    assert gathered.shopper.hidden_ads == {"ad_a1"}
    assert gathered.shopper.seen == {"wide fit": 3}
    assert profiles.reads == [key]


@pytest.mark.parametrize("stored", [None, b"withdrawn"])
async def test_who_has_no_profile_has_seen_nothing(stored: bytes | None) -> None:
    state = make_state()
    profiles = state.profiles
    assert isinstance(profiles, Profiles)
    if stored:
        profiles.values[profile_key("sto_1", "u1")] = stored
    gathered = await gather(Known("u1", None), "sto_1", state, 0.0, perf_counter() + 1.0)
    assert gathered.shopper.seen == {}
