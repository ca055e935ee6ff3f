"""What a test needs from the machine: it is skipped in one sentence without it, or fails where it must be there."""

import os
from typing import NoReturn

import pytest


def is_required() -> bool:
    """Whether a missing server is a failure: in continuous integration, or when asked for by name."""
    return os.environ.get("CI") == "true" or os.environ.get("MAILHATCH_REQUIRE_SERVERS") == "1"


def missing(sentence: str) -> NoReturn:
    """End the test: skip it, or fail it where the machine must have everything."""
    if is_required():
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
