"""A process that starts: opens the database at the address given, migrates it, and says so."""

import asyncio
import sys

from app.storage.engine import Database
from app.storage.migrations import check, migrate


async def _start(url: str) -> None:
    database = await Database.open(url)
    try:
        await migrate(database)
        await check(database)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(_start(sys.argv[1]))
    print("ready")
