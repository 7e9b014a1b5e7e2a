"""`salient up` as a new user meets it: in a folder that only its owner may enter."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.store.embedded import processes
from tests.running_shop import CHECKOUT, PATIENCE_SECONDS, Shop, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    folder = Path(tempfile.mkdtemp(prefix="salient-"))  # mode 0700
    made = Shop(folder / ".salient", free_port())
    yield made
    if made.process and made.process.poll() is None:
        made.stop()
    if made.process and made.process.stdout and not made.process.stdout.closed:
        made.process.stdout.close()
    assert not processes.find(processes.mark_of(made.state)), "a server is left behind"
    shutil.rmtree(folder)


def test_the_first_start_serves_ads_and_a_page(shop: Shop) -> None:
    shop.start()
    assert shop.answers("/")
    assert (shop.state / "demo.json").stat().st_mode & 0o777 == 0o600
    assert shop.state.stat().st_mode & 0o777 == 0o700
    told = shop.told()
    assert told["url"] == shop.url
    assert set(told) >= {"url", "publishable_key", "secret_key", "placement", "queries"}
    assert len(shop.ads()["ads"]) == 2


def test_a_second_up_says_that_one_runs(shop: Shop) -> None:
    second = shop.up()
    said, _ = second.communicate(timeout=PATIENCE_SECONDS)
    assert second.returncode == 1
    assert "runs already" in said
    assert shop.url in said
    assert shop.answers("/readyz")


def test_children_that_die_are_started_again(shop: Shop) -> None:
    before = shop.children()
    assert set(before) == {"serve", "worker"}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (shop.answers("/readyz") and set(shop.children()) == {"serve", "worker"}):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not set(before.values()) & set(shop.children().values())


def test_stores_that_die_are_started_again(shop: Shop) -> None:
    mark = processes.mark_of(shop.state)
    for server in ("pg", "vk"):
        before = processes.find(f"{mark}-{server}")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not set(processes.find(f"{mark}-{server}")) - set(before):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert len(shop.ads()["ads"]) == 2


def runs(pid: int) -> bool:
    """Whether the process is there and no zombie, which has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_and_the_next_start_is_quick(
    shop: Shop, number: signal.Signals
) -> None:
    pids = shop.children()
    assert shop.stop(number) < 10  # 5 s where nothing else runs
    assert "Stopped." in shop.output()
    assert not any(map(runs, pids.values()))
    assert not processes.find(processes.mark_of(shop.state))
    key = shop.told()["publishable_key"]
    assert shop.start() < 20  # 5 s where nothing else runs
    assert shop.told()["publishable_key"] == key
    assert len(shop.ads()["ads"]) == 2


def test_a_kill_leaves_nothing_that_blocks_the_next_start(shop: Shop) -> None:
    pids = shop.children()
    assert shop.process
    shop.process.kill()
    shop.process.wait()
    shop.output()
    shop.start()  # at once, while the children of the killed one still end, or even answer
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(runs, pids.values())) or not shop.answers("/readyz"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len(shop.ads()["ads"]) == 2


def test_a_port_in_use_is_said(shop: Shop, tmp_path: Path) -> None:
    other = Shop(tmp_path / "other", shop.port)
    said, _ = other.up().communicate(timeout=PATIENCE_SECONDS)
    assert f"port {shop.port} on 127.0.0.1 cannot be used" in said


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        # as `make` does when SIGINT reaches it alone
        "signal.signal(signal.SIGINT, signal.SIG_DFL); child.wait()",
    ],
    ids=["killed", "waits"],
)
def test_up_that_is_tied_ends_with_its_parent(shop: Shop, end: str) -> None:
    if shop.process and shop.process.poll() is None:
        shop.stop()
        shop.output()
    words = ["up", "--tied", "--port", str(shop.port), "--state", str(shop.state)]
    code = (
        "import os, signal, subprocess, sys, time, urllib.request\n"
        # as `make` does; a run in the background would inherit that SIGINT is ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "child = subprocess.Popen(sys.argv[2:])\n"
        "while True:\n"
        "    try: urllib.request.urlopen(sys.argv[1] + '/readyz'); break\n"
        "    except OSError: time.sleep(0.05)\n"
        f"{end}\n"
    )
    command = [sys.executable, "-c", code, shop.url, sys.executable, "-m", "service", *words]
    subprocess.run(  # noqa: S603 - our own program
        command, cwd=CHECKOUT, check=False, timeout=PATIENCE_SECONDS, stdout=subprocess.DEVNULL
    )
    assert processes.wait_until_gone(processes.mark_of(shop.state), 15.0)


def test_another_port_moves_the_shop(shop: Shop) -> None:
    shop.port = free_port()
    shop.start()
    assert shop.told()["url"] == shop.url
    assert shop.answers("/")
