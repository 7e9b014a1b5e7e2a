"""Small parts: ids, model clock, signing keys, log lines, metrics."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from time import time
from typing import TYPE_CHECKING
from uuid import RFC_4122, UUID

import pytest
import structlog

from service.api.deliberation import ModelClock
from service.api.ids import draw
from service.api.log_lines import Sampler, configure_logging
from service.api.metrics import Metrics, exposition
from service.api.signing_keys import kept_signing_keys

if TYPE_CHECKING:
    from pathlib import Path


def test_request_ids_are_uuids_of_version_7_with_their_time() -> None:
    now = time()
    drawn = [draw(now) for _ in range(2_000)]
    assert len({one.request_id for one in drawn}) == 2_000
    assert len({one.seed for one in drawn}) == 2_000
    assert all(0 <= one.seed < 2**63 for one in drawn)
    for one in drawn:
        uuid = UUID(one.request_id.removeprefix("req_"))
        assert (uuid.version, uuid.variant) == (7, RFC_4122)
        assert uuid.int >> 80 == int(now * 1000)
    assert draw(now).request_id < draw(now + 0.002).request_id


def test_random_bits_are_all_used() -> None:
    seen = 0
    for _ in range(400):
        seen |= int(draw(0.0).request_id[4:], 16)
    # version 7, twelve bits by chance, variant 10, sixty-two bits by chance
    assert seen == (7 << 76) | (0xFFF << 64) | (0b10 << 62) | ((1 << 62) - 1)


def test_models_are_asked_while_there_is_time() -> None:
    clock = ModelClock()
    assert clock.allows(0.0, 0.001)
    for _ in range(100):
        clock.took(0.0, 0.008)
    assert clock.typical_seconds == pytest.approx(0.008, rel=1e-4)
    assert clock.allows(0.0, 0.009)
    # 0.008 x 0.9^n <= 0.005 first for n = 5: then they are tried again
    assert [clock.allows(0.0, 0.005) for _ in range(6)] == [False] * 5 + [True]


def test_models_that_are_slow_thrice_are_left_alone_for_longer_and_longer() -> None:
    clock = ModelClock()
    clock.took(0.0, 0.2)
    clock.took(0.2, 0.4)
    assert clock.allows(0.4, 1.0)  # twice is no habit
    clock.took(0.4, 0.6)
    assert not clock.allows(1.5, 9.0)
    assert clock.allows(1.6, 9.0)  # a second later
    clock.took(1.6, 1.8)
    assert not clock.allows(3.7, 9.0)
    assert clock.allows(3.8, 9.0)  # two seconds later
    clock.took(3.8, 3.81)  # well again
    clock.took(3.9, 4.1)
    assert clock.allows(4.1, 9.0)
    for _ in range(10):
        clock.took(10.0, 10.2)
    assert not clock.allows(40.1, 99.0)
    assert clock.allows(40.3, 99.0)


def test_the_signing_key_is_drawn_once(tmp_path: Path) -> None:
    first = kept_signing_keys(tmp_path / "state")
    assert kept_signing_keys(tmp_path / "state") == first
    file = tmp_path / "state" / "token-keys"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["token-keys"]
    assert len(first[1]) == 32


def test_of_two_processes_that_start_at_once_the_first_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept_signing_keys(tmp_path)
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)  # looked before the other wrote
    assert kept_signing_keys(tmp_path) == first


def test_a_repeated_line_is_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr("service.api.log_lines.time.monotonic", lambda: moment)
    sample = Sampler(lines_a_second=2)

    def passes(event: str) -> dict[str, object] | None:
        try:
            return dict(sample(None, "info", {"event": event}))
        except structlog.DropEvent:
            return None

    assert [passes("a") is not None for _ in range(5)] == [True, True, False, False, False]
    assert passes("b") is not None
    moment = 101.0
    assert passes("a") == {"event": "a", "left_out_before": 3}
    assert passes("a") == {"event": "a"}


def test_lines_go_to_the_standard_error_of_the_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = structlog.get_config()
    try:
        configure_logging()
        structlog.get_logger("t").warning("a thing happened", number=1)
        line = json.loads(capsys.readouterr().err)
        assert (line["event"], line["level"], line["number"]) == ("a thing happened", "warning", 1)
        closed = io.StringIO()
        closed.close()
        monkeypatch.setattr(sys, "stderr", closed)
        structlog.get_logger("t").warning("nobody hears it")
    finally:
        structlog.configure(**before)


def test_counters_stand_in_the_exposition() -> None:
    metrics = Metrics()
    metrics.count_request("/test", 200)
    metrics.count_answer(0.001, 3, None, ())
    metrics.count_answer(0.001, 0, "nothing_at_all", ("no_profile",))
    metrics.count_event("click", "bot")
    text = exposition().decode()
    assert 'salient_requests_total{route="/test",status="200"} 1.0' in text
    assert 'salient_no_fill_total{reason="nothing_at_all"} 1.0' in text
    assert 'salient_events_total{invalid="bot",type="click"}' in text


def test_workers_share_their_counters(tmp_path: Path) -> None:
    count = "from service.api.metrics import *; Metrics().count_request('/t', 200);"
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for script in (count, count, count + "print(exposition().decode())"):
        ran = subprocess.run(  # noqa: S603 - our own interpreter and words
            [sys.executable, "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    assert 'salient_requests_total{route="/t",status="200"} 3.0' in ran.stdout
