"""The README documents each setting as the code has it."""

from app.config import Settings
from tests.contracts.settings_table import README, documented, table


def test_the_readme_holds_the_table_of_settings() -> None:
    assert documented(README.read_text("utf-8")) == table(), "run `make contracts`"


def test_every_setting_says_what_it_means() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")]
    assert silent == []
