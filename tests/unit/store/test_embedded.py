from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from service.errors import EmbeddedStoreError
from service.store.embedded import binaries, postgres, processes
from service.store.embedded.locks import FileLock
from service.store.embedded.stores import EmbeddedStores

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.geteuid() == 0
CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only its owner may enter, with a short path."""
    made = Path(tempfile.mkdtemp(prefix="salient-"))
    yield made
    for state in (path for path in made.iterdir() if path.is_dir()):
        assert not processes.find(processes.mark_of(state)), "a server is left behind"
    shutil.rmtree(made)


_KILL = ((signal.SIGKILL, 5.0),)


def _write(stores: EmbeddedStores) -> None:
    with psycopg.connect(stores.urls.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    with redis.Redis.from_url(stores.urls.redis_url) as client:
        client.set("kept", 42)


def _holds(stores: EmbeddedStores) -> bool:
    with psycopg.connect(stores.urls.database_url) as connection:
        row = connection.execute("SELECT n FROM kept").fetchone()
    with redis.Redis.from_url(stores.urls.redis_url) as client:
        return row == (42,) and client.get("kept") == b"42"


def test_state_survives_a_stop_and_the_start_is_quick(folder: Path) -> None:
    with EmbeddedStores(folder / "s") as stores:
        _write(stores)
    started = time.monotonic()
    with EmbeddedStores(folder / "s") as stores:
        assert time.monotonic() - started < 5
        assert _holds(stores)
        ending = time.monotonic()
    assert time.monotonic() - ending < 5
    assert not processes.find(processes.mark_of(folder / "s"))
    assert stat_mode(folder / "s") == stat_mode(folder / "s/postgres") == 0o700


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_kill_of_everything_blocks_nothing(folder: Path) -> None:
    stores = EmbeddedStores(folder / "s")
    stores.start()
    _write(stores)
    time.sleep(1.1)  # Valkey syncs every second
    assert processes.end(processes.mark_of(folder / "s"), _KILL)
    assert (folder / "s/postgres/postmaster.pid").exists()  # it had no time to clean up
    stores.start()
    assert _holds(stores)
    stores.stop()


def test_a_kill_of_the_postmaster_alone_blocks_nothing(folder: Path) -> None:
    stores = EmbeddedStores(folder / "s", only="postgres")
    stores.start()
    with psycopg.connect(stores.urls.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    session = psycopg.connect(stores.urls.database_url)
    pid = int((folder / "s/postgres/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    stores.start()
    session.close()
    with psycopg.connect(stores.urls.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
    stores.stop()


def test_files_of_another_boot_block_nothing(folder: Path) -> None:
    with EmbeddedStores(folder / "s"):
        pass
    mine = os.getpid()  # alive, but no Postgres
    pid_file = folder / "s/postgres/postmaster.pid"
    pid_file.write_text(f"{mine}\n/proc/self/cwd\n1\n5432\n.\n\n 1 1\nready\n")
    (folder / "s/postgres/.s.PGSQL.5432.lock").write_text(f"{mine}\n")
    (folder / "s/postgres/.s.PGSQL.5432").touch()
    (folder / "s/valkey/valkey.sock").touch()
    for path in (folder / "s/postgres").glob("*.pid"):
        os.chown(path, (folder / "s/postgres").stat().st_uid, -1)
    with EmbeddedStores(folder / "s") as stores:
        _write(stores)
        assert _holds(stores)


def test_the_last_of_two_users_stops_the_servers(folder: Path) -> None:
    first, second = EmbeddedStores(folder / "s"), EmbeddedStores(folder / "s")
    first.start()
    before = set(processes.find(processes.mark_of(folder / "s")))
    second.start()
    assert before <= set(processes.find(processes.mark_of(folder / "s")))  # not started again
    assert not first.stop()
    _write(second)
    assert _holds(second)
    assert second.stop()
    assert not processes.find(processes.mark_of(folder / "s"))


def test_a_user_of_one_server_leaves_it_to_a_user_of_both(folder: Path) -> None:
    with EmbeddedStores(folder / "s") as both:
        with EmbeddedStores(folder / "s", only="valkey"):
            pass
        _write(both)
        assert _holds(both)


def test_an_initdb_cut_short_is_done_again(folder: Path) -> None:
    rubbish = folder / "s/postgres/base/1"
    rubbish.mkdir(parents=True)
    (rubbish / "2600").touch()
    with EmbeddedStores(folder / "s", only="postgres") as stores:
        assert stores.postgres.alive()


def test_a_cluster_of_another_major_version_is_refused(folder: Path) -> None:
    (folder / "s/postgres").mkdir(parents=True)
    (folder / "s/postgres/PG_VERSION").write_text("9\n")
    stores = EmbeddedStores(folder / "s", only="postgres")
    with pytest.raises(EmbeddedStoreError, match="written by Postgres 9"):
        stores.start()
    stores.stop()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with EmbeddedStores(folder / "s", only="postgres"):
        pass
    (folder / "s/postgres/postgresql.conf").write_text("nonsense = 1\n")
    broken = EmbeddedStores(folder / "s", only="postgres")
    with pytest.raises(EmbeddedStoreError, match="nonsense"):
        broken.start()
    broken.stop()


@pytest.mark.parametrize("name", ["a, 'strange' name %", "long" * 30])
def test_any_path_will_do(folder: Path, name: str) -> None:
    with EmbeddedStores(folder / name) as stores:
        _write(stores)
        assert _holds(stores)
    with EmbeddedStores(folder / name) as stores:  # the short link is there already
        assert _holds(stores)


def test_a_strangers_link_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    state = folder / ("long" * 30)
    state.mkdir()
    (folder / f"{processes.mark_of(state)}-{os.geteuid()}").symlink_to("/")
    with pytest.raises(EmbeddedStoreError, match="in the way"):
        EmbeddedStores(state)


def test_a_long_log_is_cut(folder: Path) -> None:
    (folder / "s/logs").mkdir(parents=True)
    log = folder / "s/logs/valkey.log"
    log.write_bytes(b"x" * 11_000_000)
    with EmbeddedStores(folder / "s", only="valkey"):
        pass
    assert log.stat().st_size < 1_100_000


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_root_runs_postgres_as_a_lesser_user(folder: Path) -> None:
    assert stat_mode(folder) == 0o700  # that user cannot enter it
    with EmbeddedStores(folder / "s", only="postgres") as stores:
        users = {
            Path(f"/proc/{pid}").stat().st_uid for pid in processes.find(stores.postgres.mark)
        }
        assert users == {(folder / "s/postgres").stat().st_uid}
        assert 0 not in users


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_an_ordinary_user_needs_no_root() -> None:
    needed = (CHECKOUT, Path(sys.prefix), Path(sys.base_prefix))
    if not all(map(binaries.everyone_may_enter, needed)):
        pytest.skip("another user cannot enter this checkout, or the interpreter's folder")
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        code = (
            "import os; from pathlib import Path;"
            "from service.store.embedded.stores import EmbeddedStores as E;"
            "s = E(Path('state')); s.start(); print(os.geteuid(), s.postgres.alive()); s.stop()"
        )
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", code],
            cwd=home,
            env={"PYTHONPATH": str(CHECKOUT), "PATH": os.defpath},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.split() == [str(nobody.pw_uid), "True"], done.stderr


def test_postgres_is_copied_where_the_wheel_cannot_be_reached(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "everyone_may_enter", lambda path: path == folder)
    copied = binaries.reachable_postgres_home((Path("/nowhere"), folder))
    assert folder in copied.parents
    command = [str(copied / "bin/initdb"), "-V"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert "PostgreSQL" in ran.stdout
    before = (copied / "bin/postgres").stat().st_mtime_ns
    assert binaries.reachable_postgres_home((folder,)) == copied  # once is enough
    assert (copied / "bin/postgres").stat().st_mtime_ns == before
    (root,) = folder.glob("salient-*")
    root.chmod(0o777)
    with pytest.raises(EmbeddedStoreError, match="someone else"):
        binaries.reachable_postgres_home((folder,))
    with pytest.raises(EmbeddedStoreError, match="no folder"):
        binaries.reachable_postgres_home(())


def test_a_missing_wheel_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedStoreError, match="DATABASE_URL"):
        binaries.valkey_program()
    monkeypatch.setattr(binaries, "_package", lambda _: tmp_path)
    with pytest.raises(EmbeddedStoreError, match="this platform"):
        binaries.valkey_program()
    with pytest.raises(EmbeddedStoreError, match="this platform"):
        binaries.postgres_home()


def test_a_lock_is_held_by_one_or_shared_by_many(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire(shared=True)
    assert two.acquire(shared=True)
    assert not one.acquire(wait=False)
    two.release()
    two.release()
    assert one.acquire(wait=False)
    assert not two.acquire(shared=True, wait=False)
    one.release()
    assert two.acquire(wait=False)
    two.release()


@pytest.mark.parametrize("wrong", ["", "-", "salient", "salient-", "salient-e78f136c19a6-xx"])
def test_only_a_whole_mark_finds_processes(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a mark"):
        processes.find(wrong)


def test_a_stranger_that_bears_the_mark_is_let_be(tmp_path: Path) -> None:
    mark = processes.mark_of(tmp_path)
    command = ["/bin/sh", "-c", f"sleep 30; : {mark}"]
    with subprocess.Popen(command) as stranger:  # noqa: S603 - our own program
        assert processes.find(mark) == []
        stranger.kill()


def test_a_handler_of_another_process_is_seen() -> None:
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    assert processes.catches(os.getpid(), signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)
    assert not processes.catches(os.getpid(), signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, before)
    assert not processes.catches(2**22 + 1, signal.SIGUSR2)  # above the greatest process id


def test_a_tied_server_ends_with_its_parent(folder: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path;"
        "from service.store.embedded.stores import EmbeddedStores as E;"
        "E(Path(sys.argv[1]), tied=True).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code, str(folder / "s")]
    subprocess.run(command, check=False, cwd=CHECKOUT)  # noqa: S603 - our own program
    assert processes.wait_until_gone(processes.mark_of(folder / "s"), 5.0)


def test_a_server_that_does_not_end_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = EmbeddedStores(folder / "s")
    with monkeypatch.context() as patched:
        patched.setattr(processes, "end", lambda *_: False)
        for server in (stores.postgres, stores.valkey):
            with pytest.raises(EmbeddedStoreError, match="does not end"):
                server.stop()


def test_a_failed_initdb_is_said_and_leaves_no_half_cluster(folder: Path) -> None:
    (folder / "s/postgres").mkdir(parents=True)
    (folder / "s/postgres").chmod(0o700)
    stores = EmbeddedStores(folder / "s", only="postgres", durable=False)
    broken = replace(stores.postgres, socket_folder=folder, folder=folder / "s/none/deeper")
    with pytest.raises(FileNotFoundError):
        broken.start()
    failing = replace(stores.postgres, encoding="no such encoding")
    with pytest.raises(EmbeddedStoreError, match="initdb failed"):
        failing.start()
    assert not (folder / "s/postgres/PG_VERSION").exists()


def test_a_valkey_that_cannot_start_says_why(folder: Path) -> None:
    stores = EmbeddedStores(folder / "s", only="valkey")
    (folder / "s/valkey/appendonlydir").mkdir(parents=True)
    (folder / "s/valkey/appendonlydir/appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EmbeddedStoreError, match="manifest"):
        stores.start()
    stores.stop()


def test_root_needs_an_account_to_become(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nobody_there(name: str) -> pwd.struct_passwd:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody_there)
    with pytest.raises(EmbeddedStoreError, match="no account 'nobody'"):
        postgres.lesser_account()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert postgres.identity(tmp_path) == {}


def test_only_linux_has_the_short_way_to_the_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert postgres.data_argument(tmp_path) == "/proc/self/cwd"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert postgres.data_argument(tmp_path) == str(tmp_path)
