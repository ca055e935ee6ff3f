"""`python -m tests.benchmarks`: measure the service beside a raw socket and plain imapclient, about six minutes."""

import argparse
import os
import sys
import time

from tests.benchmarks import report
from tests.benchmarks.run import Run, run
from tests.benchmarks.scale import FULL, MEBIBYTE, QUICK, TARGETS
from tests.benchmarks.targets import CASES
from tests.contracts.repository import ROOT
from tests.support.dovecot import DovecotUnavailable


def main() -> int:
    """Run, print, and write where asked."""
    os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see in seconds that it works; the numbers mean nothing")
    parser.add_argument(
        "--only",
        choices=["targets"],
        help="measure only what the aims are about, on one account: under two minutes on an idle machine; not with "
        "--write, whose page tells every case",
    )
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md as well")
    arguments = parser.parse_args()
    if arguments.only and arguments.write:
        parser.error("--only measures too little to be written")
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {line}", file=sys.stderr, flush=True)

    load_before = os.getloadavg()[0]
    try:
        scale = QUICK if arguments.quick else TARGETS if arguments.only else FULL
        found = run(scale, tell, CASES | {f"first-{scale.accounts}"} if arguments.only else None)
    except DovecotUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    lines = [*heading(load_before), *body(found)]
    print("\n".join(lines))
    if arguments.write:
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join([report.PREFACE, *lines]), "utf-8")
    return 0


def heading(load_before: float) -> list[str]:
    """Say when and on what; a machine busy with something else makes times longer."""
    load_now = os.getloadavg()[0]
    busy = f"load {load_before:.1f} before the run and {load_now:.1f} at its end"
    return [f"{report.date()}: {report.machine()}; {busy}. The run itself makes a load of about 2.", ""]


def body(found: Run) -> list[str]:
    """Write everything a run found."""
    lines = list(report.target_lines(found.targets()))
    lines += [f"After all cases the service had {found.used_bytes / MEBIBYTE:.0f} MB in memory.", ""]
    for case in found.cases:
        lines += report.case_lines(case, found.of(case))
    return lines


if __name__ == "__main__":
    sys.exit(main())
