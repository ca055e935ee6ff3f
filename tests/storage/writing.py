"""A process that writes until it is killed: one token a transaction, its id printed once it is acknowledged."""

import asyncio
import sys

from app.storage.engine import Database
from app.storage.tokens import SqlTokenStore
from tests.storage.samples import a_token


async def _write(url: str) -> None:
    store = SqlTokenStore(await Database.open(url))

    async def forever() -> None:
        while True:
            record = a_token()
            await store.add(record, bytes(32))
            print(record.id, flush=True)

    await asyncio.gather(*(forever() for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(_write(sys.argv[1]))
