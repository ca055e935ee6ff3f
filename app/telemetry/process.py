"""What the process itself uses, read without opening a file: scrapes are answered on the event loop."""

import sys
import threading
import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class ProcessUse(Collector):
    """CPU time, peak memory, threads and start time, under the names Prometheus has for them where it has one."""

    def __init__(self) -> None:
        """Remember the start."""
        self._started = time.time()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield CounterMetricFamily("process_cpu_seconds", "CPU time used, in seconds.", time.process_time())
        yield GaugeMetricFamily("process_start_time_seconds", "Start, in Unix seconds.", self._started)
        yield GaugeMetricFamily("mailhatch_process_threads", "Threads running.", threading.active_count())
        if sys.platform != "win32":
            import resource  # not there on Windows

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            peak *= 1 if sys.platform == "darwin" else 1024  # kilobytes, but for macOS
            yield GaugeMetricFamily("mailhatch_process_peak_memory_bytes", "Most memory ever resident.", peak)
