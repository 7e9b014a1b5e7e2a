from __future__ import annotations

from training.config import ArmName
from training.lab.agenda import BEST_PEER, FLOOR_1, FLOOR_2, PEERS, Job, agenda
from training.lab.contenders import contender
from training.peers.registry import FLOORS
from training.peers.registry import PEERS as REGISTERED


def test_every_peer_and_floor_is_asked_for() -> None:
    assert {*PEERS, BEST_PEER} == set(REGISTERED)
    assert {FLOOR_1, FLOOR_2} == set(FLOORS)


def test_every_arm_is_asked_for() -> None:
    assert {arm.value for arm in ArmName} <= {
        job.contender for job in agenda(["a"], PEERS, seed=0)
    }


def test_everybody_on_the_agenda_is_known() -> None:
    for job in agenda(["rich", "demo"], PEERS, seed=0):
        assert contender(job.contender) is not None


def test_what_the_last_line_says_is_fitted_first() -> None:
    jobs = agenda(["rich", "demo", "sparse"], PEERS, seed=7)
    first = jobs[:21]
    names = (FLOOR_1, FLOOR_2, "salient", "amtdl", BEST_PEER, "bm", "mtdl")
    assert [job.log for job in first] == ["rich"] * 7 + ["demo"] * 7 + ["sparse"] * 7
    assert {job.contender for job in first} == set(names)
    assert {job.seed for job in first} == {7}


def test_arms_get_three_seeds_and_nothing_is_fitted_twice() -> None:
    jobs = agenda(["rich", "demo"], PEERS, seed=7)
    assert len(set(jobs)) == len(jobs)
    for log in ("rich", "demo"):
        seeds = [j.seed for j in jobs if (j.log, j.contender, j.share) == (log, "salient", 1.0)]
        assert sorted(seeds) == [7, 8, 9]
    assert len({job.key for job in jobs if job.log == "rich"}) == len(
        [job for job in jobs if job.log == "rich"]
    )


def test_a_key_is_a_file_name() -> None:
    assert Job("rich", "amtdl, k = 0.25", 0, 0.5).key == "amtdl-k-0.25@0.5-0"
