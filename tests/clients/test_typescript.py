"""TypeScript clients generated from what we publish: a small inbox compiles strictly, and shows the mail."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.repository import ROOT
from tests.e2e.service import Service, running
from tests.e2e.test_docs_page import LETTER
from tests.support import npm
from tests.support.dovecot import Dovecot

pytestmark = pytest.mark.timeout(900)  # npm on a busy machine


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with both clients generated, in a folder of its own."""
    folder = npm.install(Path(__file__).parent / "npm", tmp_path_factory.mktemp("clients"))
    shutil.copy(ROOT / "openapi" / "mailhatch.json", folder)
    shutil.copy(ROOT / "schemas" / "graphql" / "mailhatch.graphql", folder)
    npm.node(folder, "node_modules/openapi-typescript/bin/cli.js", "mailhatch.json", "--output", "rest.ts")
    npm.node(folder, "node_modules/.bin/graphql-codegen", "--config", "codegen.json")
    npm.node(folder, "node_modules/typescript/bin/tsc")
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as it is run."""
    with running(tmp_path_factory.mktemp("service"), "http://localhost:3000") as started:
        yield started


@pytest.mark.dovecot
def test_both_clients_show_the_inbox(clients: Path, service: Service, dovecot: Dovecot) -> None:
    user = dovecot.add_user()
    user.append(LETTER)
    account = service.put_account(user, "typescript")
    environment = {"URL": service.url, "TOKEN": service.token, "ACCOUNT": account}
    by_rest, by_graphql = json.loads(npm.node(clients, "out/show.js", environment=environment))
    assert by_rest[0] == "INBOX (1)"
    assert by_rest[-1] == "* Mira Lindqvist: Pläne für Freitag"
    assert by_graphql == by_rest


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("inbox_rest.ts", "one.unread", "one.unraed", "TS2551"),
        ("inbox_rest.ts", "limit: 20", "limit: 'many'", "TS2322"),
        ("inbox_graphql.ts", "one.unread", "one.unraed", "TS2551"),
        ("inbox_graphql.ts", "INBOX, { account }", "INBOX, {}", "TS2345"),
    ],
)
def test_a_mistake_does_not_compile(
    clients: Path, tmp_path: Path, file: str, right: str, wrong: str, told: str
) -> None:
    for source in (*clients.glob("*.ts"), clients / "tsconfig.json"):
        shutil.copy(source, tmp_path)
    for name in ("node_modules", "graphql"):
        (tmp_path / name).symlink_to(clients / name)
    text = (tmp_path / file).read_text("utf-8")
    assert right in text
    (tmp_path / file).write_text(text.replace(right, wrong), "utf-8")
    said = npm.failing(tmp_path, str(clients / "node_modules" / "typescript" / "bin" / "tsc"))
    assert f"{file}(" in said
    assert told in said
