"""How much of everything: the whole bench, and the smoke run."""

from dataclasses import dataclass, replace

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts are messages, accounts and mailboxes; `seconds` is how long one row of a table is measured."""

    accounts: int = 32
    small: int = 1_000
    large: int = 50_000
    offset: int = 40_000
    mailboxes: int = 34
    concurrencies: tuple[int, ...] = (1, 8, 32)
    seconds: float = 1.5
    part_bytes: int = MEBIBYTE
    #: One fresh message for each request of a cold download.
    part_messages: int = 48
    #: Downloads at each concurrency.
    part_downloads: tuple[int, ...] = (8, 8, 32)
    big_part_bytes: int = 25 * MEBIBYTE
    big_part_downloads: tuple[int, ...] = (3, 8, 32)
    #: Beyond this, plain clients would hold gigabytes of whole parts in memory.
    big_part_baseline_concurrency: int = 8


FULL = Scale()
QUICK = Scale(
    accounts=2,
    small=60,
    large=300,
    offset=200,
    mailboxes=8,
    concurrencies=(1,),
    seconds=0.0,
    part_bytes=MEBIBYTE // 8,
    part_messages=2,
    part_downloads=(1,),
    big_part_bytes=MEBIBYTE,
    big_part_downloads=(1,),
)
#: Enough to hold the service against its aims, on one account: under two minutes where the machine is idle.
TARGETS = replace(
    FULL,
    accounts=1,
    mailboxes=8,
    concurrencies=(1, 8),
    part_messages=1,
    part_downloads=(1, 1),
    big_part_downloads=(3, 8),
)
