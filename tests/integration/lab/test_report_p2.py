"""The whole report on a small demo log: the service, the fits, the page, the last line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

_MINUTES = 5


@pytest.mark.slow
def test_one_command_writes_the_page_and_ends_with_its_sums(tmp_path: Path) -> None:
    sizes = ("--minutes", str(_MINUTES), "--sessions", "300", "--visits", "20", "--past", "100")
    without = {"SALIENT_DATA", "DATABASE_URL", "REDIS_URL"}
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "training.lab", "--out", str(tmp_path), "--seed", "2", *sizes],
        cwd=CHECKOUT,
        env={name: value for name, value in os.environ.items() if name not in without},
        capture_output=True,
        text=True,
        timeout=60 * (_MINUTES + 2),
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    said = json.loads(ended.stdout.strip().splitlines()[-1])
    assert said["seconds"] < 60 * _MINUTES
    assert 0.4 < said["floor1_auc"] < 0.8
    assert said["arms"]["salient"]["auc_ci"][0] < said["arms"]["salient"]["auc"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["summary"] == said
    assert [one["design"] for one in report["ab"]["designs"]][:2] == [
        "none_personal",
        "common_personal",
    ]
    assert list(report["logs"]) == ["demo"]
    assert {"done"} <= {job["state"] for job in report["plan"]} <= {"done", "no time", "cut off"}
    page = (tmp_path / "report.html").read_text()
    assert "SALIENT_DATA is not set" in page


def test_time_too_short_for_anything_is_refused(tmp_path: Path) -> None:
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "training.lab", "--out", str(tmp_path), "--minutes", "0.1"],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "minutes" in ended.stderr
