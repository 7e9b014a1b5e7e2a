"""Dockerfile and .dockerignore as a builder reads them: what an image holds, how it runs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Copy:
    """A COPY instruction; `stage` is empty where it takes from the checkout."""

    stage: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Stage:
    """What one FROM adds up to, with all that it stands on."""

    name: str
    environment: dict[str, str]
    copies: tuple[Copy, ...] = ()
    runs: tuple[str, ...] = ()
    workdir: str = "/"
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction's word and the rest of its line."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def stages(dockerfile: str) -> dict[str, Stage]:
    """The stages of a Dockerfile by name."""
    found: dict[str, Stage] = {}
    stage = Stage("", {})
    for word, rest in instructions(dockerfile):
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            stage = replace(found.get(source, Stage("", {})), name=name)
        else:
            stage = _apply(stage, word, rest)
        found[stage.name] = stage
    return found


def _apply(stage: Stage, word: str, rest: str) -> Stage:
    change: dict[str, Any] = {}
    match word:
        case "ENV":
            given = dict(pair.split("=", 1) for pair in shlex.split(rest))
            change = {"environment": stage.environment | given}
        case "COPY":
            change = {"copies": (*stage.copies, _copy(stage, rest))}
        case "RUN":
            change = {"runs": (*stage.runs, rest)}
        case "WORKDIR" | "USER":
            change = {word.lower(): rest}
        case "HEALTHCHECK":
            change = {"healthcheck": _words(re.sub(r"^(--\S+\s+)*(CMD)?", "", rest))}
        case "ENTRYPOINT":
            change = {"entrypoint": _words(rest)}
        case "CMD":
            change = {"command": _words(rest)}
    return replace(stage, **change)


def _copy(stage: Stage, rest: str) -> Copy:
    words = rest.split()
    source = words.pop(0).removeprefix("--from=") if words[0].startswith("--") else ""
    *taken, target = words
    return Copy(source, tuple(taken), target if target[0] == "/" else f"{stage.workdir}/{target}")


def _words(rest: str) -> tuple[str, ...]:
    return () if rest == "NONE" else tuple(json.loads(rest))


def ignored(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore keeps `path` from the builder; the last rule that fits decides."""
    parts = path.split("/")
    above = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    verdict = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        names = parts if pattern.startswith("**/") else above
        if any(fnmatch(name, pattern.removeprefix("**/")) for name in names):
            verdict = not rule.startswith("!")
    return verdict


def lay_out(stage: Stage, checkout: Path, root: Path) -> None:
    """Copy what the image takes from the checkout below `root`.

    Raises: FileNotFoundError as a build would fail.
    """
    rules = (checkout / ".dockerignore").read_text().split("\n")
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    for copy in stage.copies:
        if not copy.stage:
            for source in copy.sources:
                _take(checkout, source, rules, root, copy.target)


def _take(checkout: Path, source: str, rules: list[str], root: Path, target: str) -> None:
    above = checkout / source
    files = [above] if above.is_file() else [path for path in above.rglob("*") if path.is_file()]
    kept = [path for path in files if not ignored(str(path.relative_to(checkout)), rules)]
    if not kept:
        raise FileNotFoundError(f"COPY {source}: nothing of it gets to the builder")
    for path in kept:
        to = root / target.strip("/") / (path.name if above.is_file() else path.relative_to(above))
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
