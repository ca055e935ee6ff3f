import pytest
from pydantic import ValidationError

from app.config import Settings


@pytest.mark.parametrize(("given", "kept"), [("", ""), ("/", ""), ("mail", "/mail"), ("/mail/", "/mail")])
def test_a_path_prefix_has_one_slash_before_it(given: str, kept: str) -> None:
    assert Settings(root_path=given).root_path == kept


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILHATCH_CORS_ORIGINS", "http://localhost:3000/, https://app.example.com")
    assert Settings().cors_origins == ("http://localhost:3000", "https://app.example.com")


def test_a_public_address_is_one() -> None:
    assert Settings(public_url="https://mail.example.com/").public_url == "https://mail.example.com"
    with pytest.raises(ValidationError, match="http"):
        Settings(public_url="mail.example.com")
