import io
import sys

import pytest

from app.demo.printed import curl_lines, say
from app.demo.registration import Registered

ANA = Registered("acc_1", "ana@lindenhof.example", "demo-ana")


def test_curl_goes_around_a_proxy_that_would_be_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    direct = [line for _, line in curl_lines("http://127.0.0.1:8025", "mh_a_b", ANA, "msg_1")]
    assert not [line for line in direct if "--noproxy" in line]
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert all("--noproxy 127.0.0.1" in line for _, line in curl_lines("http://h", "mh_a_b", ANA, "msg_1"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert [line for _, line in curl_lines("http://127.0.0.1:8025", "mh_a_b", ANA, "msg_1")] == direct


def test_a_terminal_without_the_letters_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii"))
    say("new mail: 山本")
    assert shown.getvalue() == b"new mail: \\u5c71\\u672c\n"
