"""What the surroundings decide: read once by main, handed down as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment; by keyword (`Settings(state=...)`) in tests and commands."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    database_url: Annotated[
        str | None,
        Field(
            validation_alias="DATABASE_URL",
            description="Postgres 15 or newer. Unset: `salient up` starts its own.",
            examples=["postgresql://salient@127.0.0.1/salient"],
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Field(
            validation_alias="REDIS_URL",
            description="Redis or Valkey 7 or newer. Unset: `salient up` starts its own.",
            examples=["redis://127.0.0.1:6379/0", "unix:///run/valkey.sock?db=0"],
        ),
    ] = None
    state: Annotated[
        Path,
        Field(
            validation_alias="SALIENT_STATE",
            description="Folder for snapshots, the spool and embedded stores.",
            examples=[".salient"],
        ),
    ] = Path(".salient")
    models: Annotated[
        Path,
        Field(
            validation_alias="SALIENT_MODELS",
            description="Folder of model bundles.",
            examples=["models"],
        ),
    ] = Path("models")
    secret: Annotated[
        SecretStr | None,
        Field(
            validation_alias="SALIENT_SECRET",
            description="Token signing keys, newest first, `kid:hex,kid:hex`. Unset: a key kept "
            "in the state folder.",
            examples=["2:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ] = None
    explored_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            validation_alias="SALIENT_EXPLORED_SHARE",
            description="The share of titles whose selling points are drawn by lot, so that "
            "training learns what they do.",
            examples=[0.04],
        ),
    ] = 0.04
    base_url: Annotated[
        str | None,
        Field(
            validation_alias="SALIENT_BASE_URL",
            description="Where shoppers' browsers reach this service. Unset: the request's host.",
            examples=["https://ads.example.com"],
        ),
    ] = None
    trusted_proxies: Annotated[
        str,
        Field(
            validation_alias="SALIENT_TRUSTED_PROXIES",
            description="Address ranges of the load balancers in front, with commas between: what "
            "they say in X-Forwarded-For of a caller's address is believed.",
            examples=["10.0.0.0/8,192.168.0.0/16"],
        ),
    ] = ""
    datacentres: Annotated[
        Path | None,
        Field(
            validation_alias="SALIENT_DATACENTRES",
            description="File of address ranges where no shopper lives, one a line. Unset: the "
            "list that comes with the service.",
            examples=["/etc/salient/datacentres.txt"],
        ),
    ] = None
    host: Annotated[
        str,
        Field(validation_alias="HOST", description="Address to listen on.", examples=["0.0.0.0"]),  # noqa: S104 - an example
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(
            validation_alias="PORT",
            ge=0,
            le=65_535,
            description="Port to listen on.",
            examples=[8000],
        ),
    ] = 8000
    workers: Annotated[
        int,
        Field(
            validation_alias="SALIENT_WORKERS",
            ge=1,
            le=256,
            description="Serving processes.",
            examples=[4],
        ),
    ] = 1
    calls_per_minute: Annotated[
        int,
        Field(
            validation_alias="SALIENT_CALLS_PER_MINUTE",
            ge=1,
            le=10_000_000,
            description="How often one key may call the management API, in each serving process.",
            examples=[6000],
        ),
    ] = 6000
    max_connections: Annotated[
        int,
        Field(
            validation_alias="SALIENT_MAX_CONNECTIONS",
            ge=1,
            le=1_000_000,
            description="Connections that each serving process holds; one more gets 503. Fewer "
            "where the process may not open as many files.",
            examples=[10_000],
        ),
    ] = 10_000
    linger_seconds: Annotated[
        float,
        Field(
            validation_alias="SALIENT_LINGER_SECONDS",
            ge=0,
            le=300,
            description="How long a server that was told to stop serves on, not ready any more. "
            "Longer than the load balancer takes to see it.",
            examples=[5],
        ),
    ] = 0.5
    worker_metrics_port: Annotated[
        int | None,
        Field(
            validation_alias="SALIENT_WORKER_METRICS_PORT",
            ge=0,
            le=65_535,
            description="Port of the worker's metrics. Unset: none are served.",
            examples=[9100],
        ),
    ] = None

    retention_days: Annotated[
        int,
        Field(
            validation_alias="SALIENT_RETENTION_DAYS",
            ge=0,
            le=36_500,
            description="How many days events, decisions, and results and plans of platforms are "
            "kept; 0 keeps them for ever.",
            examples=[400],
        ),
    ] = 400

    private_webhooks: Annotated[
        bool,
        Field(
            validation_alias="SALIENT_PRIVATE_WEBHOOKS",
            description="Whether webhooks may lead to http:// and to private addresses. For "
            "development: in production they would let a shop's key reach inside.",
            examples=[False],
        ),
    ] = False

    def environment(self) -> dict[str, str]:
        """The variables that give another process these same settings."""
        given = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SALIENT_STATE": str(self.state),
            "SALIENT_MODELS": str(self.models),
            "SALIENT_SECRET": self.secret and self.secret.get_secret_value(),
            "SALIENT_BASE_URL": self.base_url,
            "SALIENT_TRUSTED_PROXIES": self.trusted_proxies,
            "SALIENT_DATACENTRES": str(self.datacentres or ""),
            "HOST": self.host,
            "PORT": str(self.port),
            "SALIENT_WORKERS": str(self.workers),
            "SALIENT_CALLS_PER_MINUTE": str(self.calls_per_minute),
            "SALIENT_MAX_CONNECTIONS": str(self.max_connections),
            "SALIENT_LINGER_SECONDS": str(self.linger_seconds),
            "SALIENT_WORKER_METRICS_PORT": str(self.worker_metrics_port or ""),
            "SALIENT_RETENTION_DAYS": str(self.retention_days),
            "SALIENT_PRIVATE_WEBHOOKS": "true" if self.private_webhooks else "",
        }
        return {name: value for name, value in given.items() if value}
