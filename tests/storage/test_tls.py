"""PostgreSQL over TLS: what is trusted, and that nothing talks us out of it."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.engine import Database
from app.storage.errors import StorageError
from app.storage.migrations import check, migrate
from app.storage.tls import tls_context
from tests.support.certificates import CertificateAuthority
from tests.support.postgres import PostgresServer, PostgresUnavailable, running_postgres
from tests.support.requirements import missing

IS_ENCRYPTED = (
    "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'mailhatch'"
)


@pytest.fixture(scope="module")
def server(certificate_authority: CertificateAuthority) -> Iterator[PostgresServer]:
    try:
        with running_postgres(certificate_authority.issue(("localhost",))) as server:
            yield server
    except PostgresUnavailable as error:
        missing(str(error))


@pytest.fixture
def trusted(tmp_path: Path, certificate_authority: CertificateAuthority) -> Path:
    path = tmp_path / "ca.pem"
    path.write_text(certificate_authority.ca_pem)
    return path


def _by_name(url: str) -> str:
    return url.replace("@127.0.0.1:", "@localhost:")


@pytest.mark.postgresql
@pytest.mark.parametrize("query", ["", "?sslmode=prefer", "?ssl=require"])
async def test_tls_is_used_where_there_is_some(server: PostgresServer, query: str) -> None:
    database = await Database.open(server.url("postgres") + query)
    try:
        assert server.run(IS_ENCRYPTED) == "t"
    finally:
        await database.close()


@pytest.mark.postgresql
async def test_a_verified_connection_serves_and_migrates(server: PostgresServer, trusted: Path) -> None:
    name = server.create_database()
    database = await Database.open(f"{_by_name(server.url(name))}?sslmode=verify-full&sslrootcert={trusted}")
    try:
        assert server.run(IS_ENCRYPTED) == "t"
        await migrate(database)
        await check(database)
    finally:
        await database.close()
        server.drop_database(name)


@pytest.mark.postgresql
async def test_another_hosts_certificate_is_refused_by_full_verification_alone(
    server: PostgresServer, trusted: Path
) -> None:
    by_address = server.url("postgres")
    with pytest.raises(StorageError, match="SSLCertVerificationError"):
        await Database.open(f"{by_address}?sslmode=verify-full&sslrootcert={trusted}")
    await (await Database.open(f"{by_address}?sslmode=verify-ca&sslrootcert={trusted}")).close()


@pytest.mark.postgresql
@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_a_certificate_of_an_authority_not_named_is_refused(
    server: PostgresServer, tmp_path: Path, mode: str
) -> None:
    other = tmp_path / "other.pem"
    other.write_text(CertificateAuthority("Another authority").ca_pem)
    with pytest.raises(StorageError, match="SSLCertVerificationError"):
        await Database.open(f"{_by_name(server.url('postgres'))}?sslmode={mode}&sslrootcert={other}")


def test_the_modes_are_those_of_libpq(trusted: Path) -> None:
    def strictness(context: ssl.SSLContext | None) -> tuple[ssl.VerifyMode, bool] | None:
        return (context.verify_mode, context.check_hostname) if context is not None else None

    assert strictness(tls_context("disable", trusted)) is None
    assert strictness(tls_context("require", None)) == (ssl.CERT_NONE, False)
    assert strictness(tls_context("require", trusted)) == (ssl.CERT_REQUIRED, False)
    assert strictness(tls_context("verify-ca", None)) == (ssl.CERT_REQUIRED, False)
    assert strictness(tls_context("verify-full", None)) == (ssl.CERT_REQUIRED, True)


def test_authorities_that_cannot_be_read_are_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "letter.pem").write_text("no certificate")
    for path in (tmp_path / "letter.pem", tmp_path / "nowhere.pem"):
        with pytest.raises(StorageError, match="sslrootcert"):
            tls_context("verify-full", path)
