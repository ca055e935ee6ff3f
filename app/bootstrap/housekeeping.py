"""What goes on beside the requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.domain.errors import StorageUnavailable
from app.domain.ports import Clock
from app.gateway.maildrop.limits import TOMBSTONES
from app.services.webhook_limits import DELIVERIES_KEPT
from app.storage.accounts import SqlAccountStore
from app.storage.deliveries import SqlDeliveryStore
from app.storage.events import SqlEventLog
from app.storage.idempotency import SqlIdempotencyStore
from app.storage.lanes import SqlLaneStore
from app.storage.maildrops import SqlMaildropStore
from app.storage.moved_messages import SqlMovedMessageStore
from app.telemetry.metrics import Metrics

_log = logging.getLogger(__name__)


def refresher(
    metrics: Metrics, store: SqlAccountStore, lanes: SqlLaneStore, clock: Clock
) -> Callable[[], Awaitable[None]]:
    """Make what brings the metrics up to date before they are read; without the database the others are still told."""

    async def refresh() -> None:
        try:
            metrics.set_accounts(await store.count_by_state())
            oldest = await lanes.oldest_owed()
            metrics.set_oldest_owed(0.0 if oldest is None else clock.now() - oldest)
        except StorageUnavailable:
            _log.warning("the database could not be asked; some metrics are old")

    return refresh


async def purge_hourly(
    idempotency: SqlIdempotencyStore,
    moved: SqlMovedMessageStore,
    deliveries: SqlDeliveryStore,
    maildrops: SqlMaildropStore,
    clock: Clock,
) -> None:
    """Drop what has had its time, now and each hour; a database that is down is asked again next time."""
    while True:
        try:
            await idempotency.purge(clock.now())
            await moved.purge(clock.now())
            await deliveries.purge(clock.now() - DELIVERIES_KEPT)
            await maildrops.purge(clock.now() - TOMBSTONES)
        except StorageUnavailable:
            _log.warning("old rows could not be dropped")
        await asyncio.sleep(3600)


async def trim_hourly(log: SqlEventLog, lanes: SqlLaneStore, kept: float, clock: Clock) -> None:
    """Drop events older than `kept` seconds, now and each hour; not those still owed to an endpoint."""
    while True:
        try:
            owed = await lanes.oldest_owed()
            before = clock.now() - kept
            await log.trim(before if owed is None else min(before, owed), (await log.head()).position)
        except StorageUnavailable:
            _log.warning("old events could not be dropped")
        await asyncio.sleep(3600)


async def stopped(task: asyncio.Task[None]) -> None:
    """End a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
