"""The suite's own guards catch what they are there for."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

BAD_TESTS = """
    import asyncio, threading
    import app as product

    def test_leaves_a_thread():
        threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()

    async def test_leaves_a_task():
        global task
        task = asyncio.create_task(asyncio.Event().wait())

    async def test_blocks_the_loop_in_the_product():
        exec(compile("import time\\ntime.sleep(0.001)", product.__file__, "exec"))

    async def test_blocks_the_loop_itself():
        import time
        time.sleep(0.001)
    """


def test_the_suite_fails_on_what_it_forbids(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8").replace("GRACE = 5.0", "GRACE = 0.01"))
    pytester.makepyfile(BAD_TESTS)
    result = pytester.runpytest_subprocess("-o", "asyncio_mode=auto", "-p", "no:randomly", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines_random(
        ["*'forgotten' still runs*", "*Tasks still run after the test*", "*Blocking call to time.sleep*"]
    )
    result.assert_outcomes(passed=3, failed=1, errors=2)
