"""What the service is meant to reach, held against what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.rows import Row
from tests.benchmarks.scale import MEBIBYTE

#: Keys of the cases that the aims are about.
CASES = frozenset(("big-part", "first-1", "first-large", "deep", "flag"))
#: Seconds in which a flag is to be set, alone on loopback.
_FLAG = 0.002
#: What noise may make of two equal costs.
_EQUAL = 1.1


@dataclass(frozen=True, slots=True)
class Target:
    """One aim: `reached` is what this run says, no promise for another machine."""

    aim: str
    measured: str
    reached: bool


def targets(rows: Sequence[Row], one_core: Row, idle_bytes: int) -> list[Target]:
    """Judge a run."""
    cold, plain = _one(rows, "first-1", "Mailhatch", "cold"), _one(rows, "first-1", "imapclient", "cold")
    big = [row for row in rows if row.case == "big-part" and row.who == "Mailhatch" and row.concurrency == 1]
    growth = max(row.growth or 0 for row in big) / MEBIBYTE
    first, deep = _one(rows, "first-large", "Mailhatch", "cold"), _one(rows, "deep", "Mailhatch", "cold")
    warm_first, warm_deep = (
        _one(rows, "first-large", "Mailhatch", "cached"),
        _one(rows, "deep", "Mailhatch", "cached"),
    )
    flag, raw_store, plain_store = [
        _one(rows, "flag", who, "cached") for who in ("Mailhatch", "raw socket", "imapclient")
    ]
    return [
        Target(
            "A cold page of 50 takes under 8 ms of CPU in the service",
            f"{_ms(cold.cpu)} ms; plain imapclient {_ms(plain.cpu)} ms",
            cold.cpu < 0.008,
        ),
        Target(
            "Over 600 cached pages a second from one core",
            f"{one_core.rate:.0f} a second; {_ms(one_core.cpu)} ms of CPU each, which allows {_most(one_core)}",
            one_core.rate > 600,
        ),
        Target(
            "A cached page takes one round trip",
            f"{_one(rows, 'first-1', 'Mailhatch', 'cached').round_trips}",
            _one(rows, "first-1", "Mailhatch", "cached").round_trips == 1,
        ),
        Target(
            f"A deep page is no dearer than the first (CPU, within {_EQUAL - 1:.0%})",
            f"cold {_ms(deep.cpu)} ms against {_ms(first.cpu)} ms, cached {_ms(warm_deep.cpu)} ms against "
            f"{_ms(warm_first.cpu)} ms, {deep.round_trips} round trips against {first.round_trips}",
            deep.cpu <= first.cpu * _EQUAL and warm_deep.cpu <= warm_first.cpu * _EQUAL,
        ),
        Target(
            f"A flag is set in under {_FLAG * 1000:.0f} ms (p50, one at a time) and one round trip",
            f"{_ms(flag.p50)} ms and {flag.round_trips}; raw STORE {_ms(raw_store.p50)} ms, imapclient "
            f"{_ms(plain_store.p50)} ms",
            flag.p50 < _FLAG and flag.round_trips == 1,
        ),
        Target("A part of 25 MB takes at most 8 MB more memory", f"{growth:.1f} MB", growth <= 8),
        Target(
            "The idle service takes under 150 MB",
            f"{idle_bytes / MEBIBYTE:.0f} MB",
            idle_bytes < 150 * MEBIBYTE,
        ),
    ]


def _one(rows: Sequence[Row], case: str, who: str, state: str) -> Row:
    """Find the row without concurrency."""
    return next(row for row in rows if (row.case, row.who, row.state, row.concurrency) == (case, who, state, 1))


def _most(row: Row) -> str:
    """Requests a second if nothing but their CPU bounded them; too few to be measured take none."""
    return f"{1 / row.cpu:.0f}" if row.cpu else "many"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"
