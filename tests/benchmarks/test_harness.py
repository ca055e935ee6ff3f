"""The bench runs through and measures what it says; its numbers are not judged here."""

import math

import pytest

from tests.benchmarks import report
from tests.benchmarks.cases import cases
from tests.benchmarks.rows import Row, percentile
from tests.benchmarks.run import Run, run
from tests.benchmarks.scale import FULL, QUICK
from tests.support.dovecot import DovecotUnavailable
from tests.support.requirements import missing


@pytest.fixture(scope="module")
def found() -> Run:
    try:
        return run(QUICK, lambda _: None)
    except DovecotUnavailable as error:
        missing(str(error))


@pytest.mark.dovecot
@pytest.mark.timeout(300)
def test_a_run_measures_everybody_in_every_case(found: Run) -> None:
    measured = {(row.case, row.who, row.state) for row in found.rows}
    assert {(case.key, "Mailhatch", state) for case in found.cases for state in case.states} <= measured
    assert {(case.key, who, case.states[0]) for case in found.cases for who in ("raw socket", "imapclient")} <= measured
    assert [row for row in found.rows if row.failures or not row.requests] == []


@pytest.mark.dovecot
@pytest.mark.timeout(300)
def test_round_trips_are_those_of_the_design(found: Run) -> None:
    of_service = {(row.case, row.state): row.round_trips for row in found.rows if row.who == "Mailhatch"}
    assert {state: of_service["first-1", state] for state in ("cold", "cached")} == {"cold": 1, "cached": 1}
    assert {state: of_service["deep", state] for state in ("cold", "cached")} == {"cold": 1, "cached": 1}
    assert {state: of_service["list-1", state] for state in ("cold", "cached")} == {"cold": 1, "cached": 1}
    assert {state: of_service["body-1", state] for state in ("cold", "cached")} == {"cold": 2, "cached": 1}
    for search in ("search-from", "search-size"):  # what answers, then its rows
        assert {state: of_service[search, state] for state in ("cold", "cached")} == {"cold": 2, "cached": 2}
    assert of_service["flag", "cached"] == of_service["flag-batch", "cached"] == 1


@pytest.mark.dovecot
@pytest.mark.timeout(300)
def test_a_run_is_held_against_every_aim(found: Run) -> None:
    assert len(found.targets()) == 7
    assert all(target.measured for target in found.targets())
    text = "\n".join(line for case in found.cases for line in report.case_lines(case, found.of(case)))
    assert text.count("\n## ") == len(found.cases) - 1
    assert "nan" not in text


def test_the_whole_bench_has_the_sizes_that_are_promised() -> None:
    titles = " ".join(case.title for case in cases(FULL))
    for words in (
        "of 1,000",
        "of 50,000",
        "offset 40,000",
        "32 accounts",
        "one account",
        "1 MB",
        "25 MB",
        "flag of 1,000",
        "Search by sender, mailbox of 50,000",
    ):
        assert words in titles
    assert FULL.concurrencies == (1, 8, 32)


def test_a_percentile_is_a_measured_value() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(each) for each in range(1, 101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0
    assert math.isnan(percentile([], 0.5))


def test_a_failure_shows_in_the_report() -> None:
    case = cases(FULL)[0]
    row = Row(case.key, "Mailhatch", "cold", 1, 1, 0.1, 0.1, 10.0, 0.1, 1, None, {"503": 2})
    assert any("503" in line for line in report.case_lines(case, [row]))
