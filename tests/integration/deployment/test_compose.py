"""What docker-compose.yml, the Dockerfile and .dockerignore say."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from service.settings import Settings
from tests.integration.deployment import compose, image
from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

FILE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
SERVICES = compose.services(FILE, {})
STAGES = image.stages(DOCKERFILE)
OURS = [one for one in SERVICES.values() if one.target]
READ = {str(field.validation_alias) for field in Settings.model_fields.values()}


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not there")
@pytest.mark.parametrize("profile", ["", "training", "monitoring"])
def test_docker_compose_takes_the_file(profile: str) -> None:
    words = ["docker-compose", *(["--profile", profile] if profile else []), "config", "-q"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (0, "")


def test_services_are_those_that_a_shop_needs() -> None:
    default = {name for name, one in SERVICES.items() if not one.profiles}
    assert default == {"postgres", "valkey", "migrate", "api", "worker"}
    others = {name: one.profiles for name, one in SERVICES.items() if one.profiles}
    assert others == {
        "training": ("training",),
        "prometheus": ("monitoring",),
        "grafana": ("monitoring",),
    }


@pytest.mark.parametrize("name", ["api", "worker"])
def test_tables_and_stores_come_first(name: str) -> None:
    waits = SERVICES[name].waits_for
    assert waits["migrate"] == "service_completed_successfully"
    assert waits["valkey"] == "service_healthy"
    assert SERVICES["migrate"].waits_for == {"postgres": "service_healthy"}
    assert SERVICES["migrate"].told["restart"] == "no"


@pytest.mark.parametrize("service", OURS, ids=lambda one: one.name)
def test_our_services_may_do_little(service: compose.Service) -> None:
    assert int(STAGES[service.target].user.split(":")[0]) >= 1000
    assert service.told["read_only"] is True
    assert service.told["cap_drop"] == ["ALL"]
    assert service.told["security_opt"] == ["no-new-privileges:true"]
    assert service.mounts == {"/var/lib/salient": "state"}


@pytest.mark.parametrize("service", OURS, ids=lambda one: one.name)
def test_every_setting_given_is_one_that_is_read(service: compose.Service) -> None:
    ours = service.environment.keys() | STAGES[service.target].environment.keys()
    assert ours - READ == {"PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def test_every_setting_can_be_given() -> None:
    given = SERVICES["api"].environment | SERVICES["worker"].environment
    assert READ - given.keys() == set()


def test_what_runs_all_the_time_has_a_healthcheck_and_comes_back() -> None:
    for one in SERVICES.values():
        if one.name not in {"migrate", "training"}:
            assert one.healthcheck or STAGES[one.target].healthcheck, one.name
            assert one.told["restart"] == "unless-stopped"


def test_what_is_published_is_published_to_this_machine_alone() -> None:
    published = {name: one.told["ports"] for name, one in SERVICES.items() if "ports" in one.told}
    assert published.keys() == {"api", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_servers_listen_where_others_in_the_network_reach_them() -> None:
    assert SERVICES["api"].environment["HOST"] == "0.0.0.0"  # noqa: S104 - compared only
    assert SERVICES["worker"].environment["HOST"] == "0.0.0.0"  # noqa: S104 - compared only


def test_the_api_has_time_to_drain() -> None:
    linger = float(SERVICES["api"].environment["SALIENT_LINGER_SECONDS"])
    grace = float(SERVICES["api"].told["stop_grace_period"].removesuffix("s"))
    assert grace >= linger + 10 + 2  # DRAIN_SECONDS, and what starting to stop takes


def test_packages_come_by_hash_and_from_no_named_place() -> None:
    assert "://" not in re.sub(r"http://127\.0\.0\.1", "", DOCKERFILE)
    assert "index-url" not in DOCKERFILE
    runs = [part for stage in STAGES.values() for run in stage.runs for part in run.split("&&")]
    installs = [part for part in runs if "pip install" in part]
    assert installs
    for part in installs:
        assert "--require-hashes -r requirements/" in part or "--no-deps" in part


@pytest.mark.parametrize("target", ["service", "training"])
def test_an_image_holds_what_it_needs_and_no_more(target: str, tmp_path: Path) -> None:
    image.lay_out(STAGES[target], CHECKOUT, tmp_path)
    held = {path.relative_to(tmp_path / "app") for path in tmp_path.rglob("*") if path.is_file()}
    names = {str(path) for path in held}
    rooms = {path.parts[0] for path in held}
    if target == "service":
        assert rooms == {"LICENSE", "migrations", "models", "service"}
        assert {
            "service/__main__.py",
            "migrations/env.py",
            "service/web/templates/base.html",
        } <= names
    else:
        assert rooms == {"LICENSE", "service", "training"}
        inside = {path.parts[1] for path in held if path.parts[0] == "service"}
        assert inside == {"__init__.py", "errors.py", "contract"}
    assert not [name for name in names if name.endswith(".pyc")]


@pytest.mark.parametrize(
    ("path", "kept_out"),
    [
        ("service/main.py", False),
        ("service/__pycache__/main.cpython-311.pyc", True),
        ("models/ranker/1/manifest.json", False),
        (".salient/token-keys", True),
        (".env", True),
        (".git/config", True),
        ("tests/conftest.py", True),
        ("a_new_folder/secret", True),
    ],
)
def test_the_builder_gets_what_is_named(path: str, kept_out: bool) -> None:
    rules = (CHECKOUT / ".dockerignore").read_text().split("\n")
    assert image.ignored(path, [rule for rule in rules if rule and rule[0] != "#"]) is kept_out


def test_every_variable_is_explained() -> None:
    page = (CHECKOUT / "docs/deployment.md").read_text()
    assert {name for name in compose.variables(FILE) if f"`{name}`" not in page} == set()
    ours = {name for name in READ if f"`{name}`" not in page}
    assert ours == set()
