"""Settings: from the environment (`MAILHATCH_…`) or a TOML file named by `MAILHATCH_CONFIG`; the environment wins.

Each says its meaning, unit, default and danger; the README's table is made from here and a test keeps it so.
"""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """All settings. Lists are written with commas in the environment."""

    model_config = SettingsConfigDict(env_prefix="MAILHATCH_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on. `0.0.0.0` opens the service to the network.")
    port: int = Field(8025, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    public_url: str | None = Field(
        None,
        description="Address under which clients reach the service, such as `https://mail.example.com`; signed links "
        "and pages use it. Unset: taken from the request. Set it behind a proxy.",
    )
    root_path: str = Field("", description="Path prefix a proxy strips, such as `/mail`.")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or CIDRs of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. "
        "Danger: a client listed here can claim any address.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of browser frontends that may call the API, such as `https://app.example.com`."
    )
    data_dir: Path = Field(
        Path("var"), description="Folder of the SQLite database and the generated key file; made if missing."
    )
    database_url: SecretStr | None = Field(
        None,
        description="Database, `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/name`. Unset: "
        "`mailhatch.db` in the data folder.",
    )
    encryption_keys: SecretStr | None = Field(
        None,
        description="Keys that encrypt mail credentials, `id:base64` of 32 bytes each, separated by commas, the first "
        "one encrypts. Unset: read from `encryption_keys_file`. Danger: without them the credentials are lost.",
    )
    encryption_keys_file: Path | None = Field(
        None,
        description="File with the encryption keys, one `id:base64` a line. Unset: `keys` in the data folder, made at "
        "the first start (mode 0600). Back it up apart from the database.",
    )
    admin_token: SecretStr | None = Field(
        None,
        description="The admin token, `mh_<id>_<secret>`. Unset: one is generated at the first start and shown once.",
    )
    ca_file: Path | None = Field(
        None, description="PEM file of further certificate authorities to trust for mail servers and webhooks."
    )
    allowed_mail_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="CIDRs of private or special addresses that mail hosts may resolve to, such as `10.2.0.0/16`. "
        "Public addresses are always allowed. Danger: API clients can make the service dial these addresses.",
    )
    allowed_webhook_networks: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="CIDRs of private or special addresses that webhooks may be delivered to, such as `10.2.0.0/16`. "
        "Public addresses are always allowed. Danger: API clients can make the service call these addresses.",
    )
    allow_insecure_webhooks: bool = Field(
        False, description="Allow webhooks to `http://` addresses. Danger: events travel unencrypted."
    )
    allow_insecure_mail: bool = Field(
        False,
        description="Allow accounts with `security: none`. Danger: passwords and mail travel unencrypted.",
    )
    mail_timeout: float = Field(
        10.0, gt=0, le=300, description="Deadline of one operation on a mail server in seconds, DNS to last byte."
    )
    connections_per_account: int = Field(
        3, ge=1, le=15, description="Connections to the mail server one account may have at a time."
    )
    connections_per_host: int = Field(
        200, ge=1, le=10000, description="Connections to one mail host, over all accounts."
    )
    connections_total: int = Field(1000, ge=1, le=20000, description="Mail connections this process may have.")
    logins_per_host: float = Field(
        20.0, gt=0, le=10000, description="Logins per second to one mail host; more wait their turn."
    )
    connection_idle: float = Field(
        120.0, gt=0, le=1500, description="Seconds after which an unused mail connection is closed."
    )
    connection_lifetime: float = Field(
        1800.0, gt=0, le=86400, description="Seconds after which a mail connection is replaced, ±10 %."
    )
    pool_wait: float = Field(
        5.0, gt=0, le=60, description="Seconds a call waits for a free mail connection before `too_many_connections`."
    )
    watch: bool = Field(True, description="Watch the mailboxes of all accounts, so that changes can be told.")
    watch_interval: float = Field(
        60.0, ge=1, le=86400, description="Seconds between two looks at an account's mailboxes, ±20 %."
    )
    watch_messages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("inbox",),
        description="Roles of the mailboxes whose every message is watched, such as `inbox,sent`; `*` for all. Of the "
        "others counts alone are.",
    )
    event_retention: float = Field(
        30 * 86400.0,
        ge=3600,
        description="Seconds that events are kept; clients away for longer read lists again.",
    )
    summary_cache_bytes: int = Field(
        32 * 1024 * 1024, ge=0, description="Memory for cached summaries in bytes, over all accounts."
    )
    body_cache_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=0,
        description="Disk in bytes for downloaded messages of POP3 accounts, encrypted, in the data folder; the "
        "message used last stays in any case.",
    )
    request_body_bytes: int = Field(
        1024 * 1024, ge=1024, le=64 * 1024 * 1024, description="Largest request body in bytes."
    )
    message_bytes: int = Field(
        50 * 1024 * 1024,
        ge=1024,
        le=1024 * 1024 * 1024,
        description="Largest message that may be handed in for storing, in bytes; large ones wait in a temporary file.",
    )
    requests_per_minute: int = Field(
        6000, ge=1, le=10_000_000, description="Requests per minute a token may make, unless it has its own limit."
    )
    link_lifetime: float = Field(
        3600.0, ge=60, le=604800, description="Seconds a signed link to a part lives at least; up to twice as long."
    )
    graphql_introspection: bool = Field(
        True, description="Answer GraphQL introspection: GraphiQL and code generators need it."
    )
    graphql_cost: int = Field(
        5000,
        ge=100,
        le=1_000_000,
        description="Most a GraphQL operation may cost: about one for each object.",
    )
    shutdown_timeout: float = Field(
        20.0, gt=0, le=600, description="Seconds running requests get to finish when the service is stopped."
    )
    log_level: str = Field("info", description="`debug`, `info`, `warning` or `error`.")
    log_format: str = Field("json", description="`json`, or `text` for a terminal.")
    metrics_public: bool = Field(
        False, description="Serve `/metrics` without a token. Danger: tells outsiders how busy the service is."
    )

    @field_validator(
        "trusted_proxies",
        "cors_origins",
        "watch_messages",
        "allowed_mail_networks",
        "allowed_webhook_networks",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/") if value else None

    @field_validator("root_path")
    @classmethod
    def _one_slash(cls, value: str) -> str:
        return "/" + value.strip("/") if value.strip("/") else ""

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin.rstrip("/") for origin in value)  # browsers send none

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value not in {"debug", "info", "warning", "error"}:
            raise ValueError("must be debug, info, warning or error")
        return value

    @field_validator("log_format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value not in {"json", "text"}:
            raise ValueError("must be json or text")
        return value

    @property
    def database(self) -> str:
        """The database's URL, the default one filled in; holds a password, so never print it."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{(self.data_dir / 'mailhatch.db').absolute()}"

    @property
    def keys_file(self) -> Path:
        """The file of encryption keys."""
        return self.encryption_keys_file or self.data_dir / "keys"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put arguments first, then the environment, then the TOML file."""
        sources = [init_settings, env_settings]
        if path := os.environ.get("MAILHATCH_CONFIG"):
            sources.append(TomlConfigSettingsSource(settings_cls, Path(path)))
        return tuple(sources)
