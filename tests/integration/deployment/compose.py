"""docker-compose.yml as docker-compose reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service of the file."""

    name: str
    image: str
    target: str  # of the Dockerfile; empty for images made elsewhere
    environment: dict[str, str]
    command: tuple[str, ...]
    healthcheck: tuple[str, ...]  # empty: the image's, or none
    mounts: dict[str, str]  # path in the container -> volume or folder
    waits_for: dict[str, str]  # service -> condition
    profiles: tuple[str, ...]
    told: dict[str, Any]  # the rest, as it stands there


def services(file: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """The services by name, where the user has set `variables`."""
    told = _filled(yaml.safe_load(file.read_text()), variables)
    return {name: _service(name, one) for name, one in told["services"].items()}


def _filled(told: Any, variables: Mapping[str, str]) -> Any:
    """`told` with each variable, or its default."""
    if isinstance(told, dict):
        return {key: _filled(value, variables) for key, value in told.items()}
    if isinstance(told, list):
        return [_filled(value, variables) for value in told]
    if isinstance(told, str):
        return _VARIABLE.sub(lambda found: variables.get(found[1]) or found[2] or "", told)
    return told


def variables(file: Path) -> set[str]:
    """The variables that a user may set."""
    return {found[1] for found in _VARIABLE.finditer(file.read_text())}


def _service(name: str, told: dict[str, Any]) -> Service:
    mounts = (mount.split(":") for mount in told.get("volumes", ()))
    waits = told.get("depends_on", {})
    return Service(
        name=name,
        image=told["image"],
        target=told.get("build", {}).get("target", ""),
        environment=told.get("environment", {}),
        command=tuple(told.get("command", ())),
        healthcheck=tuple(told.get("healthcheck", {}).get("test", ())[1:]),
        mounts={mount[1]: mount[0] for mount in mounts},
        waits_for=(
            {other: one["condition"] for other, one in waits.items()}
            if isinstance(waits, dict)
            else dict.fromkeys(waits, "service_started")
        ),
        profiles=tuple(told.get("profiles", ())),
        told=told,
    )
