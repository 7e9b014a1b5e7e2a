"""Alert rules and dashboard, held against what the running service counts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.deployment.conftest import ask, wait_for_ads
from tests.running_shop import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.deployment.stand_in import StandIn

DEPLOY = CHECKOUT / "deploy"
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/salient.json").read_text())
PANELS = [
    (panel["title"], target["expr"])
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="prometheus and promtool are not there",
)


def shown(address: str) -> set[str]:
    """The names of all that is counted at a /metrics address."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        return set(re.findall(r"^(?:# TYPE )?(\w+)[{ ]", answer.read().decode(), re.MULTILINE))


@pytest.fixture(scope="module")
def addresses(house: StandIn, shop: dict[str, Any]) -> dict[str, str]:
    """Where API and worker show what they counted, after some traffic, by job."""
    wait_for_ads(house, shop)
    asked = {"query": "qzx", "placement": shop["placement"]}
    event = {"type": "search", "event_id": "s1", "query": "qzx"}
    for path, body in (("/v1/ads", asked), ("/v1/events", {"events": [event]})):
        with ask(house, path, body, shop["publishable_key"]):
            pass
    return {
        "salient-api": f"127.0.0.1:{house.ports['8000']}",
        "salient-worker": f"127.0.0.1:{house.ports['9100']}",
    }


def test_every_name_is_one_that_the_service_shows(addresses: dict[str, str]) -> None:
    there = shown(addresses["salient-api"]) | shown(addresses["salient-worker"])
    there |= {"salient_degraded_total"}  # not there before the first, and none was
    expressions = [rule["expr"] for rule in RULES] + [expr for _, expr in PANELS]
    named = set(re.findall(r"\b(?:salient|process)_\w+", " ".join(expressions)))
    assert named - there == set()
    assert len(named) >= 15


def test_an_alert_says_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_grafana_finds_source_and_dashboard_where_compose_puts_them(house: StandIn) -> None:
    provisioning = DEPLOY / "grafana/provisioning"
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    uids = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]}
    uids |= {one["datasource"]["uid"] for panel in DASHBOARD["panels"] for one in panel["targets"]}
    assert uids == {source["uid"]}
    [provider] = yaml.safe_load((provisioning / "dashboards/salient.yml").read_text())["providers"]
    mounts = house.services["grafana"].mounts
    assert (CHECKOUT / mounts[provider["options"]["path"]] / "salient.json").is_file()
    assert (CHECKOUT / mounts["/etc/grafana/provisioning"]).samefile(provisioning)


@needs_prometheus
def test_the_rules_fire_when_they_should() -> None:
    tests = Path(__file__).with_name("alerts_test.yml")
    done = subprocess.run(  # noqa: S603 - ours
        ["promtool", "test", "rules", str(tests)],  # noqa: S607 - as installed
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = set(re.findall(r"alertname=\"(\w+)\"", tests.read_text()))
    assert tried == {rule["alert"] for rule in RULES}


@contextmanager
def prometheus(house: StandIn, folder: Path, addresses: dict[str, str]) -> Iterator[str]:
    """A real Prometheus on the file that compose mounts, with names turned into addresses."""
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(DEPLOY / "prometheus/alerts.yml")]
    for job in config["scrape_configs"]:
        [found] = job.pop("dns_sd_configs")
        [name] = found["names"]
        service = house.services[name]
        assert str(found["port"]) in {
            service.environment.get("PORT"),
            *service.environment.values(),
        }
        job["static_configs"] = [{"targets": [addresses[job["job_name"]]]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{house.ports['9090']}"
    words = [
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - ours
            [*words, f"--storage.tsdb.path={folder}/data", "--log.level=warn"], stderr=log
        )
    try:
        yield f"http://{address}/api/v1"
    finally:
        process.terminate()
        process.wait(20)


def told(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
        return json.load(answer)["data"]


@needs_prometheus
def test_prometheus_reads_both_and_every_panel_has_something_to_show(
    house: StandIn, shop: dict[str, Any], addresses: dict[str, str], tmp_path: Path
) -> None:
    with prometheus(house, tmp_path, addresses) as url:
        deadline = time.monotonic() + 20
        while not _both_are_up(url):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        wait_for_ads(house, shop)
        time.sleep(1.5)  # two readings, for rates
        empty = [title for title, expr in PANELS if not _values(url, expr)]
        assert set(empty) <= {"Answers that did without a part", "Jobs"}  # there were none
        rules = [rule for group in told(f"{url}/rules")["groups"] for rule in group["rules"]]
        assert {rule["name"] for rule in rules} == {rule["alert"] for rule in RULES}
        assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
        assert [rule["name"] for rule in rules if rule["state"] != "inactive"] == []


def _both_are_up(url: str) -> bool:
    try:
        targets = told(f"{url}/targets")["activeTargets"]
    except OSError:
        return False
    return [target["health"] for target in targets] == ["up", "up"]


def _values(url: str, expr: str) -> list[Any]:
    query = urllib.parse.urlencode({"query": expr.replace("$__rate_interval", "1m")})
    return list(told(f"{url}/query?{query}")["result"])
