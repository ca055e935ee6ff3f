"""Webhook endpoints at rest, their secrets sealed."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.access import Principal
from app.domain.errors import Conflict, NotFound
from app.domain.ports.webhooks import RouterState
from app.domain.webhooks import Endpoint, EndpointId, EndpointKey
from app.security.vault import Vault
from app.storage import limits
from app.storage.dialect import upsert
from app.storage.endpoint_rows import endpoint_from, endpoint_values, keys_from, plain_keys
from app.storage.engine import Database
from app.storage.event_log import read_head
from app.storage.pages import page_size
from app.storage.rotation import endpoint_place
from app.storage.tables import is_key
from app.storage.unit import read, write
from app.storage.webhook_tables import endpoint_secrets, endpoints, lanes, router


class SqlEndpointStore:
    """Implements `app.domain.ports.EndpointStore`; every method raises StorageUnavailable besides what is said there.

    Every change counts up the router's version in the same transaction: a dispatcher that read older endpoints cannot
    move on in the log, so no event goes past an endpoint that was there before it.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        """Take an open database, and what seals secrets."""
        self._database = database
        self._vault = vault

    async def add(self, endpoint: Endpoint, keys: Sequence[EndpointKey], most: int) -> Endpoint:
        """Insert; answers it with `since` set to the end of the log. Raises Conflict when its tenant has `most`."""
        tenant = endpoint.wants.tenant
        same = endpoints.c.tenant.is_(None) if tenant is None else endpoints.c.tenant == tenant
        async with write(self._database) as connection:
            await changed(connection)
            count = (await connection.execute(select(func.count()).select_from(endpoints).where(same))).scalar_one()
            if count >= most:
                raise Conflict(f"There are {most} endpoints of this tenant already; remove one first.")
            since = await _end_of_log(connection)
            if (await connection.execute(select(endpoints.c.id).limit(1))).first() is None:
                await connection.execute(update(router).values(position=since))  # what was before is for nobody
            values = endpoint_values(endpoint) | {"since": since}
            await connection.execute(insert(endpoints).values(values))
            await self._write_keys(connection, endpoint.id, keys)
            return await _read(connection, endpoint.id)

    async def get(self, principal: Principal, endpoint_id: str) -> Endpoint:
        """Find one. Raises NotFound."""
        if not is_key(endpoint_id):
            raise _none()
        async with read(self._database) as connection:
            endpoint = await _read(connection, EndpointId(endpoint_id))
        if not endpoint.wants.lies_within(principal):
            raise _none()
        return endpoint

    async def list(self, principal: Principal, limit: int, after: EndpointId | None) -> tuple[Endpoint, ...]:
        """List by id, those after `after`; at most `limits.PAGE` at once."""
        limit, found = page_size(limit), list[Endpoint]()
        if (after is not None and not is_key(after)) or (principal.tenant is not None and not is_key(principal.tenant)):
            return ()
        async with read(self._database) as connection:
            while True:
                statement = select(endpoints).order_by(endpoints.c.id).limit(limits.PAGE)
                if after is not None:
                    statement = statement.where(endpoints.c.id > after)
                if principal.tenant is not None:
                    statement = statement.where(endpoints.c.tenant == principal.tenant)
                rows = [endpoint_from(row) for row in await connection.execute(statement)]
                found += [row for row in rows if row.wants.lies_within(principal)]
                if len(found) >= limit or len(rows) < limits.PAGE:
                    return tuple(found[:limit])
                after = rows[-1].id

    async def replace(self, endpoint: Endpoint, *, is_from_now: bool = False) -> Endpoint:
        """Write what a person may change, and the health. Raises Conflict when it was changed or erased meanwhile."""
        values = {name: value for name, value in endpoint_values(endpoint).items() if name not in {"id", "since"}}
        async with write(self._database) as connection:
            await changed(connection)
            if is_from_now:
                values["since"] = await _end_of_log(connection)
                await connection.execute(delete(lanes).where(lanes.c.endpoint_id == endpoint.id))
            return await self._write(connection, endpoint, values)

    async def remove(self, endpoint_id: EndpointId) -> None:
        """Erase the endpoint; its secret, lanes and deliveries go with it, by their foreign keys."""
        async with write(self._database) as connection:
            await changed(connection)
            await connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id))

    async def keys(self, endpoint_id: EndpointId) -> tuple[EndpointKey, ...]:
        """Decrypt the secrets, the newest first. Raises NotFound, KeyringError when the key is not there any more."""
        async with read(self._database) as connection:
            found = await read_keys(connection, self._vault, [endpoint_id])
        if endpoint_id not in found:
            raise _none()
        return found[endpoint_id]

    async def set_keys(self, endpoint: Endpoint, keys: Sequence[EndpointKey]) -> Endpoint:
        """Write the secrets. Raises Conflict when the endpoint was changed or erased meanwhile."""
        async with write(self._database) as connection:
            await changed(connection)
            written = await self._write(connection, endpoint, {"updated_at": endpoint.updated_at})
            await self._write_keys(connection, endpoint.id, keys)
            return written

    async def _write(self, connection: AsyncConnection, endpoint: Endpoint, values: dict[str, object]) -> Endpoint:
        statement = (
            update(endpoints)
            .where(endpoints.c.id == endpoint.id, endpoints.c.revision == endpoint.revision)
            .values(values | {"revision": endpoint.revision + 1})
        )
        if (await connection.execute(statement)).rowcount != 1:
            raise Conflict("The endpoint was changed meanwhile. Read it again and retry.")
        return await _read(connection, endpoint.id)

    async def _write_keys(
        self, connection: AsyncConnection, endpoint_id: EndpointId, keys: Sequence[EndpointKey]
    ) -> None:
        sealed = self._vault.seal(plain_keys(tuple(keys)), endpoint_place(endpoint_id))
        row = {"endpoint_id": endpoint_id, "sealed": sealed, "key_id": self._vault.key_id(sealed)}
        await connection.execute(upsert(connection, endpoint_secrets, [row], keys=["endpoint_id"]))


async def _end_of_log(connection: AsyncConnection) -> int:
    head = await read_head(connection)
    return 0 if head is None else head.position


async def changed(connection: AsyncConnection) -> RouterState:
    """Count up the router's version, which also holds up every router until this transaction ends."""
    row = {"id": 1, "position": 0, "version": 0}
    await connection.execute(upsert(connection, router, [row], keys=["id"], overwrite=False))
    counted = update(router).values(version=router.c.version + 1).returning(router.c.position, router.c.version)
    position, version = (await connection.execute(counted)).one()
    return RouterState(position, version)


async def read_keys(
    connection: AsyncConnection, vault: Vault, ids: Sequence[EndpointId]
) -> dict[EndpointId, tuple[EndpointKey, ...]]:
    """Decrypt the secrets of endpoints. Raises KeyringError when a key is not there any more."""
    statement = select(endpoint_secrets.c.endpoint_id, endpoint_secrets.c.sealed).where(
        endpoint_secrets.c.endpoint_id.in_(ids)
    )
    rows = (await connection.execute(statement)).all()
    return {EndpointId(name): keys_from(vault.open(sealed, endpoint_place(name))) for name, sealed in rows}


async def _read(connection: AsyncConnection, endpoint_id: EndpointId) -> Endpoint:
    row = (await connection.execute(select(endpoints).where(endpoints.c.id == endpoint_id))).one_or_none()
    if row is None:
        raise _none()
    return endpoint_from(row)


def _none() -> NotFound:
    return NotFound("No such webhook endpoint.")
