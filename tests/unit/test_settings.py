"""Settings come from the environment, and can be handed to another process."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service.settings import Settings

NAMES = ["DATABASE_URL", "REDIS_URL", "SALIENT_STATE", "SALIENT_MODELS", "SALIENT_SECRET"]
NAMES += ["SALIENT_BASE_URL", "HOST", "PORT", "SALIENT_WORKERS"]
NAMES += ["SALIENT_CALLS_PER_MINUTE", "SALIENT_LINGER_SECONDS", "SALIENT_WORKER_METRICS_PORT"]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_an_environment_everything_is_local() -> None:
    settings = Settings()
    assert (settings.database_url, settings.redis_url) == (None, None)
    assert (settings.state, settings.models) == (Path(".salient"), Path("models"))
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://x")
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("DATABASE_URL", "")  # as an unset variable of a compose file
    settings = Settings()
    assert (settings.redis_url, settings.port, settings.database_url) == ("redis://x", 9000, None)


def test_another_process_gets_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        redis_url="redis://x", state=Path("/s"), secret=SecretStr("1:" + "ab" * 32), workers=3
    ).model_copy(
        update={"linger_seconds": 2.5, "worker_metrics_port": 9100, "calls_per_minute": 60}
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
    assert "abab" not in repr(settings)


@pytest.mark.parametrize("name", ["PORT", "SALIENT_WORKER_METRICS_PORT"])
@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, port: str
) -> None:
    monkeypatch.setenv(name, port)
    with pytest.raises(ValidationError):
        Settings()
