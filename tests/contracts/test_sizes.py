"""Small modules and functions: what does not fit a screen is not read."""

import ast
from pathlib import Path

from tests.contracts.repository import ROOT, shown

MODULE_LINES = 400
MEAN_MODULE_LINES = 200
FUNCTION_LINES = 50


def modules() -> list[Path]:
    return sorted((ROOT / "app").rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_module_is_long() -> None:
    assert {shown(path): lines(path) for path in modules() if lines(path) > MODULE_LINES} == {}


def test_the_mean_module_is_short() -> None:
    sizes = [lines(path) for path in modules()]
    assert sum(sizes) / len(sizes) < MEAN_MODULE_LINES


def test_no_function_is_long() -> None:
    long = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    long[f"{shown(path)}:{node.lineno} {node.name}"] = length
    assert long == {}
