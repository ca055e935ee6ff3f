"""What the system knows of a process: its CPU time, its memory, its cores."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads, those that ended too; in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident(pid: int) -> int:
    """Bytes in memory now (VmRSS)."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """Most bytes in memory since the start or `reset_peak` (VmHWM)."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Let the peak begin anew at what is in memory now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def pin(pid: int, cores: set[int]) -> None:
    """Keep a process, its threads and its descendants to these cores; what they start later inherits it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            os.sched_setaffinity(int(task.name), cores)
            children = (task / "children").read_text("ascii").split()
        except (ProcessLookupError, FileNotFoundError):  # ended meanwhile
            continue
        for child in children:
            pin(int(child), cores)


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"the system does not tell {name}")
