"""The service as the demo's child: `mailhatch serve`, ended when the demo is gone.

`python -m app.demo.service` behaves as `python -m app serve`, but stops as on SIGTERM once its standard input ends.
"""

import os
import runpy
import signal
import sys
import threading
import time

from app.demo.limits import CHILD_STOP


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(CHILD_STOP)
    os._exit(1)  # it hangs, and there is nobody left to kill it


def main() -> None:
    """Run the service."""
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    sys.argv = ["mailhatch", "serve"]
    runpy.run_module("app", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
