import pytest

from app.domain.capabilities import Capability
from app.imap.capabilities import describe


def test_a_bare_server_reads_and_says_what_it_lacks() -> None:
    found = describe(frozenset({"IMAP4REV1"}))
    assert found.protocol == "imap"
    assert found.server == ("IMAP4REV1",)
    assert found.items["summaries"] == Capability(True, "server", "ENVELOPE")
    assert found.items["search"] == Capability(True, "server", "SEARCH")
    assert found.items["mailbox_counts"] == Capability(True, "server", "STATUS")
    assert found.items["push"] == Capability(False, "none")
    assert found.items["preview"] == Capability(True, "service", "BODY[1]")
    assert found.items["special_use"] == Capability(True, "service", "names")
    assert found.items["move"] == Capability(True, "service", "COPY")
    assert found.items["erase"] == Capability(True, "service", "EXPUNGE")
    assert found.items["copy"] == Capability(True, "server", "COPY")
    assert found.items["conditional_flags"] == Capability(False, "none")


@pytest.mark.parametrize(
    ("announced", "name", "how"),
    [
        ("IDLE", "push", "IDLE"),
        ("IDLE NOTIFY", "push", "NOTIFY"),
        ("CONDSTORE", "changes", "CONDSTORE"),
        ("QRESYNC CONDSTORE", "changes", "QRESYNC"),
        ("X-GM-EXT-1", "stable_ids", "X-GM-EXT-1"),
        ("OBJECTID X-GM-EXT-1", "threads", "OBJECTID"),
        ("IMAP4REV2", "move", "IMAP4REV2"),
        ("UIDPLUS", "erase", "UIDPLUS"),
        ("CONDSTORE", "conditional_flags", "CONDSTORE"),
        ("LIST-STATUS", "mailbox_counts", "LIST-STATUS"),
    ],
)
def test_the_best_mechanism_is_named(announced: str, name: str, how: str) -> None:
    assert describe(frozenset(announced.split())).items[name] == Capability(True, "server", how)
