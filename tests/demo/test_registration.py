from pathlib import Path

import pytest

from app.config import Settings
from app.demo.registration import service_environment


def test_the_demo_is_not_touched_by_the_settings_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILHATCH_DATABASE_URL", "postgresql+asyncpg://production/mail")
    monkeypatch.setenv("MAILHATCH_LOG_LEVEL", "debug")
    monkeypatch.setenv("LANG", "sr_RS.UTF-8")
    environment = service_environment(8025, Path("var/demo"), "mh_demo_x")
    assert "MAILHATCH_DATABASE_URL" not in environment
    assert environment["MAILHATCH_LOG_LEVEL"] == "debug"
    assert environment["LANG"] == "sr_RS.UTF-8"


def test_every_setting_of_the_demo_is_one_the_service_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service_environment(8025, Path("var/demo"), "mh_demo_x").items():
        if name.startswith("MAILHATCH_"):
            assert name.removeprefix("MAILHATCH_").lower() in Settings.model_fields
            monkeypatch.setenv(name, value)
    settings = Settings()
    assert [str(network) for network in settings.allowed_mail_networks] == ["127.0.0.0/8"]
    assert settings.allow_insecure_mail
    assert settings.host == "127.0.0.1"
    assert settings.cors_origins == ("http://localhost:3000", "http://localhost:5173")
