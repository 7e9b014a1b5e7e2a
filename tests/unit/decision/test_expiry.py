"""What has run out leaves titles by the time of the request, whatever snapshot serves."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from service.decision.choice_options import apt_options
from service.decision.decide import decide
from service.decision.entitle import write_titles
from service.decision.point_rules import STORE as WHOLE_STORE
from service.decision.point_rules import PointRules
from service.decision.scorers import Scorers
from service.decision.show import selling_point
from service.decision.snapshot import Catalogue, build_snapshot, merchants_of
from service.store.snapshots import map_snapshot, write_snapshot
from tests.unit.decision.shop import STORE, TOP, ads, ask, campaign, known, product

if TYPE_CHECKING:
    from pathlib import Path

    from service.decision.snapshot import Snapshot

TOLD = 1_000_000.0
DAY = 86_400.0
SOFA = product("1", "Sofa", "20% off", "only 3 left", "soft wool", told_at=TOLD)
MINE = campaign("mine", "sofa")
SCORES = {"20% off": 0.9, "only 3 left": 0.8, "soft wool": 0.7}


def snapshot(**rules: PointRules) -> Snapshot:
    listed = ads(MINE, SOFA)
    return build_snapshot(Catalogue(STORE, 7, [SOFA], [MINE], listed, [TOP], point_rules=rules))


def said(of: Snapshot, now: float) -> list[str]:
    """What the title of the sofa says at `now`, in a placement that shows three points."""
    scorers = Scorers(None, known(of, {}, dict.fromkeys(SCORES, 0.5)).phrases)
    query = ask("sofa", placement=replace(TOP, selling_point_cap=3))
    (title,) = write_titles(["1"], query, of, scorers, now=now).titles
    assert title is not None
    return sorted(chosen.point.text for chosen in title.chosen)


def test_points_leave_the_title_when_they_run_out_and_not_before() -> None:
    of = snapshot()
    assert said(of, TOLD) == ["20% off", "only 3 left", "soft wool"]
    assert said(of, TOLD + DAY - 1) == ["20% off", "only 3 left", "soft wool"]
    assert said(of, TOLD + DAY) == ["20% off", "soft wool"]
    assert said(of, TOLD + 14 * DAY) == ["soft wool"]
    assert said(of, TOLD) == ["20% off", "only 3 left", "soft wool"]  # a replay of then


def test_an_ad_says_what_holds_when_it_is_asked_for() -> None:
    of = snapshot()
    for now, best in ((TOLD, "20% off"), (TOLD + 14 * DAY, "soft wool")):
        scorers = known(of, {"1": 0.1}, SCORES)
        decision = decide(ask("sofa"), of, scorers, now=now, seed=1, spent_out=frozenset())
        assert decision.awards[0].chosen[0].point.text == best


def test_a_point_in_the_snapshot_knows_its_end() -> None:
    of = snapshot()
    points = [selling_point("1", row, of) for row in range(3)]
    assert [(one.text, one.valid_until) for one in points] == [
        ("20% off", TOLD + 14 * DAY),
        ("only 3 left", TOLD + DAY),
        ("soft wool", inf),
    ]
    apt = apt_options(0, frozenset(), of, TOLD)
    assert apt.valid_until == TOLD + DAY
    assert apt_options(0, frozenset(), of, TOLD + 20 * DAY).valid_until == inf
    assert not len(apt_options(0, frozenset(), snapshot(adv_mine=OUT), TOLD).phrases)


OUT = PointRules(opted_out=True)


def test_rules_of_store_and_merchant_reach_the_snapshot() -> None:
    banned = PointRules(banned=("wool",))
    assert said(snapshot(**{WHOLE_STORE: banned}), TOLD) == ["20% off", "only 3 left"]
    assert said(snapshot(adv_mine=banned), TOLD) == ["20% off", "only 3 left"]
    assert said(snapshot(adv_other=banned), TOLD) == ["20% off", "only 3 left", "soft wool"]


def test_merchants_are_those_with_rules_who_advertise_a_product() -> None:
    other = campaign("other", "sofa")
    listed = [*ads(MINE, SOFA), *ads(other, SOFA)]
    catalogue = Catalogue(STORE, 7, [SOFA], [MINE, other], listed, [TOP])
    assert merchants_of(catalogue) == {}
    ruled = replace(catalogue, point_rules={"adv_other": OUT, WHOLE_STORE: OUT})
    assert merchants_of(ruled) == {"1": ("adv_other",)}


def test_a_mapped_snapshot_knows_ends_and_one_of_before_has_none(tmp_path: Path) -> None:
    folder = write_snapshot(snapshot(), tmp_path)
    mapped = map_snapshot(folder)
    assert mapped.points.valid_until.tolist() == [TOLD + 14 * DAY, TOLD + DAY, inf]
    meta = (folder / "meta.json").read_text()

    read = json.loads(meta)
    del read["files"]["points.valid_until"]
    (folder / "meta.json").write_text(json.dumps(read))
    assert np.isinf(map_snapshot(folder).points.valid_until).all()
